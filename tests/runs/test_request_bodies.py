"""Bodies of requests are found in the request log that the target has written."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from iterable_api.http.client import Attempt
from iterable_runs.queries import request_bodies
from iterable_runs.queries.answers import Request
from iterable_runs.queries.request_bodies import read_body
from target_iterable.reporting.request_log import RequestLog

PATH = "/api/users/bulkUpdate"


def logged(path: Path, *attempts: tuple[float, Any], bodies: bool = True) -> None:
    """The log of requests that took some seconds, with their bodies."""
    log = RequestLog(str(path), bodies=bodies)
    for seconds, body in attempts:
        log.record_attempt(Attempt("POST", PATH, 200, seconds, json.dumps(body).encode()))
    log.close()


def request(milliseconds: int, at: datetime | None = None) -> Request:
    return Request(1, at or datetime.now(UTC), "POST", PATH, 200, milliseconds)


def test_a_body_is_the_one_of_the_request_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "requests.ndjson"
    logged(path, (0.111, {"users": [1]}), (0.222, {"users": [2]}))
    assert json.loads(str(read_body(path, request(222)).text)) == {"users": [2]}
    assert read_body(path, request(333)).text is None
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    assert "no line" in read_body(path, request(222, long_ago)).problem


def test_a_long_log_is_not_read_from_its_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "requests.ndjson"
    start = datetime(2026, 11, 29, tzinfo=UTC)
    members = {"method": "POST", "path": PATH, "status": 200, "milliseconds": 5}
    with path.open("w") as file:
        for number in range(20_000):
            at = (start + timedelta(seconds=10 * number)).isoformat()
            file.write(json.dumps({"at": at, **members, "body": {"number": number}}) + "\n")
    monkeypatch.setattr(request_bodies, "_MOST_READ_BYTES", 200_000)
    monkeypatch.setattr(request_bodies, "_LONGEST_LINE", 100_000)
    for number in (0, 1, 9_999, 19_999):
        found = read_body(path, request(5, start + timedelta(seconds=10 * number)))
        assert json.loads(str(found.text)) == {"number": number}


def test_what_there_is_no_body_for_is_told_with_the_setting(tmp_path: Path) -> None:
    assert "request_log_bodies" in read_body(None, request(1)).problem
    assert "not there" in read_body(tmp_path / "none", request(1)).problem
    assert "cannot be read" in read_body(tmp_path, request(1)).problem
    path = tmp_path / "requests.ndjson"
    logged(path, (0.005, {"users": []}), bodies=False)
    assert "request_log_bodies" in read_body(path, request(5)).problem


def test_lines_that_are_no_requests_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "requests.ndjson"
    path.write_bytes(b'\xff\n[]\n{"at": 3}\n{"at": "yesterday"}\n' + b"[" * 5_000 + b"\n")
    logged(path, (0.007, {"found": True}))
    assert json.loads(str(read_body(path, request(7)).text)) == {"found": True}
