"""A long history is read by several workers, in parts, through the jobs that an organisation may run at a time."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock, Thread
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from iterable_api.errors import UnreadableAnswerError
from iterable_api.facts.limits import EXPORT_JOBS_AT_ONCE
from iterable_api.http.client import IterableClient
from iterable_api.rate_limits import memory_store
from iterable_api.rate_limits.job_slots import LEASE_SECONDS, JobSlots
from iterable_api.rate_limits.limiter import Unlimited
from iterable_api.rate_limits.memory_store import MemoryStore
from iterable_sandbox.server import Sandbox
from tap_iterable.export.clock import Clock
from tap_iterable.export.job import Job, restore_job
from tap_iterable.export.job_api import JobApi
from tap_iterable.export.job_queue import JobQueue
from tap_iterable.export.windows import Window
from tests.tap.reading import TapRun

FIRST = datetime(2023, 9, 1, tzinfo=UTC)
YEARS = 3
PARTS = 6
EVENTS = 1200


class Organisation:
    """Projects of one organisation, whose taps share slots, and the time of all of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, stack: ExitStack) -> None:
        self.now = 1000.0
        self._stack = stack
        monkeypatch.setattr(memory_store, "time", SimpleNamespace(monotonic=lambda: self.now))
        self.slots = JobSlots(MemoryStore())

    def queue(self, **settings: Any) -> tuple[JobQueue, Sandbox]:
        """The queue of a tap of a project of its own."""
        sandbox = self._stack.enter_context(Sandbox(**settings))
        client = IterableClient(sandbox.api_key, api_url=sandbox.url, limiter=Unlimited())
        self._stack.callback(client.close)
        return JobQueue(JobApi(client), 4, Clock(lambda: self.now, self.sleep), self.slots), sandbox

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def organisation(monkeypatch: pytest.MonkeyPatch) -> Iterator[Organisation]:
    with ExitStack() as stack:
        yield Organisation(monkeypatch, stack)


def _jobs(count: int) -> list[Job]:
    return [
        Job("customEvent", Window(FIRST + timedelta(days=day), FIRST + timedelta(days=day + 1)), lambda: None)
        for day in range(count)
    ]


def test_taps_of_several_projects_run_four_jobs_at_a_time_between_them(organisation: Organisation) -> None:
    one, first = organisation.queue(export_polls=3)
    other, second = organisation.queue(export_polls=3)
    jobs, others = _jobs(3), _jobs(3)
    one.add(jobs)
    other.add(others)
    one.tick()
    other.tick()
    assert (len(first.project.export_jobs), len(second.project.export_jobs)) == (3, 1)
    for job in jobs:
        one.wait_for(job)
    for job in others:
        other.wait_for(job)
    assert len(second.project.export_jobs) == 3


def test_the_slots_of_a_tap_that_died_come_back_after_the_lease(organisation: Organisation) -> None:
    dying, _ = organisation.queue()
    dying.add(_jobs(EXPORT_JOBS_AT_ONCE))
    dying.tick()
    queue, sandbox = organisation.queue()
    (job,) = _jobs(1)
    queue.add([job])
    began = organisation.now
    queue.wait_for(job)
    assert len(sandbox.project.export_jobs) == 1
    assert LEASE_SECONDS <= organisation.now - began < LEASE_SECONDS + 30


def test_a_slot_comes_back_at_once_if_the_answer_to_its_start_cannot_be_read(organisation: Organisation) -> None:
    failing, sandbox = organisation.queue()
    sandbox.inject("answer", route="POST /api/export/start", status=200, body="{}")
    failing.add(_jobs(1))
    with pytest.raises(UnreadableAnswerError):
        failing.tick()
    other, project = organisation.queue()
    other.add(_jobs(EXPORT_JOBS_AT_ONCE))
    other.tick()
    assert len(project.project.export_jobs) == EXPORT_JOBS_AT_ONCE


def test_who_goes_on_with_a_job_takes_no_second_slot_for_it(organisation: Organisation) -> None:
    dying, sandbox = organisation.queue(export_polls=5)
    jobs = _jobs(EXPORT_JOBS_AT_ONCE)
    dying.add(jobs)
    dying.tick()
    client = IterableClient(sandbox.api_key, api_url=sandbox.url, limiter=Unlimited())
    heir = JobQueue(JobApi(client), 4, Clock(lambda: organisation.now, organisation.sleep), organisation.slots)
    restored = [restore_job("customEvent", job.to_state(), lambda: None) for job in jobs]
    heir.add(filter(None, restored))
    other, elsewhere = organisation.queue()
    (waiting,) = _jobs(1)
    other.add([waiting])
    began = organisation.now
    for job in filter(None, restored):
        heir.wait_for(job)
    other.wait_for(waiting)
    client.close()
    assert len(sandbox.project.export_jobs) == EXPORT_JOBS_AT_ONCE
    assert len(elsewhere.project.export_jobs) == 1
    assert organisation.now - began < LEASE_SECONDS


class Backfill:
    """Parts of a history that any worker takes up: what it needs is the state of the part."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self._sandbox, self._folder = sandbox, folder
        length = timedelta(days=365 * YEARS) / PARTS
        self.todo = [(part, FIRST + part * length, FIRST + (part + 1) * length) for part in range(PARTS)]
        random.Random(5).shuffle(self.todo)  # noqa: S311 (any order does)
        self._lock = Lock()
        self.states: dict[int, dict[str, Any]] = {}
        self.rows: list[str] = []
        self.runs: list[int] = []
        self.killed: list[int] = []

    def work(self, worker: int, *, kill: bool) -> None:
        """Take parts until there is none. With `kill`, the worker dies in its first part."""
        while True:
            with self._lock:
                if not self.todo:
                    return
                part = self.todo.pop()
            if self._run(worker, part, kill=kill):
                with self._lock:
                    self.todo.append(part)
                self.killed.append(part[0])
                return

    def _run(self, worker: int, part: tuple[int, datetime, datetime], *, kill: bool) -> bool:
        """Run a part, from its state on if it has one, and return whether the run was killed."""
        number, start, end = part
        self.runs.append(number)
        folder = self._folder / f"worker-{worker}-{number}"
        folder.mkdir()
        tap = TapRun(self._sandbox.url, self._sandbox.api_key, folder)
        arguments = tap.prepare(
            "custom_event",
            start_date=start.isoformat(),
            end_date=end.isoformat(),
            export_mode="jobs",
            lookback_minutes=0,
            enforce_rate_limits=True,
            rate_limit_store=str(self._folder / "limits.db"),
            run_history=str(self._folder / "runs.db"),
        )
        if number in self.states:
            (folder / "state.json").write_text(json.dumps(self.states[number]))
            arguments += ["--state", "state.json"]
        command = [sys.executable, "-m", "tap_iterable.tap", *arguments]
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if line.endswith(b"\n"):
                    self._take(number, json.loads(line))
                    if kill and self._has_read_a_file(number):
                        process.send_signal(signal.SIGKILL)
                        process.wait(30)
                        return True
        assert process.returncode == 0
        return False

    def _take(self, part: int, message: dict[str, Any]) -> None:
        """What a loader does: rows are on the disk before the state behind them is."""
        if message["type"] == "RECORD":
            self.rows.append(message["record"]["recordId"])
        if message["type"] == "STATE":
            self.states[part] = message["value"]

    def _has_read_a_file(self, part: int) -> bool:
        jobs = self.states.get(part, {}).get("bookmarks", {}).get("custom_event", {}).get("export_jobs") or [{}]
        return bool(jobs[0].get("lastFile"))


@pytest.mark.more
def test_three_years_are_read_once_by_two_workers_of_whom_one_is_killed(tmp_path: Path) -> None:
    with Sandbox(limits=True, export_file_bytes=8000) as sandbox:
        step = timedelta(days=365 * YEARS) / EVENTS
        events = [
            {
                "email": "ann@example.com",
                "eventName": "ordered",
                "id": f"order-{number}",
                "createdAt": int((FIRST + number * step).timestamp()),
            }
            for number in range(EVENTS)
        ]
        answer = requests.post(
            f"{sandbox.url}/api/events/trackBulk",
            json={"events": events},
            headers={"Api-Key": sandbox.api_key},
            timeout=60,
        )
        answer.raise_for_status()
        backfill = Backfill(sandbox, tmp_path)
        workers = [Thread(target=backfill.work, args=(worker,), kwargs={"kill": worker == 0}) for worker in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        jobs = sandbox.project.export_jobs
        refused = sandbox.counts()["rateLimited"]
    assert len(backfill.killed) == 1
    assert backfill.runs.count(backfill.killed[0]) == 2
    assert len({*backfill.rows}) == EVENTS
    # The other worker has gone on with the same job, behind its last file.
    assert len(jobs) == PARTS
    assert len(backfill.rows) - EVENTS < EVENTS / PARTS / 2
    assert refused == {}
