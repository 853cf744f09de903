"""How time grows with projects, and shrinks with workers, under the documented limits."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.arena import Arena, check
from benchmarks.limited import Limited, counting
from benchmarks.measuring import run
from benchmarks.report import Report
from benchmarks.rows import LOADS
from benchmarks.scale.limiter import overhead
from benchmarks.subjects import targets
from demo.postgresql import running_server

PROJECTS: Final = (1, 2, 4, 8)
WORKERS: Final = (1, 2, 4)
_RIVALS: Final = ((1, 1), (4, 4), (4, 1))
"""Processes, and projects that they are of, whose reservations are measured."""
_ROWS_OF_A_REQUEST: Final = 100
_STREAM: Final = "users"


class RefusedError(Exception):
    """A request came too early."""


@dataclass(frozen=True)
class Point:
    """Some projects on some workers.

    Attributes:
        seconds: from the start of the first run to the end of the last.
        cpu_seconds: of all runs.
        peak_mb: of the largest run.
    """

    projects: int
    workers: int
    seconds: float
    cpu_seconds: float
    peak_mb: float


def points() -> list[tuple[int, int]]:
    """Projects and workers: each number of workers that has something to do, and as many as there are projects."""
    wanted = {(projects, workers) for projects in PROJECTS for workers in (*WORKERS, projects) if workers <= projects}
    return sorted(wanted)


def measure(requests: int, wanted: Sequence[tuple[int, int]]) -> list[Point]:
    """Write so many requests of users into each project; a worker takes one project after the other."""
    with TemporaryDirectory(prefix="bench-") as name, running_server(Path(name) / "postgres") as shared:
        messages = Path(name) / "messages.singer"
        records = requests * _ROWS_OF_A_REQUEST
        with messages.open("wb") as file:
            file.writelines(LOADS[_STREAM].blocks(records))
        return [_point(_Load(Path(name), messages, shared.url, records), *one) for one in wanted]


@dataclass(frozen=True)
class _Load:
    folder: Path
    messages: Path
    store: str
    records: int


_runs: Final = count()


def _point(load: _Load, projects: int, workers: int) -> Point:
    number = next(_runs)

    def write(one: int, server: Limited) -> tuple[float, float]:
        place = load.folder / f"run-{number}-{one}"
        place.mkdir()
        settings: Mapping[str, Any] = {
            "enforce_rate_limits": True,
            "rate_limit_store": load.store,
            "rate_limit_project": f"{number} {one}",
            "max_batch_rows": _ROWS_OF_A_REQUEST,
            "run_history": load.store,
        }
        cost = run(targets.ours(server.url, LOADS[_STREAM], place, **settings), place, load.messages)
        return cost.cpu_seconds, cost.peak_mb or 0.0

    with ExitStack() as stack, ThreadPoolExecutor(workers) as pool:
        servers = [stack.enter_context(counting()) for _ in range(projects)]
        began = time.perf_counter()
        costs = list(pool.map(write, range(projects), servers))
        seconds = time.perf_counter() - began
        for server in servers:
            span = server.span()
            check(load.records, span.records)
            if span.refused:
                raise RefusedError(f"{span.refused} requests came too early")
    return Point(projects, workers, seconds, sum(cpu for cpu, _ in costs), max(peak for _, peak in costs))


def bench(_place: Arena, requests: int, report: Report) -> None:
    """Measure all of it, and report."""
    for processes, projects in _RIVALS:
        taken = overhead(processes, projects)
        title = f"Reserving, {processes} processes of {projects} projects"
        report.milliseconds(
            title,
            {
                "median": taken.median / 1000,
                "99th percentile": taken.percentile_99 / 1000,
                "CPU of the worker": taken.cpu / 1000,
            },
        )
    measured = measure(requests, points())
    report.seconds(
        f"Projects under the limits, {requests} requests each",
        {f"{point.projects} projects, {point.workers} workers": point.seconds for point in measured},
    )


def main(requests: int, path: Path | None) -> None:
    """Measure the points, and print each as it is known."""
    found = []
    for wanted in points():
        (point,) = measure(requests, [wanted])
        found.append(vars(point))
        print(json.dumps(vars(point)), file=sys.stdout, flush=True)  # noqa: T201 (this is its output)
    if path:
        path.write_text(json.dumps(found, indent=2) + "\n")
