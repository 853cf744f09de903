"""The numbers of runs and streams that are shown: their titles, in their order, and how they are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from iterable_runs.presentation import formats


@dataclass(frozen=True)
class Column:
    """A number.

    Attributes:
        name: its attribute in `Totals`.
        title: its heading.
        shown: how it is written.
        is_bad: whether anything above zero needs a look.
        of: `tap`, `target`, or both if it is empty.
        can_subtract: whether a difference of two such numbers says something.
    """

    name: str
    title: str
    shown: Callable[[float | None], str] = formats.number
    is_bad: bool = False
    of: str = ""
    can_subtract: bool = True

    def value(self, totals: Any) -> float | None:
        """The number; None where it is not known."""
        value: float | None = getattr(totals, self.name)
        return value

    def text(self, totals: Any) -> str:
        """The number as it is written."""
        return self.shown(self.value(totals))

    def difference(self, first: Any, second: Any) -> str:
        """What the second has more than the first, with its sign; empty where that says nothing."""
        one, other = self.value(first), self.value(second)
        if one is None or other is None or one == other or not self.can_subtract:
            return ""
        return f"{'+' if other > one else '-'}{self.shown(abs(other - one))}"


COLUMNS: Final[Sequence[Column]] = (
    Column("read", "Read"),
    Column("written", "Written", of="target"),
    Column("unchanged", "Unchanged", of="target"),
    Column("rejected", "Rejected", is_bad=True, of="target"),
    Column("removed", "Removed", of="target"),
    Column("windows", "Windows", of="tap"),
    Column("jobs", "Export jobs", of="tap"),
    Column("malformed", "Malformed lines", is_bad=True, of="tap"),
    Column("requests", "Requests"),
    Column("retries", "Retries"),
    Column("bytes", "Bytes", formats.size),
    Column("limit_share", "Share of the limit", formats.share, can_subtract=False),
    Column("lag_seconds", "Newest event behind", formats.span, of="tap"),
)

_OF_RECORDS: Final = ("read", "written", "unchanged", "rejected", "removed", "windows", "malformed")


def counted(plugin: str, totals: Any) -> list[str]:
    """What became of records, in words: `read 8`, `written 7`, `rejected 1`. Of zeros only that of `read` is told."""
    columns = (column for column in columns_of(plugin) if column.name in _OF_RECORDS)
    return [
        f"{column.title.lower()} {column.text(totals)}"
        for column in columns
        if column.value(totals) or column.name == "read"
    ]


def columns_of(plugin: str) -> list[Column]:
    """The numbers that a plugin counts."""
    kind = plugin.partition("-")[0]
    return [column for column in COLUMNS if column.of in ("", kind)]
