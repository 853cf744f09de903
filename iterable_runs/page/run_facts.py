"""Facts of a run, and cells of its table of streams, as the page shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from iterable_runs.presentation import formats
from iterable_runs.presentation.totals import Column, columns_of
from iterable_runs.queries.answers import Run, StreamOfRun


@dataclass(frozen=True)
class Cell:
    """A cell of a table. `is_more` says that it is more than none."""

    text: str
    is_more: bool


class StreamColumn:
    """A column of the table of streams."""

    def __init__(self, column: Column) -> None:
        self._column = column
        self.title = column.title
        self.is_bad = column.is_bad

    def cell(self, stream: StreamOfRun) -> Cell:
        """The cell of a stream."""
        value = self._column.value(stream.totals)
        return Cell(self._column.shown(value), bool(value))


def totals_of(run: Run) -> Iterator[tuple[str, str, bool]]:
    """Title, number, and whether it needs a look."""
    for column in columns_of(run.plugin):
        value = column.value(run.totals)
        if value is not None:
            yield column.title, column.shown(value), column.is_bad and value > 0


def facts_of(run: Run) -> Iterator[tuple[str, str]]:
    """Title and text of all that is not a number of records."""
    yield "Run", run.id
    yield "Started", formats.moment(run.started)
    yield "Ended", formats.moment(run.ended)
    yield "Took", formats.span(run.seconds)
    yield "Exit code", formats.number(run.exit_code)
    yield "Version", run.version
    yield "Host", run.host
    yield from run.members.items()
