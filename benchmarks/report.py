"""What is shown at the terminal, and what is kept as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from benchmarks.comparing import Figures
from benchmarks.pairs import Ratios
from benchmarks.webhooks import Figures as ReceiverFigures

_COLUMNS: Final = ("records", "records/s", "peak MB", "CPU s per million", "start s", "first record s")
_LOAD_COLUMNS: Final = ("rows/s", "seconds", "CPU s", "database's CPU s", "by time", "by CPU")
_console: Final = Console(width=120)


@dataclass(frozen=True)
class LoadFigures:
    """What one load of a database took.

    Attributes:
        cpu_seconds: of the commands.
        database_cpu_seconds: of the processes of the database.
    """

    rows: int
    seconds: float
    cpu_seconds: float
    database_cpu_seconds: float

    @property
    def all_cpu_seconds(self) -> float:
        """Of both."""
        return self.cpu_seconds + self.database_cpu_seconds


@dataclass(frozen=True)
class MirrorFigures:
    """What both runs of a mirror took; the second has a hundredth of other records.

    Attributes:
        first_cpu_seconds: CPU seconds of the first run, its start included; the same for the second.
        peak_mb: of both runs.
    """

    records: int
    first_cpu_seconds: float
    second_cpu_seconds: float
    peak_mb: float | None


class Report:
    """Shows each part as soon as it is measured, and collects all of them."""

    def __init__(self) -> None:
        self._results: dict[str, Any] = {"machine": _machine()}

    def comparison(self, title: str, figures: Mapping[str, Figures]) -> None:
        """Subjects side by side, and how many times as fast the first of them is as each of the others."""
        own, *others = figures
        ratios = {other: _ratios(figures[own], figures[other]) for other in others}
        table = _table(f"{title}; how many times as fast {own} is", "", *_COLUMNS, "by time", "by CPU")
        for name, row in figures.items():
            table.add_row(name, *_cells(row), *(_cell(ratio, ".2f") for ratio in ratios.get(name, {}).values()))
        _console.print(table)
        self._results[title] = {"figures": {name: asdict(row) for name, row in figures.items()}, "ratios": ratios}

    def webhooks(self, store: str, figures: Mapping[str, ReceiverFigures], times_as_many: float) -> None:
        """Receivers of webhooks side by side at one kind of store."""
        title = f"Receiving webhooks into {store}"
        table = _table(f"{title}; {times_as_many:.1f} times as many", "", "events/s", "peak MB", "p99 ms at half of it")
        for name, row in figures.items():
            table.add_row(name, f"{row.rate:,.0f}", f"{row.peak_mb:.0f}", _cell(row.p99_ms, ".0f"))
        _console.print(table)
        rows = {name: asdict(row) for name, row in figures.items()}
        self._results[title] = {"figures": rows, "times as many": times_as_many}

    def loads(self, title: str, figures: Mapping[str, LoadFigures]) -> None:
        """Ways to load the same rows into a database."""
        own, *others = figures
        table = _table(f"{title}; how many times as fast the first is", "", *_LOAD_COLUMNS)
        for name, row in figures.items():
            measured = (row.rows / row.seconds, row.seconds, row.cpu_seconds, row.database_cpu_seconds)
            cells = [format(value, form) for value, form in zip(measured, (",.0f", ".1f", ".1f", ".1f"), strict=True)]
            ratios = (row.seconds / figures[own].seconds, row.all_cpu_seconds / figures[own].all_cpu_seconds)
            table.add_row(name, *cells, *(f"{ratio:.2f}" for ratio in ratios if name in others))
        _console.print(table)
        self._results[title] = {name: asdict(row) for name, row in figures.items()}

    def mirrors(self, title: str, figures: Mapping[str, MirrorFigures]) -> None:
        """Mirrors of several sizes, those of another build behind ours."""
        table = _table(title, "", "records a CPU second", "the second time", "second / first", "peak MB")
        for name, row in figures.items():
            rates = [row.records / seconds for seconds in (row.first_cpu_seconds, row.second_cpu_seconds)]
            ratio = row.second_cpu_seconds / row.first_cpu_seconds
            table.add_row(name, *(f"{rate:,.0f}" for rate in rates), f"{ratio:.2f}", _cell(row.peak_mb, ".0f"))
        _console.print(table)
        self._results[title] = {name: asdict(row) for name, row in figures.items()}

    def additions(self, title: str, ratios: Mapping[str, Ratios]) -> None:
        """What an addition costs each subject."""
        table = _table(title, "", "records", "seconds without", "by time", "by CPU", "by instructions")
        for name, row in ratios.items():
            measured = (row.seconds, row.cpu_seconds, row.instructions)
            cells = [_cell(None if ratio is None else ratio - 1, "+.1%") for ratio in measured]
            table.add_row(name, f"{row.records:,}", f"{row.without_seconds:.2f}", *cells)
        _console.print(table)
        self._results[title] = {name: asdict(row) for name, row in ratios.items()}

    def growth(self, title: str, curve: Sequence[Figures]) -> None:
        """One subject at several sizes."""
        table = _table(title, *_COLUMNS)
        for row in curve:
            table.add_row(*_cells(row))
        _console.print(table)
        self._results[title] = [asdict(row) for row in curve]

    def seconds(self, title: str, measured: Mapping[str, float]) -> None:
        """Commands and how long they take."""
        table = _table(title, "", "seconds")
        for name, value in measured.items():
            table.add_row(name, f"{value:.2f}")
        _console.print(table)
        self._results[title] = dict(measured)

    def milliseconds(self, title: str, measured: Mapping[str, float]) -> None:
        """Short times, which are given in seconds."""
        table = _table(title, "", "ms")
        for name, value in measured.items():
            table.add_row(name, f"{1000 * value:.2f}")
        _console.print(table)
        self._results[title] = dict(measured)

    def write(self, path: Path) -> None:
        """Keep everything as JSON."""
        path.write_text(json.dumps(self._results, indent=2) + "\n")


def _ratios(own: Figures, other: Figures) -> dict[str, float | None]:
    """By CPU says the same on a busy machine as on an idle one."""
    return {
        "by time": _ratio(own.rate, other.rate),
        "by CPU": _ratio(other.cpu_seconds_per_million, own.cpu_seconds_per_million),
    }


def _ratio(over: float | None, under: float | None) -> float | None:
    return None if over is None or under is None else over / under


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, justify="right" if column else "left")
    return table


def _cells(row: Figures) -> list[str]:
    return [
        f"{row.records:,}",
        _cell(row.rate, ",.0f"),
        _cell(row.peak_mb, ".0f"),
        _cell(row.cpu_seconds_per_million, ".1f"),
        f"{row.start_seconds:.2f}",
        _cell(row.first_record_seconds, ".2f"),
    ]


def _cell(value: float | None, form: str) -> str:
    """Empty where nothing can be said."""
    return "" if value is None else format(value, form)


def _machine() -> dict[str, Any]:
    return {
        "system": platform.platform(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
    }
