"""Tables as the templates show them, and what a form asks of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs

ROWS: Final = 50
"""Rows of a page."""
LONGEST_FORM: Final = 16_000
"""Bytes of a form that was sent."""
_LONGEST_NUMBER: Final = 15
_MOST_FIELDS: Final = 50


@dataclass(frozen=True)
class Cell:
    """What is in a cell.

    Attributes:
        text: what is shown; empty for nothing.
        link: path that the text leads to.
        value: JSON value that is shown when the text is opened.
        is_bad: whether it tells of something that went wrong.
    """

    text: str = ""
    link: str | None = None
    value: Any = None
    is_bad: bool = False


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        key: id on the page.
        title: what it holds, for those who do not see it.
        columns: the headings. One that begins with `#` is over numbers.
        rows: the cells.
        next: where the next page begins, as `Asked.after`; None if this is the last.
        empty: what is said if there are no rows.
    """

    key: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    next: str | None = None
    empty: str = "There are none."


@dataclass(frozen=True)
class Asked:
    """What a form asks for.

    Attributes:
        search: text to find.
        type: data type; empty for all.
        after: where the page begins, as `Table.next` said; empty for the first.
    """

    search: str = ""
    type: str = ""
    after: str = ""

    @property
    def row(self) -> int | None:
        """Row id in `after`."""
        return int(self.after) if is_row(self.after) else None


@dataclass
class Page:
    """A page of rows, of which one more than are shown was asked for."""

    found: Sequence[Any]
    shown: Sequence[Any] = field(init=False)

    def __post_init__(self) -> None:
        self.shown = self.found[:ROWS]

    def next(self, mark: Callable[[Any], object]) -> str | None:
        """Where the next page begins: the mark of the last row that is shown."""
        return str(mark(self.shown[-1])) if len(self.found) > len(self.shown) else None


def is_row(text: str) -> bool:
    """Whether a text is a row id that SQLite can hold."""
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER


def read_form(body: bytes) -> dict[str, str]:
    """Fields of a form that are not empty.

    Raises:
        ValueError: there are too many.
    """
    fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=_MOST_FIELDS)
    return {name: values[0].strip() for name, values in fields.items()}
