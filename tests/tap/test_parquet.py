"""BATCH files in Parquet hold what the records hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from iterable_api.facts.data_types import EVENTS
from tap_iterable.records.parquet import ParquetShape
from tap_iterable.schemas.event_schemas import event_schema
from tests.tap.reading import TapRun

STREAMS = ("email_send", "email_subscribe", "custom_event", "users", "campaigns", "list_users")


def _read(message: dict[str, Any]) -> list[dict[str, Any]]:
    paths = [path.removeprefix("file://") for path in message["manifest"]]
    return [row for path in paths for row in pq.ParquetFile(path).read().to_pylist()]


def _nested(row: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The record that a row of a file says: absent columns left out, JSON text read."""
    texts = {name for name, column in schema["properties"].items() if "contentMediaType" in column}
    return {name: json.loads(value) if name in texts else value for name, value in row.items() if value is not None}


@pytest.mark.parametrize("stream", STREAMS)
def test_the_files_hold_every_record_with_every_field(read: TapRun, tmp_path: Path, stream: str) -> None:
    plain = read(stream, end_date="2026-11-02").records[stream]
    (tmp_path / "batches").mkdir()
    read.settings["batch_config"] = {
        "encoding": {"format": "parquet"},
        "storage": {"root": f"file://{tmp_path}/batches"},
        "batch_size": 100,
    }
    output = read(stream, end_date="2026-11-02")
    assert output.code == 0, output.log
    (schema,) = (message["schema"] for message in output.messages if message["type"] == "SCHEMA")
    rows = [row for message in output.messages if message["type"] == "BATCH" for row in _read(message)]
    assert sorted(map(_text, (_nested(row, schema) for row in rows))) == sorted(map(_text, plain))
    assert len(rows) > 10


def _text(record: dict[str, Any]) -> str:
    return json.dumps({name: value for name, value in record.items() if value is not None}, sort_keys=True)


@pytest.mark.parametrize("data_type", EVENTS, ids=lambda data_type: data_type.name)
def test_every_row_has_every_column_and_no_column_is_open(data_type: Any) -> None:
    rows = ParquetShape(event_schema(data_type))
    row = rows.row({"recordId": "r", "dataFields": {"a": [1, "b"]}})
    assert set(row) == set(rows.schema["properties"])
    assert json.loads(row["dataFields"]) == {"a": [1, "b"]}
    assert not any("object" in column["type"] for column in rows.schema["properties"].values())
