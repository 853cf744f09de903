"""Batched streams: records written in blocks equal those that the SDK would write one by one."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from singer_sdk import Stream

from tap_iterable.event_streams.exports import ExportStream
from tap_iterable.stream_types.batched_stream import BatchedStream
from tests.scripted_server import Answer, ScriptedServer
from tests.tap.export_server import ExportServer, chunked, row, stream_of

NEVER = 10**9
"""As the largest number of records, it makes the SDK look at each of them."""
ROWS = [{**row(second, second), "itblInternal.a": second, "plan": "gold", "price": 1.5} for second in range(300)]
Message = dict[str, Any]


@pytest.fixture
def export(server: ScriptedServer) -> ExportServer:
    return ExportServer(server, ROWS)


def _messages(stream: ExportStream, capsys: pytest.CaptureFixture[str]) -> list[Message]:
    stream.sync()
    messages = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for message in messages:
        if message["type"] == "RECORD":
            assert message.pop("time_extracted")
    return messages


def _both_ways(
    export: ExportServer, folder: Path, capsys: pytest.CaptureFixture[str], **settings: Any
) -> Iterator[list[Message]]:
    for most in (None, NEVER):
        with stream_of(export.url, folder, **settings) as stream:
            stream.ABORT_AT_RECORD_COUNT = most
            assert isinstance(stream, BatchedStream)
            assert stream.written_as_read is (most is None)
            yield _messages(stream, capsys)


@pytest.mark.parametrize("days", [1, 30])
def test_both_ways_write_the_same_messages_in_the_same_order(
    export: ExportServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], days: int
) -> None:
    lines = [json.dumps(row).encode() for row in ROWS]
    lines[7], lines[9] = b'{"email":"\\ud800","number":1e400}', b'{"broken'
    export.broken = lambda *_: Answer(fault=chunked(b"\n".join(lines)))
    blocks, singles = _both_ways(export, tmp_path, capsys, window_days=days)
    assert blocks == singles
    assert [message["type"] for message in blocks].count("RECORD") == 299


def test_both_ways_write_state_at_the_end_of_a_window_however_many_rows_it_has(
    server: ScriptedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export = ExportServer(server, [])
    lines = [json.dumps(row(second, second)).encode() for second in range(10_001)]
    export.broken = lambda *_: Answer(fault=chunked(b"\n".join(lines)))
    blocks, singles = _both_ways(export, tmp_path, capsys)
    assert blocks == singles
    assert "STATE" not in [message["type"] for message in blocks[:-2]]


def test_both_ways_count_records_and_time_the_stream(
    export: ExportServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    told = []
    with caplog.at_level("INFO"):
        for _ in _both_ways(export, tmp_path, capsys):
            points = [r.getMessage().partition("METRIC: ")[2] for r in caplog.records]
            metrics = {point["metric"]: point for point in map(json.loads, filter(None, points))}
            told.append((metrics["record_count"]["value"], metrics["record_count"]["tags"], set(metrics)))
            caplog.clear()
    assert told[0] == told[1]
    assert told[0][0] == 300
    assert "sync_duration" in told[0][2]


def test_a_field_that_is_not_selected_is_left_out(
    export: ExportServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with stream_of(export.url, tmp_path) as stream:
        catalog = stream.tap.catalog
        catalog["custom_event"].metadata["properties", "email"].selected = False
        stream.apply_catalog(catalog)
        assert not stream.written_as_read
        records = [message["record"] for message in _messages(stream, capsys) if message["type"] == "RECORD"]
    assert len(records) == 300
    assert not any("email" in record for record in records)
    assert all(record["itblInternal"] and record["dataFields"] for record in records)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            {"stream_maps": {"custom_event": {"recordId": "recordId", "name": "eventName.upper()", "__else__": None}}},
            [{"name": f"E{number}"} for number in range(300)],
        ),
        (
            {"flattening_enabled": True, "flattening_max_depth": 1, "stream_maps": {}},
            [{"itblInternal": f'{{"a":{number}}}'} for number in range(300)],
        ),
    ],
)
def test_what_a_map_makes_of_records_is_written(
    export: ExportServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    settings: dict[str, Any],
    expected: list[dict[str, Any]],
) -> None:
    with stream_of(export.url, tmp_path, **settings) as stream:
        assert not stream.written_as_read
        records = [message["record"] for message in _messages(stream, capsys) if message["type"] == "RECORD"]
    assert [{name: record[name] for name in expected[0]} for record in records] == expected


def test_a_stream_that_is_mapped_away_writes_nothing(
    export: ExportServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with stream_of(export.url, tmp_path, stream_maps={"custom_event": None}) as stream:
        assert not stream.written_as_read
        assert {message["type"] for message in _messages(stream, capsys)} == {"STATE"}


def test_a_full_table_has_its_version_on_each_record_and_is_activated(
    export: ExportServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with stream_of(export.url, tmp_path, emit_activate_version_messages=True) as stream:
        stream.forced_replication_method = "FULL_TABLE"
        assert stream.written_as_read
        messages = _messages(stream, capsys)
    (activation,) = (message for message in messages if message["type"] == "ACTIVATE_VERSION")
    assert {message["version"] for message in messages if message["type"] == "RECORD"} == {activation["version"]}


def test_the_sdk_has_the_hook_that_is_overridden_and_what_it_calls() -> None:
    hook = Stream._sync_records  # noqa: SLF001 (that it is private is the point)
    assert list(inspect.signature(hook).parameters) == ["self", "context", "write_messages"]
    for name in ("_write_starting_replication_value", "_finalize_state", "_write_state_message"):
        assert callable(getattr(Stream, name))


def test_what_the_sdk_does_for_a_stream_beside_its_records_is_what_is_done_here() -> None:
    """If this fails, the SDK does something new in `_sync_records`: see whether `_write_blocks` must do it too."""
    done_here = "get_record_counter get_sync_timer with_context increment _write_starting_replication_value "
    done_here += "state_manager stream_state _finalize_state _write_state_message"
    looks_at_records = "get_records post_process _process_record _write_record_message _increment_stream_state "
    looks_at_records += "_check_max_record_limit STATE_MSG_FREQUENCY log_sort_error warn selected"
    has_no_meaning_here = "partitions get_context_state _get_state_partition_context"
    calls = set(inspect.getclosurevars(Stream._sync_records).unbound)  # noqa: SLF001 (that it is private is the point)
    assert calls == {*done_here.split(), *looks_at_records.split(), *has_no_meaning_here.split()}
