"""Tables and facts about runs, as texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from iterable_runs.presentation import formats
from iterable_runs.presentation.escaping import printable
from iterable_runs.presentation.totals import Column, columns_of
from iterable_runs.queries.answers import Found, RejectCount, Run, StreamOfRun
from iterable_runs.queries.comparing import Comparison
from iterable_runs.queries.history_parts import Pace, Part
from iterable_runs.terminal.text_tables import facts, table

_NUMBERS: Final = ("took", "streams", "read", "written", "unchanged", "rejected", "requests")
_RUN_HEAD: Final = ("run", "status", "plugin", "pipeline", "started", *_NUMBERS)
_COMPARED: Final = ("first", "second", "difference")
_MOST_STREAMS: Final = 100
PART_FORMS: Final[Mapping[str, str]] = {
    "meltano": "TAP_ITERABLE_START_DATE={start} TAP_ITERABLE_END_DATE={end} TAP_ITERABLE_EXPORT_MODE=jobs "
    'TAP_ITERABLE_LOOKBACK_MINUTES=0 meltano run --state-id-suffix={start}-to-{end} tap-iterable "$LOADER"',
    "dagster": "--partition-range {start}...{last}",
}
"""How a part of a history is read, by what reads it."""


def no_runs(place: str) -> str:
    """What to do where there are no runs."""
    return (
        f"There are no such runs in {printable(place)}. Runs of tap-iterable and target-iterable are noted there if "
        "their setting `run_history` names it."
    )


def runs(shown: Sequence[Run], now: datetime) -> str:
    """A table of runs."""
    return table(_RUN_HEAD, [[*_run_cells(run, now)] for run in shown], _NUMBERS)


def run(it: Run, streams: Sequence[StreamOfRun], reasons: Sequence[RejectCount], now: datetime) -> str:
    """All that is known of a run."""
    parts = [facts([*_facts(it, now)])]
    if it.status.advice:
        parts.append(it.status.advice)
    if streams:
        parts.append(_stream_table(it, streams))
    if len(streams) > _MOST_STREAMS:
        parts.append(f"These are {_MOST_STREAMS} of {formats.number(len(streams))} streams; `--json` has all of them.")
    if reasons:
        parts.append(_reason_table(reasons))
        parts.append(f"How to send the rejects again: iterable-runs rejects {it.short_id}")
    return "\n\n".join(parts)


def rejects(it: Run, reasons: Sequence[RejectCount], commands: Mapping[str, str]) -> str:
    """Why records were rejected, and the commands that send them again."""
    if not reasons:
        return "No record was rejected."
    parts = [_reason_table(reasons), "What to do about each reason is in docs/troubleshooting.md."]
    if commands:
        where = f" in the directory {printable(it.directory)}" if it.directory else ""
        lines = "\n".join(f"  {printable(command)}" for command in commands.values())
        parts.append(f"Fix the cause, then send them again{where}:\n{lines}")
    return "\n\n".join(parts)


def comparison(it: Comparison) -> str:
    """Both runs side by side, and the streams that differ."""
    head = ("", *_COMPARED)
    parts = [table(head, [(row.name, row.first, row.second, row.difference) for row in it.facts], _COMPARED)]
    if it.streams:
        rows = [(row.stream, row.name, row.first, row.second, row.difference) for row in it.streams]
        parts.append(table(("stream", "what", *_COMPARED), rows, _COMPARED))
    else:
        parts.append("All streams have the same numbers in both runs.")
    return "\n\n".join(parts)


def found(what: Sequence[Found], now: datetime) -> str:
    """What runs did with a user or an item."""
    if not what:
        return "No kept run has sent or rejected it."
    rows = [(one.short_id, formats.ago(one.at, now), one.stream, one.verdict, one.reason) for one in what]
    return table(("run", "when", "stream", "what became of it", "reason"), rows)


def parts(of_history: Sequence[Part], form: str) -> str:
    """A line for each part, in one of `PART_FORMS`."""
    return "\n".join(PART_FORMS[form].format(start=part.start, end=part.end, last=part.last) for part in of_history)


def size_of_parts(of_history: Sequence[Part], pace: Pace) -> str:
    """How many parts there are, and how large they are if the pace holds."""
    days = max(part.days for part in of_history)
    size = f"about {formats.number(round(days * pace.rows))} rows"
    if pace.minutes is not None:
        size += f" and {formats.span(days * pace.minutes * 60)}"
    return f"{formats.count_of(len(of_history), 'part')} of {formats.count_of(days, 'day')} at most, {size} each."


def _run_cells(it: Run, now: datetime) -> Iterator[str]:
    yield it.short_id
    yield f"{it.status.sign} {it.status.word}"
    yield it.plugin + (" (dry run)" if it.dry_run else "")
    yield it.pipeline or formats.UNKNOWN
    yield formats.ago(it.started, now)
    yield formats.span(it.seconds)
    yield formats.number(it.streams)
    for name in ("read", "written", "unchanged", "rejected", "requests"):
        yield formats.number(getattr(it.totals, name))


def _facts(it: Run, now: datetime) -> Iterator[tuple[str, str]]:
    yield "run", it.id
    yield "status", f"{it.status.sign} {it.status.word}"
    if it.error:
        yield "error", it.error
    yield "plugin", f"{it.plugin} {it.version}" + (" (dry run)" if it.dry_run else "")
    yield "pipeline", it.pipeline or formats.UNKNOWN
    yield "host", it.host
    yield "started", f"{formats.moment(it.started)} UTC, {formats.ago(it.started, now)}"
    yield "ended", f"{formats.moment(it.ended)} UTC" if it.ended else formats.UNKNOWN
    yield "took", formats.span(it.seconds)
    yield "exit code", formats.number(it.exit_code)
    for column in columns_of(it.plugin):
        if column.value(it.totals) is not None:
            yield column.title.lower(), column.text(it.totals)


def _stream_table(it: Run, streams: Sequence[StreamOfRun]) -> str:
    columns = [column for column in columns_of(it.plugin) if _is_known(column, streams)]
    head = ["stream", *(column.title.lower() for column in columns), "bookmark before", "bookmark after"]
    rows = [
        [
            stream.name,
            *(column.text(stream.totals) for column in columns),
            stream.bookmark_before or formats.UNKNOWN,
            stream.bookmark_after or formats.UNKNOWN,
        ]
        for stream in streams[:_MOST_STREAMS]
    ]
    return table(head, rows, head[1 : 1 + len(columns)])


def _is_known(column: Column, streams: Sequence[StreamOfRun]) -> bool:
    return any(column.value(stream.totals) is not None for stream in streams)


def _reason_table(reasons: Sequence[RejectCount]) -> str:
    rows = [(one.code, one.stream, formats.number(one.count), ", ".join(one.fields)) for one in reasons]
    return table(("reason", "stream", "records", "fields"), rows, ("records",))
