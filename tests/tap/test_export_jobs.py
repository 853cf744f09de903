"""Export jobs: four at a time across streams, adopted by the next run, and never another's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from iterable_api.errors import IterableError
from iterable_api.http.client import IterableClient
from iterable_api.rate_limits.limiter import Unlimited
from iterable_sandbox.rules.settings import DEFAULT_API_KEY
from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import StoppedClock
from tap_iterable.event_streams.exports import ExportStream
from tap_iterable.export.clock import Clock
from tap_iterable.export.job import ExportJobError, Job
from tap_iterable.export.job_api import JobApi
from tap_iterable.export.job_queue import JobQueue
from tap_iterable.export.windows import OversizeError, Window
from tap_iterable.tap import TapIterable
from tests.scripted_server import Answer, Request, ScriptedServer, answer_json, cut_short

START = datetime(2026, 9, 1, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=1))


@dataclass
class VirtualTime:
    """Time that passes only by sleeping; the sandbox's clock, if any, goes along."""

    now: float = 1_800_000_000.0
    slept: list[float] = field(default_factory=list)
    sandbox: StoppedClock | None = None
    watch: Callable[[], None] = lambda: None

    def sleep(self, seconds: float) -> None:
        self.watch()
        self.slept.append(seconds)
        self.now += seconds
        if self.sandbox is not None:
            self.sandbox.advance(timedelta(seconds=seconds))

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.now, self.sleep)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> VirtualTime:
    virtual = VirtualTime(sandbox=StoppedClock(START))
    monkeypatch.setattr(ExportStream, "clock", virtual.clock)
    return virtual


def _sandbox(time: VirtualTime, **settings: Any) -> Sandbox:
    return Sandbox(clock=time.sandbox, **settings)


def _track(sandbox: Sandbox, count: int) -> set[str]:
    events = [
        {
            "email": "ann@example.com",
            "eventName": f"e{number}",
            "createdAt": int((START + timedelta(minutes=number)).timestamp()),
            "id": str(number),
        }
        for number in range(count)
    ]
    headers = {"Api-Key": sandbox.api_key}
    requests.post(f"{sandbox.url}/api/events/trackBulk", json={"events": events}, headers=headers, timeout=30)
    return {str(event["eventName"]) for event in events}


def _tap(url: str, folder: Path, state: dict[str, Any] | None = None, **settings: Any) -> TapIterable:
    config = {
        "api_key": DEFAULT_API_KEY,
        "api_url": url,
        "enforce_rate_limits": False,
        "start_date": START.isoformat(),
        "end_date": (START + timedelta(days=1)).isoformat(),
        "malformed_directory": str(folder / "malformed"),
        "export_mode": "jobs",
        **settings,
    }
    return TapIterable(config=config, state=state)


def _only(tap: TapIterable, *names: str) -> list[ExportStream]:
    for name in list(tap.streams):
        if name not in names:
            del tap.streams[name]
    return [stream for stream in tap.streams.values() if isinstance(stream, ExportStream)]


def _names(stream: ExportStream) -> list[str]:
    return sorted(str(record["eventName"]) for record in stream.get_records(None))


def test_rows_come_out_of_the_files_of_a_job(time: VirtualTime, tmp_path: Path) -> None:
    with _sandbox(time, export_file_bytes=2000, blank_lines=True) as sandbox:
        names = _track(sandbox, 200)
        (stream,) = _only(_tap(sandbox.url, tmp_path), "custom_event")
        assert _names(stream) == sorted(names)
        assert len(sandbox.project.export_jobs) == 1
        assert stream.stream_state["replication_key_value"] == "2026-09-02T00:00:00.000000+00:00"
        assert stream.stream_state["export_jobs"] == []


def test_four_jobs_run_at_once_across_streams_and_never_five(time: VirtualTime, tmp_path: Path) -> None:
    names = ["email_send", "email_open", "email_click", "email_bounce", "email_complaint", "purchase", "custom_event"]
    with _sandbox(time, export_polls=3) as sandbox:
        jobs = sandbox.project.export_jobs
        unfinished: list[int] = []
        time.watch = lambda: unfinished.append(sum(job.state != "completed" for job in jobs.values()))
        for stream in _only(_tap(sandbox.url, tmp_path), *names):
            list(stream.get_records(None))
        assert len(jobs) == len(names)
        assert max(unfinished) == 4


def test_the_jobs_of_the_next_streams_are_started_while_the_first_waits(time: VirtualTime, tmp_path: Path) -> None:
    with _sandbox(time, export_polls=3) as sandbox:
        streams = _only(
            _tap(sandbox.url, tmp_path, export_jobs_at_once=3), "email_send", "email_open", "sms_send", "purchase"
        )
        list(streams[0].get_records(None))
        begun = [stream.data_type.name for stream in streams if stream.stream_state.get("export_jobs")]
        assert len(begun) >= 2


def test_an_interrupted_run_is_gone_on_with_after_its_last_file(time: VirtualTime, tmp_path: Path) -> None:
    with _sandbox(time, export_file_bytes=2000) as sandbox:
        names = _track(sandbox, 200)
        (stream,) = _only(_tap(sandbox.url, tmp_path), "custom_event")
        rows = iter(stream.get_records(None))
        first = {str(next(rows)["eventName"]) for _ in range(100)}
        state = json.loads(json.dumps(stream.tap_state))
        rows.close()  # type: ignore[attr-defined]
        assert state["bookmarks"]["custom_event"]["export_jobs"][0]["lastFile"]
        (again,) = _only(_tap(sandbox.url, tmp_path, state), "custom_event")
        rest = _names(again)
        assert len(sandbox.project.export_jobs) == 1
        assert first | set(rest) == names
        assert len(rest) < 150


def test_a_job_that_iterable_forgot_is_submitted_again(time: VirtualTime, tmp_path: Path) -> None:
    with _sandbox(time) as sandbox:
        names = _track(sandbox, 5)
        saved = {
            "jobId": 99,
            "startDateTime": START.isoformat(),
            "endDateTime": (START + timedelta(days=1)).isoformat(),
            "started": int(time.now),
            "lastFile": "file-1.json",
        }
        state = {"bookmarks": {"custom_event": {"export_jobs": [saved]}}}
        (stream,) = _only(_tap(sandbox.url, tmp_path, state), "custom_event")
        assert _names(stream) == sorted(names)


@pytest.mark.parametrize("offset", [timedelta(hours=-5), timedelta(hours=5)])
def test_a_job_of_other_settings_is_left_alone_and_what_it_leaves_open_is_read(
    time: VirtualTime, tmp_path: Path, offset: timedelta
) -> None:
    """One that begins too early is not ours to read; one that ends in the middle leaves gaps around it."""
    with _sandbox(time) as sandbox:
        names = _track(sandbox, 1400)
        job = JobApi(_client(sandbox)).start("customEvent", Window(START + offset, START + timedelta(hours=9)))
        saved = {
            "jobId": job,
            "startDateTime": (START + offset).isoformat(),
            "endDateTime": (START + timedelta(hours=9)).isoformat(),
            "started": int(time.now),
        }
        state = {"bookmarks": {"custom_event": {"export_jobs": [saved]}}}
        (stream,) = _only(_tap(sandbox.url, tmp_path, state), "custom_event")
        assert _names(stream) == sorted(names)


def _client(sandbox: Sandbox) -> IterableClient:
    return IterableClient(sandbox.api_key, api_url=sandbox.url, limiter=Unlimited())


def test_failed_jobs_are_submitted_again_three_times(time: VirtualTime, tmp_path: Path) -> None:
    with _sandbox(time, export_failures=3) as sandbox:
        names = _track(sandbox, 5)
        (stream,) = _only(_tap(sandbox.url, tmp_path), "custom_event")
        assert _names(stream) == sorted(names)
        assert [job.state for job in sandbox.project.export_jobs.values()] == ["failed"] * 3 + ["completed"]


def test_a_job_that_keeps_failing_is_an_error_that_says_what_to_do(time: VirtualTime, tmp_path: Path) -> None:
    with _sandbox(time, export_failures=9) as sandbox:
        (stream,) = _only(_tap(sandbox.url, tmp_path), "custom_event")
        with pytest.raises(ExportJobError, match=r"customEvent failed: it is failed\. It was submitted 4 times; run"):
            _names(stream)
        assert stream.stream_state["export_jobs"] == []


def test_a_truncated_job_is_done_again_in_halves(time: VirtualTime, tmp_path: Path) -> None:
    with _sandbox(time, export_job_bytes=20_000) as sandbox:
        names = _track(sandbox, 300)
        (stream,) = _only(_tap(sandbox.url, tmp_path), "custom_event")
        assert _names(stream) == sorted(names)
        assert len(sandbox.project.export_jobs) > 3


def test_expired_urls_are_asked_for_again(time: VirtualTime, tmp_path: Path) -> None:
    with _sandbox(time, export_file_bytes=2000, export_url_seconds=60) as sandbox:
        names = _track(sandbox, 100)
        (stream,) = _only(_tap(sandbox.url, tmp_path), "custom_event")
        seen = []
        for record in stream.get_records(None):
            seen.append(str(record["eventName"]))
            time.sleep(20)
        assert sorted(seen) == sorted(names)


def test_a_job_that_goes_back_into_the_queue_is_waited_for(time: VirtualTime, tmp_path: Path) -> None:
    with _sandbox(time, export_restarts=2, export_polls=2) as sandbox:
        names = _track(sandbox, 5)
        (stream,) = _only(_tap(sandbox.url, tmp_path), "custom_event")
        assert _names(stream) == sorted(names)
        assert len(sandbox.project.export_jobs) == 1


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer().running() as server:
        yield server


class FakeJobs:
    """Answers for export jobs, by hand: `states` are given out one per look."""

    def __init__(self, server: ScriptedServer, *states: str) -> None:
        self.states = list(states)
        self.starts = 0
        self.cancelled: list[str] = []
        self.fate = Answer()
        server.after = self._answer

    def _answer(self, request: Request) -> Answer:
        if request.method == "DELETE":
            self.cancelled.append(request.target)
            return answer_json(200, {})
        if request.method == "POST":
            self.starts += 1
            return answer_json(200, {"jobId": self.starts})
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return answer_json(200, {"jobId": 1, "jobState": state, "exportTruncated": False, "files": []})


def _queue(server: ScriptedServer, time: VirtualTime) -> tuple[JobQueue, IterableClient]:
    client = IterableClient("k" * 32, api_url=server.url, limiter=Unlimited(), sleep=lambda _: None)
    return JobQueue(JobApi(client), 4, time.clock), client


def _job() -> Job:
    return Job("customEvent", WINDOW, lambda: None)


def test_polls_wait_twice_as_long_each_time_up_to_a_cap(server: ScriptedServer, time: VirtualTime) -> None:
    FakeJobs(server, *["running"] * 11, "completed")
    queue, client = _queue(server, time)
    job = _job()
    queue.add([job])
    queue.wait_for(job)
    client.close()
    assert time.slept == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


@pytest.mark.parametrize("spelling", ["Completed", "COMPLETED", "completed"])
def test_states_are_understood_in_any_case(server: ScriptedServer, time: VirtualTime, spelling: str) -> None:
    FakeJobs(server, "SOMETHING_NEW", spelling)
    queue, client = _queue(server, time)
    job = _job()
    queue.add([job])
    queue.wait_for(job)
    client.close()
    assert job.completed


def test_a_job_of_more_than_a_day_is_cancelled_and_told_of(server: ScriptedServer, time: VirtualTime) -> None:
    jobs = FakeJobs(server, "running")
    queue, client = _queue(server, time)
    job = _job()
    queue.add([job])
    with pytest.raises(ExportJobError, match="24 hours"):
        queue.wait_for(job)
    client.close()
    assert jobs.cancelled == ["/api/export/1"]
    assert 24 * 3600 < sum(time.slept) < 25 * 3600


def test_a_start_whose_answer_was_lost_is_done_again(server: ScriptedServer, time: VirtualTime) -> None:
    FakeJobs(server, "completed")
    server.script = [Answer(502)]
    queue, client = _queue(server, time)
    job = _job()
    queue.add([job])
    queue.wait_for(job)
    client.close()
    assert job.id == 1


def test_a_refused_start_is_the_error_of_its_own_stream(server: ScriptedServer, time: VirtualTime) -> None:
    FakeJobs(server, "completed")
    server.script = [answer_json(400, {"code": "BadParams", "msg": "Invalid dataTypeName"})]
    queue, client = _queue(server, time)
    wrong, right = _job(), _job()
    queue.add([wrong, right])
    queue.wait_for(right)
    with pytest.raises(IterableError, match="Invalid dataTypeName"):
        queue.wait_for(wrong)
    client.close()


def test_a_single_second_that_a_job_cannot_hold_is_an_error(time: VirtualTime, tmp_path: Path) -> None:
    with _sandbox(time, export_job_bytes=100) as sandbox:
        _track(sandbox, 1)
        end = START + timedelta(seconds=1)
        (stream,) = _only(_tap(sandbox.url, tmp_path, end_date=end.isoformat()), "custom_event")
        with pytest.raises(OversizeError, match="larger than a job may be"):
            _names(stream)


def test_the_key_is_not_sent_to_the_file_server_and_broken_files_are_fetched_again(
    server: ScriptedServer, tmp_path: Path, time: VirtualTime
) -> None:
    """The files lie on another host, which breaks off once and is down once."""
    with ScriptedServer().running() as files:
        lines = b'{"eventName": "a", "createdAt": "2026-09-01 00:00:05 +00:00"}\n'
        files.script = [Answer(503), Answer(200, lines[:9], fault=cut_short)]
        files.after = lambda _: Answer(200, lines)
        page = {
            "jobId": 1,
            "jobState": "Completed",
            "files": [{"file": "f-1", "url": files.url + "/f-1?Signature=s3cret"}],
        }

        def answer(request: Request) -> Answer:
            if request.method == "POST":
                return answer_json(200, {"jobId": 1})
            return answer_json(200, {**page, "files": []} if "startAfter" in request.target else page)

        server.after = answer
        tap = _tap(server.url, tmp_path)
        (stream,) = _only(tap, "custom_event")
        assert _names(stream) == ["a"]
        tap.client.close()
        assert len(files.requests) == 3
        assert time.slept == [1, 1, 5]
        assert all("Api-Key" not in request.headers for request in files.requests)
        assert all("Api-Key" in request.headers for request in server.requests)
