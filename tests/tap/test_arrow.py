"""`tap_iterable.arrow` gives the rows of messages as Arrow record batches, to any library that reads Arrow."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from singer_sdk.exceptions import ConfigValidationError

from iterable_api.errors import ServerError
from iterable_sandbox.server import Sandbox
from tap_iterable.arrow import StreamReader, read
from tap_iterable.input.selection import NothingSelectedError, UnknownStreamError
from tap_iterable.stream_types.base import NotReadableError
from tests.tap.reading import TapRun

WEEKS = ("2026-10-05", "2026-10-12", "2026-10-19", "2026-10-26", "2026-11-02")


@pytest.fixture
def config(seeded: Sandbox, tmp_path: Path) -> dict[str, Any]:
    return {**TapRun(seeded.url, seeded.api_key, tmp_path).settings, "end_date": WEEKS[-1]}


def _rows(batches: Iterator[pa.RecordBatch]) -> list[dict[str, Any]]:
    return [row for batch in batches for row in batch.to_pylist()]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    texts = {"dataFields", "itblInternal", "transactionalData"} & row.keys()
    read = {name: json.loads(value) if name in texts and value else value for name, value in row.items()}
    return {name: _moment(value) for name, value in read.items() if value is not None}


def _moment(value: object) -> object:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value


@pytest.mark.parametrize("stream", ["email_send", "campaigns"])
def test_batches_hold_the_rows_of_messages_and_nothing_is_written(
    config: dict[str, Any], tmp_path: Path, stream: str, capfd: pytest.CaptureFixture[str]
) -> None:
    run = TapRun(config["api_url"], config["api_key"], tmp_path)(stream, end_date=WEEKS[-1])
    reader = read(config, stream)
    schema, batches = reader.schema, list(reader)
    assert all(batch.schema.equals(schema) for batch in batches)
    rows = _rows(iter(batches))
    assert len(rows) > 10
    key = "recordId" if stream == "email_send" else "id"
    records = {record[key]: record for record in run.records[stream]}
    if stream == "email_send":
        assert {row[key]: _plain(row) for row in rows} == {
            name: {field: value for field, value in record.items() if value is not None}
            for name, record in records.items()
        }
    assert sorted(row[key] for row in rows) == sorted(records)
    assert reader.state["bookmarks"].get(stream, {}).get("replication_key_value") == (
        run.state["bookmarks"].get(stream, {}).get("replication_key_value")
    )
    assert capfd.readouterr().out == ""


def test_duckdb_reads_a_stream_and_a_second_read_from_the_state_brings_only_new_rows(config: dict[str, Any]) -> None:
    first = read({**config, "end_date": WEEKS[2], "lookback_minutes": 0}, "email_send")
    with duckdb.connect() as database:
        database.register("batches", first.to_reader())
        database.execute("create table sends as from batches")
        second = read({**config, "lookback_minutes": 0}, "email_send", state=json.loads(json.dumps(first.state)))
        database.register("more", pa.RecordBatchReader.from_stream(second))
        database.execute("insert into sends from more")
        whole = read(config, "email_send")
        database.register("whole", whole.to_reader())
        counted = database.execute("select count(*), count(distinct recordId) from sends").fetchone()
        expected = database.execute("select count(*) from whole").fetchone()
        types = dict(database.execute("select column_name, column_type from (describe sends)").fetchall())
    assert expected is not None
    assert expected[0] > 100
    assert counted == (expected[0], expected[0])
    assert (types["createdAt"], types["campaignId"]) == ("TIMESTAMP WITH TIME ZONE", "BIGINT")


def test_the_schema_is_there_before_anything_is_asked(config: dict[str, Any]) -> None:
    config["api_url"] = "http://127.0.0.1:9"
    schema = read(config, "purchase").schema
    assert schema.field("total").type == pa.float64()
    assert schema.field("createdAt").type == pa.timestamp("us", tz="UTC")


def _bookmark(reader: StreamReader) -> str:
    return str(reader.state.get("bookmarks", {}).get("email_send", {}).get("replication_key_value", ""))


def test_the_state_is_never_ahead_of_the_batches_that_were_handed_out(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that is older than the state, and that no batch has brought yet, would be lost."""
    monkeypatch.setattr("tap_iterable.arrow.BATCH_ROWS", 40)
    reader = read({**config, "window_days": 3}, "email_send")
    states, brought = [_bookmark(reader)], []
    for batch in reader:
        states.append(_bookmark(reader))
        brought.append({str(_moment(moment)) for moment in batch.column("createdAt").to_pylist()})
    assert len(brought) > 3
    assert states[0] == ""
    assert len({*states}) > 3
    for number, state in enumerate(states):
        assert all(moment >= state for later in brought[number:] for moment in later)
    assert _bookmark(reader) >= states[-1]
    assert all(earlier <= later for earlier, later in pairwise(states))


def test_an_error_of_the_tap_comes_where_the_batch_was_asked_for_and_the_state_stays_behind(
    config: dict[str, Any], seeded: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tap_iterable.arrow.BATCH_ROWS", 40)
    settings = {**config, "window_days": 3, "lookback_minutes": 0, "max_tries": 1}
    whole = {row["recordId"] for row in _rows(read(settings, "email_send"))}
    reader = read(settings, "email_send")
    rows = next(reader).to_pylist()
    seeded.inject("generic_error", route="GET /api/export/data.json", times=None)
    with pytest.raises(ServerError) as raised:
        rows += _rows(reader)
    assert config["api_key"] not in str(raised.value)
    seeded.project.faults.clear()
    brought = {row["recordId"] for row in rows}
    assert 0 < len(brought) < len(whole)
    assert brought | {row["recordId"] for row in _rows(read(settings, "email_send", state=reader.state))} == whole


def test_a_wrong_key_is_told_without_it(config: dict[str, Any]) -> None:
    wrong = "0123456789abcdef0123456789abcdef"
    with pytest.raises(NotReadableError, match="The key may not read the stream lists") as raised:
        list(read({**config, "api_key": wrong}, "lists"))
    assert wrong not in str(raised.value)
    batches = read({**config, "api_key": wrong}, "lists").to_reader()
    with (
        duckdb.connect() as database,
        pytest.raises(duckdb.Error, match="The key may not read the stream lists") as told,
    ):
        database.register("batches", batches).execute("create table lists as from batches")
    assert wrong not in str(told.value)


def test_what_cannot_be_read_is_refused_at_once(config: dict[str, Any]) -> None:
    with pytest.raises(UnknownStreamError, match=r"no stream 'email_sent'. It has: .*email_send,"):
        read(config, "email_sent")
    with pytest.raises(NothingSelectedError, match="Add to `costly_streams`"):
        read(config, "list_users")
    with pytest.raises(ConfigValidationError, match="start_dat"):
        read({**config, "start_dat": "2026-01-01"}, "lists")


def test_stream_maps_hold(config: dict[str, Any]) -> None:
    maps = {"email_send": {"email": "md5(email)", "dataFields": None}}
    reader = read({**config, "stream_maps": maps}, "email_send")
    assert "dataFields" not in reader.schema.names
    rows = _rows(reader)
    assert rows
    assert not any("@" in row["email"] for row in rows)


def test_handlers_of_signals_stay_those_of_the_program(config: dict[str, Any]) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    next(reader := read(config, "lists"))
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    reader.close()
    with pytest.raises(StopIteration):
        next(reader)
