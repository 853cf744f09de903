"""Streams that the key may not read are refused at once with the reason, or left out by name."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from iterable_api.facts.key_types import KeyType
from iterable_sandbox.server import Sandbox
from tests.scripted_server import Answer, ScriptedServer, answer_json
from tests.tap.answering import KEY, answer, paths
from tests.tap.reading import Output, TapRun

REFUSAL = answer_json(401, {"msg": "Disabled API key or insufficient privileges", "code": "BadApiKey", "params": {}})
FORBIDDEN = answer_json(403, {"msg": "Forbidden", "code": "Forbidden", "params": {}})
READABLE: dict[str, Any] = {
    "/api/channels": {"channels": [{"id": 1}]},
    "/api/messageTypes": {"messageTypes": [{"id": 2}]},
}
STREAMS = ("channels", "email_open", "message_types", "snippets", "users")


@pytest.fixture
def read(server: ScriptedServer, tmp_path: Path) -> TapRun:
    """A tap whose key may read neither exports nor snippets."""
    answer(server, {**READABLE, "/api/export/data.json": REFUSAL, "/api/snippets": FORBIDDEN})
    return TapRun(server.url, KEY, tmp_path)


def _read(read: TapRun, **settings: Any) -> Output:
    return read(*STREAMS, end_date="2026-08-02", **settings)


def test_a_stream_that_may_not_be_read_fails_the_run_with_the_reason_and_what_to_do(read: TapRun) -> None:
    output = _read(read)
    assert output.code != 0
    assert "The key may not read the stream email_open" in output.log
    assert "insufficient privileges" in output.log
    assert "skip_forbidden" in output.log
    assert KEY not in output.log


def test_with_skip_forbidden_such_streams_are_left_out_by_name_and_all_others_are_read(read: TapRun) -> None:
    output = _read(read, skip_forbidden=True)
    assert output.code == 0, output.log
    assert {stream for stream, records in output.records.items() if records} == {"channels", "message_types"}
    for stream in ("email_open", "snippets", "users"):
        assert f"The stream {stream} is left out" in output.log
    assert "email_open" not in output.state.get("bookmarks", {}) or not output.state["bookmarks"]["email_open"]


def test_a_key_that_may_read_nothing_is_never_a_success(server: ScriptedServer, read: TapRun) -> None:
    answer(server, dict.fromkeys([*READABLE, "/api/export/data.json", "/api/snippets"], REFUSAL))
    output = _read(read, skip_forbidden=True)
    assert output.code != 0
    assert "/api/channels answered 401" in output.log


@pytest.mark.parametrize("skip_forbidden", [True, False])
def test_discovery_asks_for_nothing(server: ScriptedServer, read: TapRun, skip_forbidden: bool) -> None:  # noqa: FBT001 (pytest passes by name)
    assert len(read.catalog(skip_forbidden=skip_forbidden)["streams"]) > 70
    assert paths(server) == []


def test_a_stream_that_was_left_out_is_never_declared_empty(read: TapRun) -> None:
    output = _read(read, skip_forbidden=True, emit_activate_version_messages=True)
    activated = {message["stream"] for message in output.messages if message["type"] == "ACTIVATE_VERSION"}
    assert activated == {"channels", "message_types"}


def test_the_connection_test_makes_one_cheap_request(server: ScriptedServer, read: TapRun) -> None:
    run = read.test()
    assert run.returncode == 0, run.stderr
    assert paths(server) == ["/api/channels"]
    assert run.stdout == ""


@pytest.mark.parametrize("refusal", [REFUSAL, Answer(403)])
def test_the_connection_test_says_what_is_wrong_with_the_key(
    server: ScriptedServer, read: TapRun, refusal: Answer
) -> None:
    answer(server, {"/api/channels": refusal})
    run = read.test()
    assert run.returncode != 0
    assert f"/api/channels answered {refusal.status}" in run.stderr
    assert "Traceback" not in run.stderr


READ_ONLY = "0" * 31 + "1"
READABLE_WITHOUT_EXPORTS = {
    *("campaigns", "child_campaigns", "campaign_metrics", "experiment_metrics", "channels", "message_types", "lists"),
    *("templates", "template_contents", "journeys", "snippets", "metadata_tables", "metadata", "user_fields"),
}


@pytest.mark.parametrize("mode", ["stream", "jobs"])
def test_a_read_only_key_reads_what_such_keys_may_read_and_all_else_is_named(
    seeded_database: Path, tmp_path: Path, mode: str
) -> None:
    copy = shutil.copy(seeded_database, tmp_path / "project.db")
    with Sandbox(database=str(copy), keys={READ_ONLY: KeyType.READ_ONLY}) as sandbox:
        read = TapRun(sandbox.url, READ_ONLY, tmp_path)
        read.settings["user_events_users"] = ["ann@example.com"]
        streams = [entry["stream"] for entry in read.catalog()["streams"]]
        output = read(*streams, skip_forbidden=True, export_mode=mode)
    assert output.code == 0, output.log
    left_out = {stream for stream in streams if f"The stream {stream} is left out" in output.log}
    assert left_out == set(streams) - READABLE_WITHOUT_EXPORTS
    assert {stream for stream, records in output.records.items() if records} == READABLE_WITHOUT_EXPORTS
