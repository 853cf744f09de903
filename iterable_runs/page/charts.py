"""Charts as geometry, which `chart.html` draws as SVG. There are no styles in it: a strict policy forbids those."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from iterable_runs.presentation import formats

WIDTH: Final = 720
HEIGHT: Final = 200
_LEFT: Final = 64
_RIGHT: Final = 12
_TOP: Final = 12
_BOTTOM: Final = 28
_TICKS: Final = 4
_MOST_LABELS: Final = 6
_GAP: Final = 0.2
"""The share of a column's place that stays free."""
_LEAST: Final = 1e-9
"""What is less is nothing, as far as one can see."""
_STEPS: Final = (1, 2, 2.5, 5, 10)

Format = Callable[[float], str]


@dataclass(frozen=True)
class Series:
    """What is measured.

    Attributes:
        name: its name, as the legend has it.
        kind: the class of its look, such as `rejected`; the style sheet gives it a colour and a pattern.
        values: one for each position; None where nothing is known.
    """

    name: str
    kind: str
    values: Sequence[float | None]


@dataclass(frozen=True)
class Caption:
    """What a chart is about.

    Attributes:
        key: an id on the page.
        title: what it shows.
        summary: the same in a sentence, with the most important number.
    """

    key: str
    title: str
    summary: str


@dataclass(frozen=True)
class Tick:
    """A line of the grid, or a label of the axis below, with its place in pixels."""

    at: float
    text: str


@dataclass(frozen=True)
class Mark:
    """A column, or a part of one, in pixels."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    text: str


@dataclass(frozen=True)
class Line:
    """A line through points: the commands of an SVG path."""

    kind: str
    path: str


@dataclass(frozen=True)
class Chart:
    """A chart, and the numbers that it was drawn from, as a table for those who do not see it.

    Attributes:
        legend: names of the series, and their kinds.
        head: the headings of the table.
        rows: the rows of the table.
    """

    caption: Caption
    legend: Sequence[tuple[str, str]]
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    grid: Sequence[Tick]
    labels: Sequence[Tick]
    marks: Sequence[Mark] = field(default=())
    lines: Sequence[Line] = field(default=())
    limit: float | None = None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    bottom: int = HEIGHT - _BOTTOM


def columns(caption: Caption, places: Sequence[str], series: Sequence[Series], *, unit: str = "day") -> Chart:
    """A chart of stacked columns: for each place the values of all series, one upon another."""
    totals = [sum(one.values[index] or 0 for one in series) for index in range(len(places))]
    top, grid = _grid(max(totals, default=0), formats.short_number)
    return Chart(
        caption=caption,
        legend=[(one.name, one.kind) for one in series],
        head=[unit, *(one.name for one in series)],
        rows=_rows(places, series, formats.number),
        grid=grid,
        labels=_labels(places),
        marks=list(_stacked(places, series, top)),
    )


def lines(
    caption: Caption,
    places: Sequence[tuple[float, str]],
    series: Sequence[Series],
    *,
    shown: Format = formats.number,
    shown_short: Format = formats.short_number,
    limit: float | None = None,
) -> Chart:
    """A chart of lines.

    Args:
        caption: what it is about.
        places: seconds since the start, and their text.
        series: one line each.
        shown: how values are written in the table.
        shown_short: how they are written on the axis.
        limit: a value that gets a line of its own.
    """
    known = [value for one in series for value in one.values if value is not None]
    top, grid = _grid(max([*known, limit or 0], default=0), shown_short)
    last = max((seconds for seconds, _ in places), default=0) or 1
    texts = [text for _, text in places]
    return Chart(
        caption=caption,
        legend=[(one.name, one.kind) for one in series],
        head=["time since the start", *(one.name for one in series)],
        rows=_rows(texts, series, shown),
        grid=grid,
        labels=_times(last),
        lines=[Line(one.kind, _path(places, one.values, last, top)) for one in series],
        limit=None if limit is None else _y(limit, top),
    )


def bar(value: float, most: float) -> float:
    """The length of a bar in a cell of a table, of 100."""
    return round(100 * value / most, 1) if most else 0


def _rows(places: Sequence[str], series: Sequence[Series], shown: Format) -> list[list[str]]:
    def cell(value: float | None) -> str:
        return formats.UNKNOWN if value is None else shown(value)

    return [[place, *(cell(one.values[index]) for one in series)] for index, place in enumerate(places)]


def _grid(most: float, shown: Format) -> tuple[float, list[Tick]]:
    """The value at the top, and the lines of the grid."""
    step = _step(most / _TICKS) if most > _LEAST else 1
    count = max(math.ceil(most / step), 1)
    top = step * count
    return top, [Tick(_y(step * index, top), shown(step * index)) for index in range(count + 1)]


def _step(least: float) -> float:
    """The next larger number that is easy to read."""
    scale: float = 10 ** math.floor(math.log10(least))
    return scale * next(step for step in _STEPS if step * scale >= least * (1 - 1e-9))


def _y(value: float, top: float) -> float:
    return round(HEIGHT - _BOTTOM - value / top * (HEIGHT - _BOTTOM - _TOP), 1)


def _x(part: float) -> float:
    return round(_LEFT + part * (WIDTH - _LEFT - _RIGHT), 1)


def _labels(places: Sequence[str]) -> list[Tick]:
    """Some of the places' names, so that they do not overlap."""
    every = max(math.ceil(len(places) / _MOST_LABELS), 1)
    return [Tick(_x((index + 0.5) / len(places)), text) for index, text in enumerate(places) if index % every == 0]


def _times(last: float) -> list[Tick]:
    return [Tick(_x(part / _TICKS), formats.span(last * part / _TICKS)) for part in range(_TICKS + 1)]


def _stacked(places: Sequence[str], series: Sequence[Series], top: float) -> Iterator[Mark]:
    width = (WIDTH - _LEFT - _RIGHT) / max(len(places), 1)
    for index, place in enumerate(places):
        below = 0.0
        for one in series:
            value = one.values[index] or 0
            if value:
                y = _y(below + value, top)
                text = f"{place}: {formats.number(value)} {one.name}"
                x = round(_LEFT + (index + _GAP / 2) * width, 1)
                height = round(_y(below, top) - y, 1)
                yield Mark(one.kind, x, y, round(width * (1 - _GAP), 1), height, text)
            below += value


def _path(places: Sequence[tuple[float, str]], values: Sequence[float | None], last: float, top: float) -> str:
    commands: list[str] = []
    is_drawing = False
    for (seconds, _), value in zip(places, values, strict=True):
        if value is None:
            is_drawing = False
            continue
        commands.append(f"{'L' if is_drawing else 'M'}{_x(seconds / last)} {_y(value, top)}")
        is_drawing = True
    return " ".join(commands)
