"""What is said of the time left, held against what it then takes: by a scripted clock, never by real time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from tap_iterable.export.patience import UNKNOWN, Taken
from tap_iterable.export.window_queue import WindowQueue
from tap_iterable.export.windows import Window

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
SLOT_S: Final = 15.0
"""Between two requests, when the first four are made."""
BURST: Final = 4
FACTOR: Final = 1.5

Seconds = Callable[[float, float], float]
"""What the answer takes for a range, from the share at which it begins to that at which it ends."""


def even(total: float) -> Seconds:
    """As many rows at all times."""
    return lambda first, last: (last - first) * total


def growing(total: float) -> Seconds:
    """Twice as many rows at the end as at the beginning."""
    return lambda first, last: ((last + last**2 / 2) - (first + first**2 / 2)) * total / 1.5


def run(
    count: int, seconds: Seconds, *, limited: bool, joins: bool = False, taken: Taken = UNKNOWN, waits: float = 0.0
) -> list[tuple[float, float]]:
    """After each window but the last: the moment, and the seconds that are said to be left."""
    now = [0.0]
    spans = [Window(START + timedelta(days=day), START + timedelta(days=day + 1)) for day in range(count)]
    slot = SLOT_S if limited else 0.0
    queue = WindowQueue(spans, lambda _: joins, slot, BURST, lambda: now[0])
    now[0] = waits
    said: list[tuple[float, float]] = []
    for number, window in enumerate(queue):
        now[0] = max(now[0], waits + max(0, number + 1 - BURST) * slot)
        now[0] += 0.2 + seconds((window.start - START).days / count, (window.end - START).days / count)
        words = queue.finished(window, 10, taken)
        if queue.left:
            said.append((now[0] - waits, queue.seconds_left))
            assert "left, about " in words
    said.append((now[0] - waits, 0.0))
    return said


@pytest.mark.parametrize("waits", [0.0, 5_000.0])
@pytest.mark.parametrize(
    ("count", "seconds", "limited", "joins"),
    [
        (53, even(18), False, False),
        (53, even(18), True, False),
        (120, even(3_600), True, False),
        (120, growing(600), False, False),
        (120, growing(7_200), True, False),
        (400, even(30), True, True),
        (400, even(600), False, True),
    ],
)
def test_after_a_tenth_of_a_run_the_time_left_is_right_within_a_factor_of_one_and_a_half(
    count: int,
    seconds: Seconds,
    limited: bool,  # noqa: FBT001
    joins: bool,  # noqa: FBT001
    waits: float,
) -> None:
    taken = Taken(2.0, 30_000_000) if joins else UNKNOWN
    *said, (end, _) = run(count, seconds, limited=limited, joins=joins, taken=taken, waits=waits)
    later = [(left, end - at) for at, left in said if at >= end / 10]
    assert later
    for left, true in later:
        assert true / FACTOR <= left <= true * FACTOR, later


def test_the_share_that_is_done_is_that_of_the_time_and_all_of_it_at_the_end() -> None:
    now = [0.0]
    spans = [Window(START + timedelta(days=day), START + timedelta(days=day + 1)) for day in range(4)]
    queue = WindowQueue(spans, now=lambda: now[0])
    shares = []
    for window in queue:
        now[0] += 10.0
        queue.finished(window, 1, UNKNOWN)
        shares.append(queue.share_done)
    assert shares == [0.25, 0.5, 0.75, 1.0]


def test_numbers_have_the_format_of_all_others() -> None:
    now = [0.0]
    spans = [Window(START + timedelta(days=day), START + timedelta(days=day + 1)) for day in range(10)]
    queue = WindowQueue(spans, now=lambda: now[0])
    window = next(iter(queue))
    now[0] = 400.0
    said = queue.finished(window, 1_234_567, UNKNOWN)
    assert said == "1,234,567 rows so far, 3,086 a second; 90 % of the time range is left, about 1 h"
