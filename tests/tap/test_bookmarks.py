"""Where a stream goes on next time: the end of the last window that was read whole."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from iterable_api.facts.data_types import EVENTS
from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import StoppedClock
from tests.tap.reading import Output, TapRun

START = datetime(2026, 9, 1, tzinfo=UTC)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(START)


@pytest.fixture
def project(clock: StoppedClock) -> Iterator[Sandbox]:
    with Sandbox(clock=clock) as running:
        yield running


@pytest.fixture
def read(project: Sandbox, tmp_path: Path) -> TapRun:
    return TapRun(project.url, project.api_key, tmp_path)


def _track(sandbox: Sandbox, *moments: datetime) -> None:
    events = [
        {
            "email": "ann@example.com",
            "eventName": "seen",
            "createdAt": int(moment.timestamp()),
            "id": moment.isoformat(),
        }
        for moment in moments
    ]
    headers = {"Api-Key": sandbox.api_key}
    answer = requests.post(f"{sandbox.url}/api/events/trackBulk", json={"events": events}, headers=headers, timeout=30)
    assert answer.json()["successCount"] == len(events)


def _moments(output: Output) -> list[str]:
    return sorted(record["createdAt"][:19] for record in output.records["custom_event"])


def test_the_bookmark_is_the_end_of_the_window_and_not_the_latest_row(project: Sandbox, read: TapRun) -> None:
    _track(project, START)
    output = read("custom_event", end_date="2026-10-01")
    assert output.bookmark("custom_event") == "2026-10-01T00:00:00.000000+00:00"
    assert len(output.records["custom_event"]) == 1


def test_state_is_written_after_each_window(project: Sandbox, read: TapRun) -> None:
    _track(project, START)
    output = read("custom_event", start_date="2026-08-30", end_date="2026-09-03T12:00:00", window_days=2)
    bookmarks = [state["bookmarks"]["custom_event"].get("replication_key_value") for state in output.states]
    days = [bookmark[:16] for bookmark in dict.fromkeys(filter(None, bookmarks))]
    assert days == ["2026-09-01T00:00", "2026-09-03T00:00", "2026-09-03T12:00"]


def test_a_second_run_reads_from_the_bookmark_and_finds_only_what_is_new(project: Sandbox, read: TapRun) -> None:
    _track(project, START)
    first = read("custom_event", end_date="2026-09-02", lookback_minutes=0)
    _track(project, START + timedelta(days=1))
    second = read("custom_event", end_date="2026-09-03", lookback_minutes=0, state=first.state)
    third = read("custom_event", end_date="2026-09-03", lookback_minutes=0, state=second.state)
    assert (_moments(first), _moments(second), _moments(third)) == (
        ["2026-09-01T00:00:00"],
        ["2026-09-02T00:00:00"],
        [],
    )


def test_a_row_on_the_edge_of_two_windows_is_read_once(project: Sandbox, read: TapRun) -> None:
    _track(project, START, START + timedelta(days=1), START + timedelta(days=2))
    output = read("custom_event", start_date="2026-09-01", end_date="2026-09-03", window_days=1)
    assert _moments(output) == ["2026-09-01T00:00:00", "2026-09-02T00:00:00"]


def test_an_event_that_arrives_late_is_found_by_looking_back_under_the_same_key(project: Sandbox, read: TapRun) -> None:
    _track(project, START)
    first = read("custom_event", end_date="2026-09-02", lookback_minutes=0)
    _track(project, START + timedelta(hours=20))
    settings: dict[str, Any] = {"end_date": "2026-09-03", "state": first.state}
    assert _moments(read("custom_event", lookback_minutes=60, **settings)) == []
    again = read("custom_event", lookback_minutes=2 * 24 * 60, **settings)
    assert _moments(again) == ["2026-09-01T00:00:00", "2026-09-01T20:00:00"]
    assert first.records["custom_event"][0]["recordId"] in {row["recordId"] for row in again.records["custom_event"]}


def test_looking_back_never_goes_before_the_start_date(project: Sandbox, read: TapRun) -> None:
    _track(project, START, START + timedelta(days=1))
    first = read("custom_event", end_date="2026-09-03")
    settings: dict[str, Any] = {"start_date": "2026-09-02", "end_date": "2026-09-03", "state": first.state}
    assert _moments(read("custom_event", lookback_minutes=10**6, **settings)) == ["2026-09-02T00:00:00"]


def test_the_running_second_is_left_to_the_next_run(read: TapRun) -> None:
    before = datetime.now(UTC)
    output = read("custom_event", hold_back_minutes=0)
    bookmark = datetime.fromisoformat(output.bookmark("custom_event"))
    assert before.replace(microsecond=0) <= bookmark <= datetime.now(UTC)
    assert bookmark.microsecond == 0


def test_a_bookmark_never_goes_back(project: Sandbox, read: TapRun) -> None:
    _track(project, START)
    first = read("custom_event", end_date="2026-09-10")
    second = read("custom_event", end_date="2026-09-05", state=first.state)
    assert second.bookmark("custom_event") == first.bookmark("custom_event")


def test_users_are_read_again_when_their_profile_was_updated(
    project: Sandbox, clock: StoppedClock, read: TapRun
) -> None:
    _update(project, "ann@example.com", "ben@example.com")
    first = read("users", end_date="2026-09-02", lookback_minutes=0)
    clock.advance(timedelta(days=2))
    _update(project, "ben@example.com")
    second = read("users", end_date="2026-09-05", lookback_minutes=0, state=first.state)
    assert sorted(user["email"] for user in first.records["users"]) == ["ann@example.com", "ben@example.com"]
    assert [user["email"] for user in second.records["users"]] == ["ben@example.com"]


def _update(sandbox: Sandbox, *emails: str) -> None:
    body = {"users": [{"email": email, "dataFields": {"plan": "gold"}} for email in emails]}
    headers = {"Api-Key": sandbox.api_key}
    requests.post(f"{sandbox.url}/api/users/bulkUpdate", json=body, headers=headers, timeout=30).raise_for_status()


def test_batch_files_hold_every_row_before_the_state_that_follows_them(
    project: Sandbox, read: TapRun, tmp_path: Path
) -> None:
    _track(project, *(START + timedelta(hours=hour) for hour in range(60)))
    read.settings["batch_config"] = {
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "storage": {"root": f"file://{tmp_path}/batches"},
        "batch_size": 7,
    }
    (tmp_path / "batches").mkdir()
    output = read("custom_event", start_date="2026-09-01", end_date="2026-09-04", window_days=1)
    assert output.code == 0, output.log
    seen: list[dict[str, Any]] = []
    for message in output.messages:
        if message["type"] == "BATCH":
            for path in message["manifest"]:
                seen += [
                    json.loads(line) for line in gzip.decompress(Path(path[len("file://") :]).read_bytes()).splitlines()
                ]
        if message["type"] == "STATE":
            _holds_all_before(message["value"]["bookmarks"]["custom_event"].get("replication_key_value"), seen)
    assert len(seen) == 60


def _unpacked(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def _holds_all_before(bookmark: str | None, seen: list[dict[str, Any]]) -> None:
    if bookmark is not None:
        hours = int((datetime.fromisoformat(bookmark) - START) / timedelta(hours=1))
        assert sum(record["createdAt"] < bookmark for record in seen) == min(hours, 60)


def test_every_event_stream_is_incremental_by_the_field_that_its_range_means(read: TapRun) -> None:
    catalog = {entry["tap_stream_id"]: entry for entry in read.catalog()["streams"]}
    for data_type in EVENTS:
        assert catalog[data_type.stream]["replication_key"] == "createdAt"
        assert catalog[data_type.stream]["key_properties"] == ["recordId"]
    assert catalog["users"]["replication_key"] == "profileUpdatedAt"
