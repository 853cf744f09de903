"""A whole history in one answer where that is small; windows, wider or narrower by what comes, where it is not."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iterable_api.errors import BadRequestError, NeverReachedError
from tap_iterable.event_streams.exports import ExportStream
from tap_iterable.export import patience
from tap_iterable.export.clock import Clock
from tap_iterable.export.patience import SECONDS, UNKNOWN, Patience, Taken, TooWideError
from tap_iterable.export.window_queue import WindowQueue
from tap_iterable.export.windows import Window
from tests.scripted_server import Answer, ScriptedServer, answer_json
from tests.tap.export_server import BREAKS, START, ExportServer, Row, row, stream_of

DAY = 86_400
MONTH = 30 * DAY
DAYS = 300
HISTORY = (-DAYS * DAY, DAY)


def _read(server: ExportServer, folder: Path, **given: Any) -> list[str]:
    start = (START - timedelta(days=DAYS)).isoformat()
    with stream_of(server.url, folder, start_date=start, **given) as stream:
        return sorted(str(record["eventName"]) for record in stream.get_records(None))


def _daily(**fields: Any) -> list[Row]:
    return [{**row(day * DAY, day + DAYS), **fields} for day in range(-DAYS, 1)]


NAMES = sorted(f"e{number}" for number in range(DAYS + 1))


def test_a_small_history_is_one_request(server: ScriptedServer, tmp_path: Path) -> None:
    export = ExportServer(server, _daily())
    assert _read(export, tmp_path) == NAMES
    assert export.windows == [HISTORY]


def test_window_days_are_never_exceeded(server: ScriptedServer, tmp_path: Path) -> None:
    export = ExportServer(server, _daily())
    assert _read(export, tmp_path, window_days=100) == NAMES
    assert [end - start for start, end in export.windows] == [100 * DAY, 100 * DAY, 100 * DAY, DAY]


def test_a_history_too_large_for_one_answer_is_read_in_windows_that_are_joined_as_far_as_they_are_small(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the last month is large, so the others need not be asked for one by one."""
    monkeypatch.setattr(patience, "BYTES", 3_000_000)
    rows = [*_daily(), *({**row(-second, 0), "text": "x" * 100_000} for second in range(1, 41))]
    export = ExportServer(server, rows)
    assert len(_read(export, tmp_path)) == len(rows)
    assert export.windows[0] == HISTORY
    lengths = [round((end - start) / MONTH) for start, end in export.windows[1:]]
    assert lengths == [1, 4, 5, 1, 2, 2, 1, 1, 0]  # five, and the second two, were too wide


@pytest.mark.parametrize("is_slow", [True, False])
def test_a_wide_answer_is_waited_for_a_minute_and_a_window_of_a_month_as_long_as_it_takes(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_slow: bool
) -> None:
    """A clock that jumps at each look: each block of an answer takes two minutes."""
    moments = iter(range(0, 1_000_000, 120 if is_slow else 1))
    monkeypatch.setattr(ExportStream, "clock", Clock(lambda: float(next(moments)), lambda _: None))
    export = ExportServer(server, _daily())
    assert _read(export, tmp_path) == NAMES
    assert export.windows[0] == HISTORY
    assert [end - start for start, end in export.windows[1:]] == ([MONTH] * 10 + [DAY] if is_slow else [])


@pytest.mark.parametrize("answer", [answer_json(400, {"code": "BadParams", "msg": "no"}), Answer(504, b"")])
def test_a_long_range_that_iterable_does_not_answer_is_asked_for_in_months(
    server: ScriptedServer, tmp_path: Path, answer: Answer
) -> None:
    export = ExportServer(server, _daily())
    export.broken = lambda start, end, _: answer if end - start > MONTH else None
    assert _read(export, tmp_path) == NAMES


def test_what_iterable_refuses_for_a_month_too_is_an_error(server: ScriptedServer, tmp_path: Path) -> None:
    export = ExportServer(server, _daily())
    export.broken = lambda *_: answer_json(400, {"code": "BadParams", "msg": "Invalid dataTypeName"})
    with pytest.raises(BadRequestError, match="Invalid dataTypeName"):
        _read(export, tmp_path)
    assert [end - start for start, end in export.windows] == [HISTORY[1] - HISTORY[0], MONTH]


def test_a_host_that_does_not_exist_is_told_of_at_once(server: ScriptedServer, tmp_path: Path) -> None:
    export = ExportServer(server, [])
    export.url = "http://127.0.0.1:9"
    with pytest.raises(NeverReachedError):
        _read(export, tmp_path)


def test_once_one_history_is_large_all_streams_are_planned_in_windows(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(patience, "BYTES", 1_000_000)
    export = ExportServer(server, _daily(text="x" * 10_000))
    with caplog.at_level(logging.INFO):
        assert _read(export, tmp_path) == NAMES
    plans = [record.getMessage() for record in caplog.records if record.getMessage().startswith("Plan for")]
    assert plans == ["Plan for 53 export streams: 53 windows.", "Plan for 53 export streams: 583 windows."]


def _faulty(faults: list[str | None]) -> Callable[[int, int, bytes], Answer | None]:
    left = list(faults)

    def broken(start: int, end: int, content: bytes) -> Answer | None:
        fault = left.pop(0) if left and content and end - start > DAY else None
        return None if fault is None else BREAKS[fault](content)

    return broken


ROWS = st.lists(st.integers(HISTORY[0], HISTORY[1] - 1), max_size=40).map(
    lambda seconds: [{**row(second, number), "text": "x" * 20_000} for number, second in enumerate(seconds)]
)
FAULTS = st.lists(st.none() | st.sampled_from([kind for kind in BREAKS if kind != "stalled"]), max_size=12)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(ROWS, FAULTS)
def test_every_row_is_read_once_whatever_breaks_and_however_large_it_is(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, rows: list[Row], faults: list[str | None]
) -> None:
    monkeypatch.setattr(patience, "BYTES", 150_000)
    server.forget()
    export = ExportServer(server, rows)
    export.broken = _faulty(faults)
    with TemporaryDirectory() as folder:
        assert _read(export, Path(folder)) == sorted(str(row["eventName"]) for row in rows)


SPANS = st.lists(st.integers(1, 90), min_size=1, max_size=20)
TAKES = st.lists(st.builds(Taken, st.floats(0, 300), st.integers(0, 10**9)) | st.just(UNKNOWN), min_size=20)


@given(SPANS, TAKES, st.lists(st.booleans(), min_size=20, max_size=20))
def test_joined_windows_cover_the_range_once_and_are_at_most_four_times_as_long_as_the_last(
    spans: list[int], takes: list[Taken], by_jobs: list[bool]
) -> None:
    moments = [START + timedelta(days=sum(spans[:number])) for number in range(len(spans) + 1)]
    planned = [Window(left, right) for left, right in pairwise(moments)]
    jobs = {window for window, by_job in zip(planned, by_jobs, strict=False) if by_job}
    queue = WindowQueue(planned, lambda window: window not in jobs)
    read: list[Window] = []
    for window, taken in zip(queue, takes, strict=False):
        assert window in planned or not jobs & {part for part in planned if window.start <= part.start < window.end}
        if read and window not in planned:
            assert window.end - window.start <= 4 * (read[-1].end - read[-1].start)
        read.append(window)
        queue.finished(window, 1, taken)
    assert not queue.left
    assert [window.start for window in read[1:]] == [window.end for window in read[:-1]]
    assert (read[0].start, read[-1].end) == (moments[0], moments[-1])


def test_patience_ends_after_a_minute_or_256_mb_and_only_for_wide_windows() -> None:
    now = [0.0]
    for is_wide in (True, False):
        now[0] = 100.0
        watch = Patience(lambda: now[0], 10**12, is_wide=is_wide)
        watch.begin()
        watch.see("x", patience.BYTES)
        now[0] += SECONDS
        watch.see("x", 1)
        assert watch.taken == Taken(SECONDS, 1)
    with pytest.raises(TooWideError, match="longer than a minute or than 256 MB"):
        Patience(lambda: 0.0, 10**12, is_wide=True).see("x", patience.BYTES + 1)


def test_the_progress_is_told_by_the_share_of_the_time_range() -> None:
    spans = [Window(START + timedelta(days=day), START + timedelta(days=day + 1)) for day in range(10)]
    queue = WindowQueue(spans, seconds_per_window=15.0)
    said = queue.finished(next(iter(queue)), 1_000, Taken(0.1, 1))
    assert said.startswith("1,000 rows so far, ")
    assert said.endswith("a second; 90 % of the time range is left, about 2 min 15 s")
