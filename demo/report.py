"""What moved, as a table, and whether the counts agree."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Line:
    """One stream of one pipeline.

    `in_iterable` and `in_postgres` must be equal at the end of a run. `moved` rows went through the pipe in
    this run. `accepted` and `rejected` are what Iterable said of them, and None where nothing was sent to it.
    """

    stream: str
    in_iterable: int
    in_postgres: int
    moved: int
    seconds: float
    accepted: int | None = None
    rejected: int | None = None

    @property
    def agrees(self) -> bool:
        """Whether every pair of counts that must be equal is."""
        if self.in_iterable != self.in_postgres:
            return False
        return self.accepted is None or self.moved == self.accepted + (self.rejected or 0)


@dataclass(frozen=True)
class Insight:
    """What the models answer to a question."""

    question: str
    answer: str


def tell(insights: list[Insight], console: Console) -> None:
    """Print a line for each."""
    table = Table(title="What the models tell", title_justify="left", box=None, pad_edge=False, show_header=False)
    for insight in insights:
        table.add_row(insight.question, insight.answer)
    console.print(table)


def show(title: str, lines: list[Line], console: Console) -> None:
    """Print one pipeline's table; a line whose counts disagree is red and marked `≠`."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("stream", no_wrap=True)
    for heading in ("Iterable", "PostgreSQL", "moved", "accepted", "rejected", "seconds"):
        table.add_column(heading, justify="right", no_wrap=True)
    for line in lines:
        table.add_row(
            line.stream if line.agrees else f"≠ {line.stream}",
            f"{line.in_iterable:,}",
            f"{line.in_postgres:,}",
            f"{line.moved:,}",
            _count(line.accepted),
            _count(line.rejected),
            f"{line.seconds:.1f}",
            style=None if line.agrees else "red",
        )
    console.print(table)


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"
