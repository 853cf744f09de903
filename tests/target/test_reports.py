"""Reports of a run: the table, the summary, the progress and the request log. They never hold personal data."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from target_iterable.config.setting_error import SettingError
from target_iterable.reporting.request_log import RequestLogNotWrittenError
from tests.scripted_server import answer_json
from tests.target.bulk_server import bulk
from tests.target.conftest import Project
from tests.target.loading import stream

ANN = "ann@example.com"
MIXED = [{"email": ANN, "shoeSize": 42}, {"email": "nobody"}, {}]


def calls(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_run_ends_with_a_table_of_its_streams_and_the_reasons_of_rejects(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.load(stream("users", MIXED))
    header, users, *reasons = [line.split() for line in capsys.readouterr().err.splitlines()[-4:]]
    row = dict(zip(header, users, strict=True))
    assert {name: row[name] for name in ("stream", "read", "written", "rejected", "unsent", "requests")} == {
        "stream": "users",
        "read": "3",
        "written": "1",
        "rejected": "2",
        "unsent": "0",
        "requests": "1",
    }
    assert sorted(reasons) == [["rejected", "1:", "invalidEmails"], ["rejected", "1:", "missingIdentity"]]


def test_the_summary_counts_traffic_and_names_new_fields(project: Project) -> None:
    users = project.load(stream("users", [{"email": ANN, "shoeSize": 42}]))["users"]
    body = {"users": [{"email": ANN, "dataFields": {"shoeSize": 42}}]}
    assert users["bytes"] == len(json.dumps(body, separators=(",", ":")))
    assert (users["retries"], users["created_fields"], users["dropped_fields"]) == (0, ["shoeSize"], [])
    assert 0 < users["limit_share"] <= 1


def test_tries_that_had_to_be_repeated_are_counted_apart() -> None:
    with bulk() as server:
        answers = iter([answer_json(429, {}), None])
        server.deliver([{}], lambda _: next(answers))
        traffic = server.isolator.sender.http_stats
        assert (traffic.requests, traffic.retries) == (1, 1)


def test_verdicts_are_singer_metrics_by_stream_and_reason(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    again = {"users": {"skip_unchanged": True}}
    for _ in range(2):
        caplog.clear()
        project.load(
            stream("users", MIXED), streams=again, ledger=str(project.load.rejects_directory.parent / "ledger.db")
        )
    points = [json.loads(text.removeprefix("METRIC: ")) for text in caplog.messages if text.startswith("METRIC: ")]
    counted = {
        (point["tags"]["verdict"], point["tags"].get("reason")): (
            point["type"],
            point["tags"]["stream"],
            point["value"],
        )
        for point in points
        if point["metric"] == "record_verdict_count"
    }
    assert counted == {
        ("unchanged", None): ("counter", "users", 1),
        ("rejected", "invalidEmails"): ("counter", "users", 1),
        ("rejected", "missingIdentity"): ("counter", "users", 1),
    }


@pytest.mark.parametrize(("good", "says_so"), [(0, True), (1, False)])
def test_a_stream_that_contradicts_its_own_schema_throughout_is_told_the_setting_that_helps(
    project: Project, capsys: pytest.CaptureFixture[str], good: int, *, says_so: bool
) -> None:
    records = [{"email": f"{n}@example.com", "age": "old"} for n in range(2)] + [{"email": ANN, "age": 3}] * good
    project.load(stream("users", records, (), age={"type": "integer"}))
    assert ("`validate_records: false`" in capsys.readouterr().err) is says_so


def test_every_call_is_logged_without_anything_about_people(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "calls.ndjson"
    rows = [{"email": ANN, "list": "VIP", "name": "Ann Secret"}, {"email": "nobody"}]
    for _ in range(2):
        project.load(stream("list_members", rows), request_log_path=str(path))
    logged = calls(path)
    reading, making, again, fields, writing = logged[:5]
    assert len(logged) == 5 + 3
    for call in (reading, again):
        assert (call["method"], call["path"], call["status"]) == ("GET", "/api/lists", 200)
    assert (making["method"], making["path"]) == ("POST", "/api/lists")
    assert fields["path"] == "/api/users/getFields"
    assert (writing["records"], writing["written"], writing["rejected"], writing["unknown"]) == (1, 1, 0, 0)
    assert all(call["milliseconds"] >= 0 for call in logged)
    assert not [text for text in (ANN, "Secret", project.sandbox.api_key) if text in path.read_text()]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_full_disk_under_the_request_log_fails_the_run_by_name_and_leaves_whole_lines(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, room = tmp_path / "calls.ndjson", 300

    def write(file: int, content: memoryview) -> int:
        """Take what the disk has room for."""
        if (size := os.fstat(file).st_size) >= room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return os_write(file, content[: room - size])

    os_write = os.write
    monkeypatch.setattr(os, "write", write)
    with pytest.raises(
        RequestLogNotWrittenError, match=r"\(`request_log_path`\): No space left on device. State has not"
    ):
        project.load(stream("users", [{"email": ANN}]), request_log_path=str(path))
    assert project.load.states == []
    assert [call["path"] for call in calls(path)] == ["/api/users/getFields"]


def test_bodies_are_logged_when_asked_for(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "calls.ndjson"
    project.load(stream("users", [{"email": ANN}]), request_log_path=str(path), request_log_bodies=True)
    assert [call["body"] for call in calls(path) if "body" in call] == [{"users": [{"email": ANN}]}]


def test_a_log_that_cannot_be_written_is_refused_by_name(project: Project) -> None:
    with pytest.raises(SettingError, match="`request_log_path` cannot be written: No such file"):
        project.load([], request_log_path="/no/such/place/calls.ndjson")
