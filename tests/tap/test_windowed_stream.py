"""Windowed streams: the private hooks of the SDK that their bookmarks need still exist and are called."""

from __future__ import annotations

import inspect
import json
from datetime import timedelta
from pathlib import Path

import pytest
from singer_sdk import Stream

from tests.scripted_server import ScriptedServer
from tests.tap.export_server import START, ExportServer, row, stream_of


@pytest.mark.parametrize(
    ("hook", "parameters"),
    [
        ("_write_state_message", ["self"]),
        ("_increment_stream_state", ["self", "latest_record", "context"]),
        ("get_replication_key_signpost", ["self", "context"]),
    ],
)
def test_the_sdk_has_the_hooks_that_are_overridden(hook: str, parameters: list[str]) -> None:
    assert list(inspect.signature(getattr(Stream, hook)).parameters) == parameters


def test_a_record_does_not_move_the_bookmark_and_a_checkpoint_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ScriptedServer().running() as server:
        export = ExportServer(server, [row(5)])
        with stream_of(export.url, tmp_path) as stream:
            stream.sync()
    messages = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    bookmarks = [m["value"]["bookmarks"]["custom_event"] for m in messages if m["type"] == "STATE"]
    assert [mark.get("replication_key_value") for mark in bookmarks][-1] == "2026-09-02T00:00:00.000000+00:00"
    assert "progress_markers" not in bookmarks[-1]


def test_a_checkpoint_is_written_at_once_and_never_goes_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with stream_of("http://127.0.0.1:1", tmp_path) as stream:
        stream.checkpoint(START + timedelta(days=2))
        stream.checkpoint(START + timedelta(days=1))
        assert stream.bookmark() == START + timedelta(days=2)
    assert capsys.readouterr().out.count('"STATE"') == 1
