"""A year of a project, read with all of Iterable's limits on, in time that passes only by waiting."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from iterable_api.facts.data_types import DATA_TYPES
from iterable_api.http.client import IterableClient
from iterable_api.rate_limits.limiter import DocumentedLimits
from iterable_sandbox.seed.seeding import Plan, seed
from iterable_sandbox.server import Sandbox
from iterable_sandbox.store.store import Store
from iterable_sandbox.wire.clock import StoppedClock
from tap_iterable.event_streams.exports import ExportStream
from tap_iterable.export import patience
from tap_iterable.export.clock import Clock
from tap_iterable.tap import TapIterable

YEAR = timedelta(days=365)
UNTIL = datetime(2026, 11, 1, tzinfo=UTC)


class VirtualTime:
    """The clock of the sandbox, which the tap sleeps by too."""

    def __init__(self) -> None:
        self.sandbox = StoppedClock(UNTIL)

    def now(self) -> float:
        return self.sandbox.now() / 1000

    def sleep(self, seconds: float) -> None:
        self.sandbox.advance(timedelta(seconds=seconds))

    @property
    def passed(self) -> timedelta:
        return self.sandbox.moment() - UNTIL


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("year") / "project.db"
    store = Store(str(path))
    seed(store, Plan(100, 3_000, YEAR.days, 1, UNTIL))
    store.close()
    return str(path)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> VirtualTime:
    virtual = VirtualTime()

    def connect(config: dict[str, Any], user_agent: str, **_: Any) -> IterableClient:
        limits = DocumentedLimits(clock=virtual.now, sleep=virtual.sleep)
        url, key = config["api_url"], config["api_key"]
        return IterableClient(key, api_url=url, limiter=limits, sleep=virtual.sleep, user_agent=user_agent)

    monkeypatch.setattr("tap_iterable.tap.connect", connect)
    monkeypatch.setattr(ExportStream, "clock", Clock(virtual.now, virtual.sleep))
    return virtual


@pytest.fixture
def project(database: str, time: VirtualTime) -> Iterator[Sandbox]:
    with Sandbox(database=database, limits=True, clock=time.sandbox) as running:
        yield running


@pytest.mark.parametrize("mode", ["auto", "stream", "jobs"])
def test_every_row_of_a_year_is_read_without_one_refusal(
    project: Sandbox, time: VirtualTime, tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: str
) -> None:
    tap = TapIterable(config=_settings(project, tmp_path, mode))
    for stream in tap.streams.values():
        stream.selected = True
    capsys.readouterr()
    tap.sync_all()
    rows = _rows(capsys.readouterr().out)
    expected = {**project.counts()["events"], "user": project.counts()["users"]}
    assert {data_type.name: rows[data_type.stream] for data_type in DATA_TYPES} == {
        data_type.name: expected.get(data_type.name, 0) for data_type in DATA_TYPES
    }
    assert not project.counts()["rateLimited"]
    assert time.passed > timedelta(minutes=2)


def test_the_first_sync_of_a_few_small_streams_waits_for_no_limit(
    project: Sandbox, time: VirtualTime, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three streams, 105 days: at four windows a minute, months would take two minutes."""
    start = (UNTIL - timedelta(days=105)).isoformat()
    tap = TapIterable(config={**_settings(project, tmp_path, "auto"), "start_date": start})
    for name, stream in tap.streams.items():
        stream.selected = name in {"users", "email_send", "email_open"}
    tap.sync_all()
    assert set(_rows(capsys.readouterr().out)) == {"users", "email_send", "email_open"}
    assert time.passed < timedelta(seconds=1)


def test_what_does_not_fit_into_one_answer_is_left_to_jobs_where_they_are_sooner(
    project: Sandbox,
    time: VirtualTime,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patience, "BYTES", 100_000)
    tap = TapIterable(config=_settings(project, tmp_path, "auto"))
    chosen = {data_type.stream for data_type in DATA_TYPES if data_type.name.startswith("email")}
    for name, stream in tap.streams.items():
        stream.selected = name in chosen
    tap.sync_all()
    rows = _rows(capsys.readouterr().out)
    expected = project.counts()["events"]
    assert {data_type.name: rows[data_type.stream] for data_type in DATA_TYPES if data_type.stream in chosen} == {
        name: expected.get(name, 0)
        for name in (data_type.name for data_type in DATA_TYPES if data_type.stream in chosen)
    }
    assert project.project.export_jobs
    assert not project.counts()["rateLimited"]
    assert time.passed < timedelta(minutes=30)


def _settings(project: Sandbox, folder: Path, mode: str) -> dict[str, Any]:
    return {
        "api_key": project.api_key,
        "api_url": project.url,
        "start_date": (UNTIL - YEAR).isoformat(),
        "end_date": UNTIL.isoformat(),
        "export_mode": mode,
        "malformed_directory": str(folder / "malformed"),
    }


def _rows(output: str) -> Counter[str]:
    messages = [json.loads(line) for line in output.splitlines()]
    return Counter(message["stream"] for message in messages if message["type"] == "RECORD")
