"""Comparison of two runs, number by number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iterable_runs.presentation import formats
from iterable_runs.presentation.totals import COLUMNS
from iterable_runs.queries.answers import Run, StreamOfRun
from iterable_runs.store.totals import Totals

_NOTHING = Totals()


@dataclass(frozen=True)
class Difference:
    """One number of both runs. `stream` is empty for the runs as a whole; `difference` is empty if there is none."""

    name: str
    first: str
    second: str
    difference: str
    stream: str = ""


@dataclass(frozen=True)
class Comparison:
    """All facts of both runs, and the numbers in which their streams differ."""

    facts: Sequence[Difference]
    streams: Sequence[Difference]


def compare(
    first: Run, second: Run, first_streams: Sequence[StreamOfRun], second_streams: Sequence[StreamOfRun]
) -> Comparison:
    """Compare two runs."""
    return Comparison([*_facts(first, second)], [*_stream_differences(first_streams, second_streams)])


def _facts(first: Run, second: Run) -> Iterator[Difference]:
    for name, one, other in (
        ("Status", first.status.word, second.status.word),
        ("Started", formats.moment(first.started), formats.moment(second.started)),
        ("Plugin", first.plugin, second.plugin),
        ("Pipeline", first.pipeline or formats.UNKNOWN, second.pipeline or formats.UNKNOWN),
        ("Version", first.version, second.version),
        ("Host", first.host, second.host),
    ):
        yield Difference(name, one, other, "")
    longer = second.seconds - first.seconds
    sign = "+" if longer > 0 else "-"
    yield Difference(
        "Took", formats.span(first.seconds), formats.span(second.seconds), f"{sign}{formats.span(abs(longer))}"
    )
    yield from _numbers(first.totals, second.totals)


def _stream_differences(first: Sequence[StreamOfRun], second: Sequence[StreamOfRun]) -> Iterator[Difference]:
    ones = {stream.name: stream.totals for stream in first}
    others = {stream.name: stream.totals for stream in second}
    for name in sorted({*ones, *others}):
        if name not in others or name not in ones:
            here, there = ("is there", "is missing") if name in ones else ("is missing", "is there")
            yield Difference("the stream", here, there, "", name)
        for difference in _numbers(ones.get(name, _NOTHING), others.get(name, _NOTHING), name):
            if difference.first != difference.second:
                yield difference


def _numbers(first: Totals, second: Totals, stream: str = "") -> Iterator[Difference]:
    for column in COLUMNS:
        if column.value(first) is not None or column.value(second) is not None:
            yield Difference(
                column.title, column.text(first), column.text(second), column.difference(first, second), stream
            )
