"""Parser of Iterable's metrics: CSV whose columns depend on the request, as rows with typed values."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TextIO

Value = int | float | str

_INTEGER: Final = re.compile(r"-?\d{1,18}", re.ASCII)
_DECIMAL: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True)
class MetricRow:
    """One line: values by title, and the cells to the right of the last title. Blank cells are left out."""

    values: dict[str, Value]
    extra: list[str]


def table_of(content: bytes) -> TextIO:
    """The text of an answer, read bit by bit: an answer may be large."""
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")


def metric_rows(table: TextIO) -> Iterator[MetricRow]:
    """The lines below the titles. Lines may be shorter or longer than the titles."""
    lines = _lines(table)
    titles = _unique(next(lines, []))
    for cells in lines:
        values = {title: parse_cell(cell) for title, cell in zip(titles, cells, strict=False) if cell.strip()}
        yield MetricRow(values, cells[len(titles) :])


def titles_of(table: TextIO) -> list[str]:
    """The titles; none if there is no line."""
    return _unique(next(_lines(table), []))


def _lines(table: TextIO) -> Iterator[list[str]]:
    return (line for line in csv.reader(table) if line)


def parse_cell(cell: str) -> Value:
    """A number if the cell is one, else its text; so are NaN and infinities, which JSON does not have."""
    cell = cell.strip()
    if _INTEGER.fullmatch(cell):
        return int(cell)
    if _DECIMAL.fullmatch(cell) and math.isfinite(number := float(cell)):
        return number
    return cell


def _unique(titles: list[str]) -> list[str]:
    """The titles; a repeated one gets its position, so that no column hides another."""
    stripped = [title.strip() for title in titles]
    return [
        title if title not in stripped[:number] else f"{title} ({number + 1})" for number, title in enumerate(stripped)
    ]
