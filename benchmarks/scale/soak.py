"""The soak: workers over projects that share one PostgreSQL, killed at random, while the database is restarted once.

At the end nothing may be missing, nothing there twice, and no request refused for coming too early.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Lock
from typing import Any, Final

from benchmarks.scale import material
from benchmarks.scale.projects import Project, project
from benchmarks.scale.workers import Worker, check, share_ledger
from demo.postgresql import Server, running_server

_LOOK_SECONDS: Final = 0.2


class WrongEndError(Exception):
    """Something is not as it must be in the end."""


@dataclass(frozen=True)
class Plan:
    """What a soak does.

    Attributes:
        processes: workers at a time, over all projects.
        events: of all projects together; so are `users`.
        chunk: records between two states.
        kill_every: seconds between two kills; None for a kill after every `kill_after_states`.
        kill_after_states: states of all workers between two kills.
        most_rows: `max_batch_rows` of the target; None for its own default. So is `most_buffered` its
            `max_buffered_rows`.
        seed: of the choice of who is killed.
    """

    processes: int = 12
    projects: int = 6
    events: int = 2_000_000
    users: int = 300_000
    chunk: int = 5_000
    kill_every: float | None = 30
    kill_after_states: int = 0
    most_rows: int | None = None
    most_buffered: int | None = None
    seed: int = 1


@dataclass(frozen=True)
class Outcome:
    """What a soak has come to.

    Attributes:
        kills: of workers.
        other_ends: ends of workers with an error, as while the database was away when they started.
        refused: requests that came too early, of all projects.
        cpu_seconds: of all workers.
        peak_mb: of the largest worker.
        database_mb: size of the database in the end.
        restart_seconds: how long the database was away.
    """

    seconds: float
    users: int
    events: int
    kills: int
    other_ends: int
    refused: int
    cpu_seconds: float
    peak_mb: float
    database_mb: float
    restart_seconds: float

    def __str__(self) -> str:
        return "  ".join(f"{name} {value:,.1f}".removesuffix(".0") for name, value in asdict(self).items())


def soak(plan: Plan) -> Outcome:
    """Do it, and check the end.

    Raises:
        WrongEndError: if a record is missing, wrong or there twice, or a request was refused.
        WorkerFailedError: if a worker could not finish.
    """
    with TemporaryDirectory(prefix="soak-") as name, ExitStack() as stack:
        folder = Path(name)
        shared = stack.enter_context(running_server(folder / "postgres"))
        projects = [stack.enter_context(project(folder / f"project-{one}.db")) for one in range(plan.projects)]
        states = _States()
        workers = list(_workers(plan, folder, projects, shared, states))
        began = time.perf_counter()
        for worker in workers:
            worker.start()
        restart_seconds = _disturb(plan, workers, shared, states)
        for worker in workers:
            worker.join()
        seconds = time.perf_counter() - began
        check(workers)
        refused = sum(_checked(plan, one) for one in projects)
        return Outcome(
            seconds=seconds,
            users=_per_project(plan.users, plan) * plan.projects,
            events=_per_project(plan.events, plan) * plan.projects,
            kills=sum(worker.kills for worker in workers),
            other_ends=sum(len(worker.failures) for worker in workers),
            refused=refused,
            cpu_seconds=sum(worker.cpu_seconds for worker in workers),
            peak_mb=max(worker.peak_mb for worker in workers),
            database_mb=_bytes(shared) / 1e6,
            restart_seconds=restart_seconds,
        )


class _States:
    """Counts the states of all workers."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = Lock()
        self.changed = Event()

    def add(self) -> None:
        with self._lock:
            self.count += 1
        self.changed.set()


def _workers(
    plan: Plan, folder: Path, projects: Sequence[Project], shared: Server, states: _States
) -> Iterator[Worker]:
    amount = material.Amount(_per_project(plan.users, plan), _per_project(plan.events, plan), plan.chunk)
    for number, target in enumerate(projects):
        place = folder / f"project-{number}"
        place.mkdir()
        settings = {
            "api_key": target.api_key,
            "api_url": target.url,
            "ledger": shared.url,
            "ledger_key": f"the ledger key of project {number}",
            "rate_limit_store": shared.url,
            "rate_limit_project": f"project {number}",
            "run_history": shared.url,
            "streams": {"users": {"skip_unchanged": True}},
            "max_batch_rows": plan.most_rows,
        }
        if plan.most_buffered:
            settings["max_buffered_rows"] = plan.most_buffered
        share_ledger(place, settings)
        for one, work in enumerate(material.write(place, amount, plan.processes // plan.projects)):
            yield Worker(work, place / f"worker-{one}", settings, states.add)


def _bytes(shared: Server) -> int:
    """The size of the database on the disk."""
    return int(shared.run("SELECT pg_database_size(current_database())").splitlines()[2])


def _disturb(plan: Plan, workers: Sequence[Worker], shared: Server, states: _States) -> float:
    """Kill workers, and restart the database after half of the work; return the seconds for which it was away."""
    dice, restart_seconds = random.Random(plan.seed), 0.0
    chunks = sum(worker.chunks for worker in workers)
    next_kill = _Due(plan)
    while any(worker.is_alive() for worker in workers):
        states.changed.wait(_LOOK_SECONDS)
        states.changed.clear()
        if not restart_seconds and sum(worker.done for worker in workers) >= chunks // 2:
            began = time.perf_counter()
            shared.stop()
            shared.start()
            restart_seconds = time.perf_counter() - began
        if next_kill.is_due(states.count):
            alive = [worker for worker in workers if worker.is_alive()]
            dice.shuffle(alive)
            any(worker.kill() for worker in alive)
    return restart_seconds


class _Due:
    """Says when the next worker is to be killed."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._at = time.monotonic()
        self._states = 0

    def is_due(self, states: int) -> bool:
        every = self._plan.kill_every
        is_due = (
            time.monotonic() - self._at >= every
            if every is not None
            else states - self._states >= self._plan.kill_after_states
        )
        if is_due:
            self._at, self._states = time.monotonic(), states
        return is_due


def _per_project(total: int, plan: Plan) -> int:
    return total // plan.projects


def _checked(plan: Plan, target: Project) -> int:
    """The refused requests of a project, if it holds what it must."""
    counts: dict[str, Any] = target.counts()
    users, events = _per_project(plan.users, plan), _per_project(plan.events, plan)
    found = {one["email"]: one for one in target.users()}
    wrong = [
        number
        for number in range(users)
        for wanted in [material.user(number)]
        if {name: found.get(wanted["email"], {}).get(name) for name in wanted} != wanted
    ]
    if wrong or len(found) != users:
        raise WrongEndError(f"{len(found)} users instead of {users}, {len(wrong)} with wrong fields: {wrong[:5]}…")
    if sum(counts["events"].values()) != events:
        raise WrongEndError(f"{counts['events']} instead of {events} events")
    refused: int = sum(counts["rateLimited"].values())
    if refused:
        raise WrongEndError(f"{refused} requests were refused: {counts['rateLimited']}")
    return refused
