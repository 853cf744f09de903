"""Tables for a terminal. What comes from outside cannot steer the terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from typing import Final

from iterable_runs.presentation.escaping import printable

_LONGEST_CELL: Final = 60


def table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: Collection[str] = ()) -> str:
    """A table with aligned columns; those of `numbers`, by their headings, are aligned to the right."""
    shown = [[_shortened(printable(cell)) for cell in row] for row in (head, *rows)]
    widths = [max(_width(row[index]) for row in shown) for index in range(len(head))]
    return "\n".join(_line(row, widths, [name in numbers for name in head]) for row in shown)


def facts(rows: Sequence[tuple[str, str]]) -> str:
    """Names and values, one pair a line."""
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join(f"{name.ljust(width)}  {printable(value)}" for name, value in rows)


def _line(cells: Sequence[str], widths: Sequence[int], is_number: Sequence[bool]) -> str:
    padded = (
        (" " * (width - _width(cell)) + cell) if right else (cell + " " * (width - _width(cell)))
        for cell, width, right in zip(cells, widths, is_number, strict=True)
    )
    return "  ".join(padded).rstrip()


def _shortened(cell: str) -> str:
    return cell if len(cell) <= _LONGEST_CELL else cell[: _LONGEST_CELL - 1] + "…"


def _width(text: str) -> int:
    """The columns that a text takes: some letters take two, and accents none."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )
