"""Ends of runs for tests: `target_run()`, `users(read=10, rejected=1)`, `ended(SUCCEEDED, users())`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from iterable_runs.alerts.ending import Ending
from iterable_runs.store.facts import RunEnd, RunStart, StreamFacts
from iterable_runs.store.statuses import FAILED, SUCCEEDED
from iterable_runs.store.totals import Totals
from iterable_runs.store.writer import News

MINUTE: Final = 60_000_000
HOUR: Final = 60 * MINUTE
START: Final = 1_790_000_000_000_000
"""2026-09-21 14:13:20 UTC."""


def target_run(run_id: str = "0011223344556677", started_at: int = START, **changes: Any) -> RunStart:
    run = RunStart(run_id, "target-iterable", "1.0", "nightly", "data-1", "/srv/sync", started_at)
    return replace(run, **changes)


def tap_run(run_id: str = "8899aabbccddeeff", started_at: int = START, **changes: Any) -> RunStart:
    return target_run(run_id, started_at, plugin="tap-iterable", **changes)


def stream(name: str = "users", *, removals_stopped: str = "", rejects: Any = None, **totals: Any) -> StreamFacts:
    return StreamFacts(name, Totals(**totals), rejects=rejects or {}, removals_stopped=removals_stopped)


def end(status: str = SUCCEEDED, at: int = START + MINUTE, error: str = "") -> RunEnd:
    return RunEnd(status, int(status == FAILED), error, at)


def ending(*streams: StreamFacts, run: RunStart | None = None, newest_at: int | None = None, **facts: Any) -> Ending:
    return Ending(run or target_run(), end(**facts), streams, newest_at)


def news(*streams: StreamFacts, **facts: Any) -> News:
    ended = end(**facts)
    return News(ended.at, streams, end=ended)
