"""An answer that is no answer, although its status is 200, never passes for a window or a file."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from iterable_api.errors import IncompleteBodyError
from iterable_api.waiting.retry_policy import EXPORT_FILE, WINDOW_WITHOUT_ROWS
from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import StoppedClock
from tap_iterable.event_streams.exports import ExportStream
from tap_iterable.export.clock import Clock
from tap_iterable.export.content_check import NoRowsError, check_rows
from tap_iterable.export.job import ExportJobError
from tap_iterable.stream_types.partitioned_stream import MissingPartitionsError
from tap_iterable.streams.list_users import ListUsersStream
from tap_iterable.streams.user_events import UserEventsStream
from tap_iterable.tap import TapIterable
from tests.scripted_server import Answer, ScriptedServer
from tests.tap.answering import answer, stream_of
from tests.tap.export_server import START, ExportServer, body, chunked, row
from tests.tap.export_server import stream_of as export_of
from tests.tap.reading import TapRun

DAY = 86_400
ERROR = {"msg": "An error occurred for ann@example.com", "code": "GenericError", "params": None}
NOT_FOUND = {"error": "NotFound", "message": "no", "code": "error.exports.notFound", "data": {"args": []}}
PAGE = b"<html>\n<body>Sorry, ann@example.com\n</body></html>"
NO_ROWS: dict[str, tuple[bytes, str]] = {
    "a page": (PAGE, "HTML or XML"),
    "a page of one line": (b"<!DOCTYPE html><p>Sorry, ann@example.com</p>", "HTML or XML"),
    "an error": (json.dumps(ERROR).encode(), "an error of Iterable's, code GenericError"),
    "an error over several lines": (json.dumps(ERROR, indent=2).encode(), "an error of Iterable's, code GenericError"),
    "an error of the other form": (json.dumps(NOT_FOUND).encode(), "an error of Iterable's, code error.exports"),
    "an empty object": (b"{}", "an object"),
    "objects that are no rows": (b'{"a":1}\n{"b":"ann@example.com"}\n' * 200, "an object"),
    "an empty array": (b"[]", "an array"),
    "rows in an array": (json.dumps([row(1)]).encode(), "an array"),
    "rows in an array over several lines": (json.dumps([row(1)] * 9, indent=1).encode(), "an array"),
    "null": (b"null\n", "null"),
    "a text": (b'"ann@example.com"', "a text"),
    "a number": (b"\n\n0\n", "a number"),
    "plain text": (b"upstream connect error, ann@example.com", "text"),
    "bytes": (gzip.compress(b"x"), "compressed data"),
}


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds: list[float] = []
    monkeypatch.setattr(ExportStream, "clock", Clock(sleep=seconds.append))
    return seconds


@pytest.mark.parametrize("kind", NO_ROWS)
def test_a_window_without_a_row_is_asked_for_again_and_then_fails_with_what_came(
    server: ScriptedServer, tmp_path: Path, slept: list[float], kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    content, told = NO_ROWS[kind]
    export = ExportServer(server, [row(10)])
    export.broken = lambda *_: Answer(fault=chunked(content))
    with export_of(export.url, tmp_path) as stream, pytest.raises(NoRowsError) as failure:
        list(stream.get_records(None))
    assert export.windows == [(0, DAY)] * WINDOW_WITHOUT_ROWS.attempts
    assert slept == [1, 4]
    assert f"/api/export/data.json answered with {told}" in str(failure.value)
    assert f"{len(content):,} bytes" in str(failure.value)
    assert "custom_event from 2026-09-01 00:00:00 to 2026-09-02 00:00:00" in str(failure.value)
    assert "ann" not in str(failure.value) + caplog.text
    assert "replication_key_value" not in stream.stream_state
    assert not (tmp_path / "malformed").exists()


@pytest.mark.parametrize("kind", NO_ROWS)
def test_a_window_that_comes_when_it_is_asked_for_again_is_read_whole(
    server: ScriptedServer, tmp_path: Path, slept: list[float], kind: str
) -> None:
    export = ExportServer(server, [row(10, 1), row(20, 2)])
    broken = [Answer(fault=chunked(NO_ROWS[kind][0]))] * (WINDOW_WITHOUT_ROWS.attempts - 1)
    export.broken = lambda *_: broken.pop() if broken else None
    with export_of(export.url, tmp_path) as stream:
        assert len(list(stream.get_records(None))) == 2
        assert stream.stream_state["replication_key_value"][:16] == "2026-09-02T00:00"
    assert len(slept) == WINDOW_WITHOUT_ROWS.attempts - 1


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n \n\n"])
def test_an_empty_answer_is_a_window_without_rows(server: ScriptedServer, tmp_path: Path, content: bytes) -> None:
    export = ExportServer(server, [])
    export.broken = lambda *_: Answer(fault=chunked(content))
    with export_of(export.url, tmp_path) as stream:
        assert list(stream.get_records(None)) == []
        assert stream.stream_state["replication_key_value"][:16] == "2026-09-02T00:00"
    assert export.windows == [(0, DAY)]


def test_one_malformed_line_may_be_beside_a_row_wherever_it_stands(server: ScriptedServer, tmp_path: Path) -> None:
    for lines in ([b"{}", *[body([row(1)])]], [body([row(1)]), b'{"a":1}'], [b"<p>", b"", body([row(1)])]):
        export = ExportServer(server, [])
        export.broken = lambda *_, lines=lines: Answer(fault=chunked(b"\n".join(lines)))
        with export_of(export.url, tmp_path) as stream:
            assert len(list(stream.get_records(None))) == 1


def test_a_single_second_that_ends_within_its_first_row_fails(server: ScriptedServer, tmp_path: Path) -> None:
    export = ExportServer(server, [row(0)])
    export.broken = lambda start, _end, content: Answer(fault=chunked(content[:-5])) if start == 0 else None
    with export_of(export.url, tmp_path) as stream, pytest.raises(IncompleteBodyError, match="within its first row"):
        list(stream.get_records(None))
    assert export.windows[-1] == (0, 1)


@pytest.mark.parametrize("place", [1, 150, 299])
def test_an_error_in_place_of_a_row_is_no_malformed_line(server: ScriptedServer, tmp_path: Path, place: int) -> None:
    """Rows are missing after it, so the window is read again in halves, as one that broke off."""
    export = ExportServer(server, [row(second, second) for second in range(300)])

    def broken(start: int, end: int, content: bytes) -> Answer:
        lines = content.splitlines()
        if end - start == DAY:
            lines[place] = json.dumps(ERROR).encode()
        return Answer(fault=chunked(b"\n".join(lines)))

    export.broken = broken
    with export_of(export.url, tmp_path) as stream:
        names = {record["eventName"] for record in stream.get_records(None)}
    assert names == {f"e{number}" for number in range(300)}
    assert export.windows == [(0, DAY), (0, DAY // 2), (DAY // 2, DAY)]
    assert not (tmp_path / "malformed").exists()


def test_an_event_may_have_the_fields_of_an_error_beside_its_own(server: ScriptedServer, tmp_path: Path) -> None:
    export = ExportServer(server, [{**row(1), **ERROR}])
    with export_of(export.url, tmp_path) as stream:
        (record,) = stream.get_records(None)
    assert record["dataFields"] == ERROR


def _jobs(sandbox: Sandbox, folder: Path) -> ExportStream:
    config = {
        "api_key": sandbox.api_key,
        "api_url": sandbox.url,
        "enforce_rate_limits": False,
        "start_date": START.isoformat(),
        "end_date": "2026-09-02",
        "malformed_directory": str(folder / "malformed"),
        "export_mode": "jobs",
    }
    tap = TapIterable(config=config)
    for name in list(tap.streams):
        if name != "custom_event":
            del tap.streams[name]
    stream = tap.streams["custom_event"]
    assert isinstance(stream, ExportStream)
    return stream


@pytest.fixture
def project(slept: list[float]) -> Any:  # noqa: ARG001 (nothing waits)
    events = [
        {"email": "ann@example.com", "eventName": f"e{number}", "createdAt": int(START.timestamp()) + number}
        for number in range(100)
    ]
    with Sandbox(clock=StoppedClock(START), export_polls=0, export_file_bytes=5000) as sandbox:
        _post(sandbox, events)
        yield sandbox


def _post(sandbox: Sandbox, events: list[dict[str, Any]]) -> None:
    headers = {"Api-Key": sandbox.api_key}
    answered = requests.post(
        f"{sandbox.url}/api/events/trackBulk", json={"events": events}, headers=headers, timeout=30
    )
    assert answered.json()["successCount"] == len(events)


@pytest.mark.parametrize("kind", sorted(NO_ROWS.keys() - {"bytes"}))  # the sandbox's faults are texts
def test_a_file_of_a_job_without_a_row_is_fetched_again_and_then_fails_with_what_came(
    project: Sandbox, tmp_path: Path, kind: str
) -> None:
    content, told = NO_ROWS[kind]
    fault = project.inject("answer", route="GET /_files/*", status=200, body=content.decode(), times=None)
    stream = _jobs(project, tmp_path)
    tries = EXPORT_FILE.attempts
    told = rf"of export job \d+ of customEvent answered with {told}.*tried {tries} times"
    with pytest.raises(ExportJobError, match=told):
        list(stream.get_records(None))
    assert fault.struck == tries
    assert "replication_key_value" not in stream.stream_state
    assert not (tmp_path / "malformed").exists()


def test_an_empty_file_of_a_job_is_fetched_again_and_then_fails(project: Sandbox, tmp_path: Path) -> None:
    fault = project.inject("answer", route="GET /_files/*", status=200, body="", times=None)
    stream = _jobs(project, tmp_path)
    with pytest.raises(ExportJobError, match="answered with nothing, 0 bytes"):
        list(stream.get_records(None))
    assert fault.struck == EXPORT_FILE.attempts
    assert "replication_key_value" not in stream.stream_state


def test_a_file_of_a_job_that_comes_when_it_is_fetched_again_is_read_whole(project: Sandbox, tmp_path: Path) -> None:
    project.inject("answer", route="GET /_files/*", status=200, body=PAGE.decode(), times=3)
    assert len(list(_jobs(project, tmp_path).get_records(None))) == 100


def test_the_command_fails_and_leaves_the_state_before_a_page_in_place_of_events(tmp_path: Path) -> None:
    with Sandbox(clock=StoppedClock(START)) as sandbox:
        sandbox.inject("answer", route="GET /api/export/data.json", status=200, body=PAGE.decode(), times=None)
        read = TapRun(sandbox.url, sandbox.api_key, tmp_path)
        output = read("email_open", export_mode="stream", start_date="2026-08-01", end_date="2026-09-01")
        assert len(sandbox.requests("GET /api/export/data.json")) == WINDOW_WITHOUT_ROWS.attempts
    assert output.code == 1
    assert "email_open from 2026-08-01 00:00:00" in output.log.splitlines()[-1]
    assert "answered with HTML or XML" in output.log.splitlines()[-1]
    assert "ann@example.com" not in output.log
    assert all("replication_key_value" not in state["bookmarks"].get("email_open", {}) for state in output.states)


def _member_answers(content: bytes) -> dict[str, object]:
    return {"/api/lists": {"lists": [{"id": 1}, {"id": 2}]}, "/api/lists/getUsers": _first_list(Answer(body=content))}


def _first_list(wrong: Answer) -> Callable[[dict[str, list[str]]], Answer]:
    return lambda query: wrong if query["listId"] == ["1"] else Answer(body=b"ben@example.com\n")


@pytest.mark.parametrize("project_type", ["email", "hybrid"])
@pytest.mark.parametrize(
    "kind", ["a page", "a page of one line", "an error", "an empty object", "an empty array", "null"]
)
def test_a_list_whose_answer_is_no_list_of_members_is_left_out_and_reported(
    server: ScriptedServer, kind: str, project_type: str
) -> None:
    answer(server, _member_answers(NO_ROWS[kind][0]))
    with stream_of(ListUsersStream, server.url, project_type=project_type) as stream:
        assert [record["member"] for record in stream.get_records(None)] == ["ben@example.com"]
        with pytest.raises(MissingPartitionsError, match=r"could not be read: 1\."):
            stream.log_sync_costs()


def test_text_without_an_address_is_no_list_of_an_e_mail_project(server: ScriptedServer) -> None:
    answer(server, _member_answers(b"Service temporarily unavailable\n"))
    with stream_of(ListUsersStream, server.url) as stream:
        assert [record["member"] for record in stream.get_records(None)] == ["ben@example.com"]
        assert stream.missing == {1}


def test_user_ids_may_look_like_anything(server: ScriptedServer) -> None:
    members = ["{3F2504E0-4F89-41D3-9A0C-0305E82C3301}", "42", "[x]", "<", "true"]
    answer(server, _member_answers("\n".join(members).encode()))
    with stream_of(ListUsersStream, server.url, project_type="userId") as stream:
        assert [record["member"] for record in stream.get_records(None)][:-1] == members
        stream.log_sync_costs()


@pytest.mark.parametrize("kind", NO_ROWS)
def test_a_user_whose_events_are_no_events_is_left_out_and_reported(
    server: ScriptedServer, tmp_path: Path, kind: str
) -> None:
    def events(query: dict[str, list[str]]) -> Answer:
        ben = query["email"] == ["ben@example.com"]
        return Answer(body=b'{"_type":"emailOpen"}' if ben else NO_ROWS[kind][0])

    answer(server, {"/api/export/userEvents": events})
    users = ["ann@example.com", "ben@example.com"]
    settings = {"user_events_users": users, "malformed_directory": str(tmp_path / "malformed")}
    with stream_of(UserEventsStream, server.url, **settings) as stream:
        assert [record["_type"] for record in stream.get_records(None)] == ["emailOpen"]
        with pytest.raises(MissingPartitionsError, match=r"could not be read: 1\."):
            stream.log_sync_costs()
    assert not (tmp_path / "malformed").exists()


def test_an_answer_is_at_its_start_when_it_was_looked_at() -> None:
    for content in (b"", b"\n", b"x\nrow\n", b"\n\nrow"):
        spool = io.BytesIO(content)
        check_rows(spool, "it", lambda line: line.strip() == b"row", "row")
        assert spool.read() == content
