"""Runs that must not go on: they end with a clear message, and state stays where it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from singer_sdk.exceptions import InvalidInputLine

from target_iterable.delivery.errors import DeliveryFailedError
from tests.target.conftest import NewProject, Project
from tests.target.loading import STATE, Loader, Message, stream

ANN = "ann@example.com"

LoaderForAnswer = Callable[[dict[str, Any]], Loader]


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[LoaderForAnswer]:
    """A target on a server that gives one answer to everything, also such as Iterable should not give."""
    with ExitStack() as stack:

        def make(answer: dict[str, Any]) -> Loader:
            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), _handler(json.dumps(answer).encode())))
            stack.callback(server.shutdown)
            Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            return Loader(SimpleNamespace(url=f"http://127.0.0.1:{server.server_port}", api_key="k"), tmp_path)

        yield make


def _handler(body: bytes) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            fields = b'{"fields": {}}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(fields)))
            self.end_headers()
            self.wfile.write(fields)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def fails(load: Loader, messages: list[Message], *, match: str, **settings: Any) -> None:
    with pytest.raises(DeliveryFailedError, match=match):
        load(messages, **settings)
    assert load.states == []
    assert load.summary["finished"] is False


def test_state_is_emitted_when_all_records_have_a_verdict(project: Project) -> None:
    project.load(stream("users", [{"email": ANN}, {"email": "nobody"}]))
    assert project.load.states == [STATE]
    assert project.load.summary["finished"] is True


def test_a_wrong_key_fails_the_run_and_says_what_to_check(project: Project) -> None:
    fails(project.load, stream("users", [{"email": ANN}]), match="401.*Check `api_key`, and `region`", api_key="f" * 32)


def test_a_list_id_that_is_not_there_fails_the_run(project: Project) -> None:
    route = {"list_members": {"list_id": 404}}
    fails(project.load, stream("list_members", [{"email": ANN}]), match="'list_members'.*invalidListId", streams=route)


@pytest.mark.parametrize(
    "answer",
    [
        {"successCount": 1, "failCount": 1},
        {"successCount": 2, "failCount": 0, "failedUpdates": {"invalidEmails": [ANN, "bob@example.com"]}},
        {"successCount": 1, "failCount": 1, "invalidEmails": ["stranger@example.com"]},
    ],
)
def test_a_record_that_no_answer_explains_is_rejected_as_unconfirmed_and_never_called_written(
    answering: LoaderForAnswer, answer: dict[str, Any]
) -> None:
    users = answering(answer)(stream("users", [{"email": ANN}, {"email": "bob@example.com"}]))["users"]
    assert (users["written"], users["reasons"]) == (0, {"unconfirmed": 2})


def test_an_answer_that_cannot_be_read_fails_the_run(answering: LoaderForAnswer) -> None:
    answer = {"msg": "", "code": "Success", "params": None}
    fails(
        answering(answer),
        stream("users", [{"email": ANN}]),
        match="'users'.*1 records.*bulkUpdate answered 200.*`successCount`",
    )


def test_fields_that_the_project_drops_are_told_once(new_project: NewProject, caplog: pytest.LogCaptureFixture) -> None:
    project = new_project(unknown_fields="drop")
    rows = [{"email": f"{number}@example.com", "shoeSize": 42} for number in range(4)]
    assert project.load(stream("users", rows), max_batch_rows=2)["users"]["written"] == 4
    assert [message for message in caplog.messages if "shoeSize" in message] == [
        "Iterable drops the field 'shoeSize': the project does not know it and takes no new fields."
    ]


def test_no_address_reaches_the_log(new_project: NewProject, caplog: pytest.LogCaptureFixture) -> None:
    project = new_project(project_type="hybrid")
    caplog.set_level("DEBUG", logger="target-iterable")
    rows = [{"userId": "Zebra1", "email": ANN}, {"userId": "Zebra2"}]
    project.load(stream("users", rows), project_type="hybrid")
    more = [{"userId": "Zebra2", "email": ANN}, {"email": "Zebra"}, {"email": ANN, "age": "Zebra"}]
    users = project.load(stream("users", more, age={"type": ["integer", "null"]}), project_type="hybrid")["users"]
    assert users["rejected"] == 3
    assert not [message for message in caplog.messages if ANN in message or "ebra" in message]


@pytest.mark.parametrize(
    ("line", "match"),
    [
        ('{"type": "STATE", "value": {"ann@example.com"', r"not JSON.*column.*\(line 3\)"),
        ('{"type": "ann@example.com"}', r"type that is not known \(line 3\)"),
        ('{"type": "STATE", "state": "ann@example.com"}', r"A STATE of the input has no value \(line 3\)"),
        ('{"type": "SCHEMA", "stream": ["ann@example.com"], "schema": {}}', "name is not a text"),
        ('{"type": "STATE", "value": ' + "[" * 5000 + "]" * 5000 + "}", "too many others"),
        ('{"type": "SCHEMA", "stream": "users", "schema": {"properties": {"ann@example.com\xff', "not JSON"),
        ('{"schema": {"ann@example.com": {}}}', "has no type"),
        ('{"type": "RECORD", "stream": "users", "record": {}}{"type": "STATE", "value": {}}', "Extra data"),
        ('{"type": "SCHEMA", "stream": "users", "key_properties": "email", "schema": {"properties": {}}}', "`key_prop"),
        ('{"type": "SCHEMA", "stream": "users", "key_properties": [], "schema": {"properties": []}}', "`schema`"),
        ('{"type": "SCHEMA", "stream": "a", "key_properties": [], "schema": {"properties": {"a": 5}}}', "are objects"),
        (
            '{"type": "SCHEMA", "stream": "a", "schema": {"properties": {"a": {"$ref": "http://127.0.0.1:9/a.json"}}}}',
            "every `.ref` stays in it",
        ),
    ],
)
def test_a_line_that_cannot_be_read_ends_the_run_and_is_not_shown(
    project: Project, caplog: pytest.LogCaptureFixture, line: str, match: str
) -> None:
    with pytest.raises(InvalidInputLine, match=match) as raised:
        project.load([*stream("users", [{"email": "bob@example.com"}]), line])
    assert ANN not in f"{raised.value}{caplog.text}"
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
    assert (project.load.summary["finished"], project.load.streams["users"]["written"]) == (False, 1)


def test_blank_lines_say_nothing(project: Project) -> None:
    schema, record = map(json.dumps, stream("users", [{"email": ANN}]))
    assert project.load(["", schema, "  ", record, "\t"])["users"]["written"] == 1


def test_a_new_version_of_a_stream_removes_nothing(project: Project) -> None:
    version = {"type": "ACTIVATE_VERSION", "stream": "users", "version": 1}
    project.load([*stream("users", [{"email": ANN}]), version])
    project.load([*stream("users", [{"email": "bob@example.com"}]), version])
    assert project.holds.exists(ANN)
