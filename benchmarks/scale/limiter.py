"""What the shared limiter adds to a request: the time that PostgreSQL takes to give a slot."""

from __future__ import annotations

import multiprocessing
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from demo.postgresql import running_server
from iterable_api.rate_limits.limiter import DocumentedLimits
from iterable_api.rate_limits.state_store import open_store

RESERVATIONS: Final = 5_000
_WARMING: Final = 50
"""Reservations that do not count: those of the first connection, and before the statement is prepared."""
_ENDPOINT: Final = ("POST", "/api/users/update")
_PERCENT: Final = 99


@dataclass(frozen=True)
class Overhead:
    """Milliseconds of a reservation: the median, the 99th percentile, and on the CPU of the worker."""

    median: float
    percentile_99: float
    cpu: float


def overhead(processes: int, projects: int, reservations: int = RESERVATIONS) -> Overhead:
    """Have so many processes, of so many projects, reserve at the same time as fast as they can."""
    with TemporaryDirectory(prefix="bench-") as folder, running_server(Path(folder) / "postgres") as shared:
        spawning = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(processes, mp_context=spawning) as pool:
            names = [f"project {number % projects}" for number in range(processes)]
            parts = list(pool.map(partial(_reserve, shared.url, reservations), names))
    taken = sorted(seconds for part, _ in parts for seconds in part)
    cpu = sum(cpu for _, cpu in parts) / len(taken)
    return Overhead(
        1000 * taken[len(taken) // 2], 1000 * taken[min(len(taken) * _PERCENT // 100, len(taken) - 1)], 1000 * cpu
    )


def _reserve(url: str, reservations: int, project: str) -> tuple[list[float], float]:
    taken = []
    with closing(DocumentedLimits(store=open_store(url), sleep=_no_wait, project=project)) as limits:
        for _ in range(_WARMING):
            limits.acquire(*_ENDPOINT)
        before = _cpu()
        for _ in range(reservations):
            began = time.perf_counter()
            limits.acquire(*_ENDPOINT)
            taken.append(time.perf_counter() - began)
    return taken, _cpu() - before


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _no_wait(_seconds: float) -> None:
    """Do nothing: only the reserving is measured."""
