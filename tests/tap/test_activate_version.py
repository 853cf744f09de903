"""A target is told that rows are gone only when all rows that are left have come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tap_iterable.stream_types.resume_mark import ResumeMark
from tests.scripted_server import Answer, ScriptedServer
from tests.tap.answering import KEY, answer
from tests.tap.reading import Output, TapRun

LISTS: dict[str, Any] = {"/api/lists": {"lists": [{"id": 1}, {"id": 2}]}}
MEMBERS: dict[str, Any] = {"/api/lists/getUsers": Answer(body=b"ann@example.com\nben@example.com")}


@pytest.fixture
def read(server: ScriptedServer, tmp_path: Path) -> TapRun:
    answer(server, LISTS | MEMBERS)
    run = TapRun(server.url, KEY, tmp_path)
    run.settings["emit_activate_version_messages"] = True
    return run


def _kinds(output: Output, stream: str) -> list[str]:
    return [message["type"] for message in output.messages if message.get("stream") == stream]


def test_the_message_comes_behind_the_last_record_and_names_the_version_of_all_records(read: TapRun) -> None:
    output = read("lists", "list_users")
    assert output.code == 0, output.log
    assert _kinds(output, "lists") == ["SCHEMA", "RECORD", "RECORD", "ACTIVATE_VERSION"]
    assert _kinds(output, "list_users") == ["SCHEMA", *["RECORD"] * 4, "ACTIVATE_VERSION"]
    for stream in ("lists", "list_users"):
        versions = {
            message["version"]
            for message in output.messages
            if message.get("stream") == stream and "version" in message
        }
        assert len(versions) == 1


def test_a_stream_that_lacks_rows_does_not_declare_them_gone(server: ScriptedServer, read: TapRun) -> None:
    answer(
        server,
        LISTS
        | {
            "/api/lists/getUsers": lambda query: (
                MEMBERS["/api/lists/getUsers"] if query["listId"] == ["1"] else Answer(400)
            )
        },
    )
    output = read("list_users")
    assert output.code != 0
    assert _kinds(output, "list_users") == ["SCHEMA", "RECORD", "RECORD"]


def test_a_run_that_goes_on_where_another_stopped_does_not_declare_the_rows_of_that_gone(read: TapRun) -> None:
    mark = ResumeMark.new({"list_ids": [], "excluded_list_ids": [], "project_type": "email"}).after(1, read=True)
    output = read("list_users", state={"bookmarks": {"list_users": {"resume": mark.to_state()}}})
    assert output.code == 0, output.log
    assert _kinds(output, "list_users") == ["SCHEMA", "RECORD", "RECORD"]


def test_without_the_setting_there_are_no_such_messages(read: TapRun) -> None:
    assert "ACTIVATE_VERSION" not in _kinds(read("lists", emit_activate_version_messages=False), "lists")
