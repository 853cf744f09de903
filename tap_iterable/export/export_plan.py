"""Export plans: the windows that are downloaded from `data.json`, and those that are read by export jobs.

`data.json` answers at once, but a project may make only four requests a minute, for all streams
together. Jobs cost hardly any requests, but run for minutes, a few at a time. Both run
side by side, so the slower of the two decides when all is finished.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from iterable_api.facts.endpoints import facts_of
from iterable_api.facts.limits import MINUTE
from iterable_runs.presentation import formats
from tap_iterable.export.windows import Window

Mode = Literal["auto", "stream", "jobs"]
MODES: Final[tuple[Mode, ...]] = ("auto", "stream", "jobs")

MAX_JOB_WINDOW: Final = timedelta(days=365)
MINUTES_PER_JOB: Final = 5.0
"""Assumed. Iterable documents no time; it depends on the amount of data and on Iterable's load."""

(_DATA_JSON,) = facts_of("GET", "/api/export/data.json").limits
_REQUESTS_PER_MINUTE: Final = _DATA_JSON.per_second * MINUTE
SECONDS_PER_WINDOW: Final = 1 / _DATA_JSON.per_second
WINDOWS_AT_ONCE: Final = _DATA_JSON.count
"""Windows that may be asked for before the first one has to wait."""


@dataclass(frozen=True)
class ExportPlan:
    """The windows of one stream, by the way in which they are read."""

    downloads: tuple[Window, ...]
    jobs: tuple[Window, ...] = ()


Plans = dict[str, ExportPlan]


def plans(windows: Mapping[str, Sequence[Window]], mode: Mode, at_once: int) -> Plans:
    """A plan for each stream, by name. In `auto` mode, all plans together finish as soon as possible.

    In that mode jobs read history, which is all but the last window, of as many of the streams with the
    longest history as saves time.
    """
    if mode == "auto":
        longest_first = sorted(windows, key=lambda name: len(windows[name]), reverse=True)
        with_history = [name for name in longest_first if len(windows[name]) > 1]
        choices = [_mixed_plans(windows, frozenset(with_history[:count])) for count in range(len(with_history) + 1)]
        return min(choices, key=lambda choice: minutes(choice, at_once))
    if mode == "jobs":
        return {name: ExportPlan((), _merged(todo)) for name, todo in windows.items()}
    return {name: ExportPlan(tuple(todo)) for name, todo in windows.items()}


def minutes(chosen: Plans, at_once: int) -> float:
    """Minutes that the requests and the jobs take under the limits, without the time to read rows.

    The first requests need not wait, as many as the limit has for a minute.
    """
    requests = sum(len(plan.downloads) for plan in chosen.values())
    jobs = sum(len(plan.jobs) for plan in chosen.values())
    waiting = max(0, requests - WINDOWS_AT_ONCE) / _REQUESTS_PER_MINUTE
    return max(waiting, math.ceil(jobs / at_once) * MINUTES_PER_JOB)


def summary(chosen: Plans, at_once: int, *, is_limited: bool) -> str:
    """The plan in words, for the log: with the time that the limits cost, if they are kept."""
    requests = sum(len(plan.downloads) for plan in chosen.values())
    jobs = sum(len(plan.jobs) for plan in chosen.values())
    words = [f"Plan for {formats.count_of(len(chosen), 'export stream')}: {formats.count_of(requests, 'window')}"]
    if jobs:
        words.append(f"and {formats.count_of(jobs, 'export job')}, {at_once} at a time")
    seconds = 60 * minutes(chosen, at_once)
    if is_limited and seconds:
        words.append(
            f"at least {formats.span(seconds)} ({_DATA_JSON.count} windows a minute, {MINUTES_PER_JOB:.0f} min a job)"
        )
    return ", ".join(words) + "."


def _mixed_plans(windows: Mapping[str, Sequence[Window]], by_job: frozenset[str]) -> Plans:
    return {
        name: ExportPlan(tuple(todo[-1:]), _merged(todo[:-1])) if name in by_job else ExportPlan(tuple(todo))
        for name, todo in windows.items()
    }


def _merged(windows: Sequence[Window]) -> tuple[Window, ...]:
    """Merge adjacent windows, up to the longest window of a job."""
    joined: list[Window] = []
    for window in windows:
        last = joined[-1] if joined else None
        if last and last.end == window.start and window.end - last.start <= MAX_JOB_WINDOW:
            joined[-1] = Window(last.start, window.end)
        else:
            joined.append(window)
    return tuple(joined)
