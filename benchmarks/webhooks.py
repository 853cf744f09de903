"""The receiver of webhooks beside one that commits each event by itself, on both kinds of stores."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from benchmarks.subjects import webhook_receiver
from benchmarks.webhook_sender import VARIABLES, Answer, Load, send
from demo.postgresql import running_server
from iterable_webhooks.store.reader import StoreReader

OURS: Final = "the receiver"
USUAL: Final = "a commit for each event"
_ROWS: Final = {OURS: 1_000, USUAL: 1}


class EventsMissingError(Exception):
    """A receiver answered 200 for events that are not in its store."""


@dataclass(frozen=True)
class Figures:
    """The medians of one receiver at one store, but the highest of the memory.

    Attributes:
        rate: events a second that were answered 200, each being on the disk then.
        p99_ms: of the answers at half of that rate; None for the other receiver, which is not asked.
    """

    rate: float
    peak_mb: float
    p99_ms: float | None


@dataclass(frozen=True)
class Run:
    """How long and over how many connections is sent."""

    seconds: float
    connections: int = 100


def measure(folder: Path, run: Run, runs: int) -> dict[str, dict[str, Figures]]:
    """The figures of both receivers at each kind of store; `ratio` makes one number of them."""
    with _stores(folder) as stores:
        return {kind: _compared(place, run, runs) for kind, place in stores.items()}


def ratio(figures: dict[str, Figures]) -> float:
    """How many times as many durable events a second the receiver takes."""
    return figures[OURS].rate / figures[USUAL].rate


@contextmanager
def _stores(folder: Path) -> Iterator[dict[str, str]]:
    with running_server(folder / "postgres") as server:
        yield {"SQLite": str(folder / "webhooks-{}.db"), "PostgreSQL": server.url}


def _compared(place: str, run: Run, runs: int) -> dict[str, Figures]:
    """Receivers take turns, so that a busy moment of the machine hits both."""
    measured: dict[str, list[Figures]] = {name: [] for name in _ROWS}
    for number in range(runs):
        for name, rows in _ROWS.items():
            store = place.format(f"{rows}-{number}")
            measured[name].append(_one(store, rows, run, latency=name == OURS))
    return {name: _median(figures) for name, figures in measured.items()}


def _one(store: str, rows: int, run: Run, *, latency: bool) -> Figures:
    with _receiver(store, rows) as (url, process):
        before = _last(store)
        answers = send(url, Load(run.connections, run.seconds))
        _check(answers, _last(store) - before)
        rate = len(answers) / run.seconds
        p99 = _p99_ms(send(url, Load(run.connections, run.seconds, rate / 2))) if latency else None
        return Figures(rate, _peak_mb(process.pid), p99)


def _check(answers: Sequence[Answer], stored: int) -> None:
    if {answer.status for answer in answers} != {200} or stored != len(answers):
        raise EventsMissingError(f"{stored} events were stored, of {len(answers)} deliveries")


def _p99_ms(answers: Sequence[Answer]) -> float:
    return quantiles((answer.seconds for answer in answers), n=100)[-1] * 1_000


def _last(store: str) -> int:
    with StoreReader(store) as reader:
        return reader.last_position


@contextmanager
def _receiver(store: str, rows: int) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    command = [sys.executable, webhook_receiver.__file__, store, str(rows)]
    environment = {**os.environ, **VARIABLES}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None  # noqa: S101 (it is a pipe)
            yield process.stdout.readline().strip(), process
        finally:
            process.terminate()
            process.wait()


def _peak_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1_000 for line in lines if line.startswith("VmHWM"))


def _median(figures: Sequence[Figures]) -> Figures:
    p99s = [one.p99_ms for one in figures if one.p99_ms is not None]
    return Figures(
        median(one.rate for one in figures),
        max(one.peak_mb for one in figures),
        median(p99s) if p99s else None,
    )
