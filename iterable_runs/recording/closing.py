"""The last line of a run that did not fail: what it did, and what to look at. That of one that failed is its error."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from iterable_runs.presentation import formats
from iterable_runs.presentation.escaping import printable
from iterable_runs.presentation.totals import columns_of, counted
from iterable_runs.store.facts import RunEnd, RunStart, StreamFacts
from iterable_runs.store.statuses import INTERRUPTED
from iterable_runs.store.totals import total_of

_MICROSECONDS = 1_000_000


def log_closing(run: RunStart, end: RunEnd, streams: Sequence[StreamFacts]) -> None:
    """Log the line: as a warning if there is something to look at."""
    if end.exit_code:
        return
    totals = total_of([stream.totals for stream in streams])
    advice = list(_advice(run.plugin, streams))
    level = logging.WARNING if advice else logging.INFO
    text = " ".join([f"{_headline(run, end)}: {', '.join(counted(run.plugin, totals))}.", *advice])
    logging.getLogger(run.plugin).log(level, "%s", text)


def _headline(run: RunStart, end: RunEnd) -> str:
    time = formats.span((end.at - run.started_at) / _MICROSECONDS)
    if end.status == INTERRUPTED:
        return f"Interrupted after {time}; the next run goes on from the state of this one"
    return f"Dry run, done in {time}, and nothing was written to Iterable" if run.dry_run else f"Done in {time}"


def _advice(plugin: str, streams: Sequence[StreamFacts]) -> Iterator[str]:
    bad = [column for column in columns_of(plugin) if column.is_bad]
    if names := [stream.name for stream in streams if any(column.value(stream.totals) for column in bad)]:
        yield f"Look at {_listed(names)}: `iterable-runs show` says why."
    if files := sorted({stream.rejects_path for stream in streams if stream.rejects_path and stream.rejects}):
        yield f"Rejects are in {_listed(files)}: fix the cause, and send them by `target-iterable --input FILE`."
    if stopped := [stream.name for stream in streams if stream.removals_stopped]:
        yield f"What has left the source of {_listed(stopped)} was not removed: a warning above says why."


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(printable, names))
