"""With `absent_as_null`, every record has all columns of its schema, in its order; else it is what it is without."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from iterable_api.facts.data_types import DATA_TYPES
from tap_iterable.records.complete_rows import CompleteRows
from tap_iterable.records.line_decoding import EventLineDecoder
from tap_iterable.records.record_block import RecordBlock
from tap_iterable.records.record_shape import RecordShape
from tap_iterable.schemas.event_schemas import event_schema
from tests.tap.reading import Output, TapRun

SCHEMA = event_schema(next(data_type for data_type in DATA_TYPES if data_type.name == "emailOpen"))
COLUMNS = list(SCHEMA["properties"])

VALUES = st.one_of(
    st.none(), st.integers(-9, 9), st.text(max_size=3), st.booleans(), st.dictionaries(st.text(), st.none())
)
FIELDS = st.dictionaries(
    st.sampled_from([*COLUMNS, "plan", "itblInternal.documentCreatedAt", "a.b"]), VALUES, max_size=6
)


def _columns(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row without its null columns."""
    return {name: value for name, value in row.items() if value is not None}


@given(st.lists(FIELDS, max_size=4))
def test_rows_of_lines_are_the_same_but_for_nulls_and_have_the_order_of_the_schema(rows: list[dict[str, Any]]) -> None:
    lines = [json.dumps({"createdAt": "2026-09-01 00:00:00 +00:00", **row}).encode() for row in rows]
    records = EventLineDecoder(RecordShape(SCHEMA), "emailOpen").records(lines, [])
    before = json.loads(msgspec.json.encode([*records]))
    after = json.loads(msgspec.json.encode([*CompleteRows(COLUMNS).rows(records)]))
    assert list(map(_columns, after)) == list(map(_columns, before))
    assert all(list(row) == COLUMNS for row in after)


def test_lines_that_are_decoded_in_blocks_stay_blocks_of_one_type() -> None:
    """The quick way is taken: nothing is made of a single record."""
    lines = [b'{"createdAt": "2026-09-01 00:00:00 +00:00", "email": "ann@example.com"}'] * 3
    records = EventLineDecoder(RecordShape(SCHEMA), "emailOpen").records(lines, [])
    rows = CompleteRows(COLUMNS).rows(records)
    assert len({type(row) for row in (*records, *rows)}) == 2
    assert all(isinstance(row, msgspec.Struct) for row in (*records, *rows))


def test_what_has_no_column_is_not_lost() -> None:
    class Row(msgspec.Struct):
        a: int
        b: int | msgspec.UnsetType = msgspec.UNSET

    for records in (RecordBlock(Row, {"a": [1], "b": [2]}), [{"a": 1, "b": 2}]):
        (row,) = CompleteRows(["c", "a"]).rows(records)
        assert list(json.loads(msgspec.json.encode(row)).items()) == [("c", None), ("a", 1), ("b", 2)]


STREAMS = ("lists", "campaigns", "templates", "email_open", "custom_event", "users", "catalog_field_mappings")
MAPS = {
    "email_open": {"email": "__NULL__", "day": "createdAt[:10]", "__alias__": "opens"},
    "lists": {"id": "id", "name": "name", "__else__": "__NULL__"},
}
SETTINGS: list[dict[str, Any]] = [
    {},
    {"typed_user_fields": True},
    {"flattening_enabled": True, "flattening_max_depth": 2},
    {"stream_maps": MAPS},
]


def _both(read: TapRun, *streams: str, **settings: Any) -> tuple[Output, Output]:
    plain, complete = (read(*streams, absent_as_null=value, **settings) for value in (False, True))
    assert (plain.code, complete.code) == (0, 0), complete.log
    return plain, complete


def _check(plain: Output, complete: Output) -> None:
    schemas = {message["stream"]: message["schema"] for message in complete.messages if message["type"] == "SCHEMA"}
    assert plain.records.keys() == complete.records.keys()
    for stream, rows in complete.records.items():
        assert list(map(_columns, rows)) == list(map(_columns, plain.records[stream]))
        assert {tuple(row) for row in rows} == {tuple(schemas[stream]["properties"])}
        validator = Draft7Validator(schemas[stream])
        assert [error.message for row in rows for error in validator.iter_errors(row)] == []


@pytest.mark.more
@pytest.mark.parametrize("settings", SETTINGS)
def test_records_of_a_run_are_complete_whatever_becomes_of_them(read: TapRun, settings: dict[str, Any]) -> None:
    plain, complete = _both(read, *STREAMS, **settings)
    _check(plain, complete)
    assert any(len(row) < len(complete.records["users"][0]) for row in plain.records["users"])
    assert len(complete.records) == len(STREAMS)


@pytest.mark.more
@pytest.mark.parametrize(
    ("shape", "streams"), [("segment", ("email_opened", "email_delivered", "tracks")), ("heap", ("heap_events",))]
)
def test_events_in_other_shapes_are_complete(read: TapRun, shape: str, streams: tuple[str, ...]) -> None:
    plain, complete = _both(read, *streams, event_shape=shape)
    for output in (plain, complete):  # two times that tell when the run was
        for row in (row for rows in output.records.values() for row in rows):
            row.update({name: "" for name in ("received_at", "uuid_ts") if name in row})
    for output in (plain, complete):
        for message in output.messages:
            if message["type"] == "SCHEMA":
                for column in message["schema"]["properties"].values():
                    column.pop("format", None)
    _check(plain, complete)
    assert complete.records.keys() == set(streams)


@pytest.mark.more
def test_columns_that_are_not_selected_are_left_out(read: TapRun) -> None:
    arguments = read.prepare("email_open", "lists", absent_as_null=True)
    catalog = json.loads((read.folder / "catalog.json").read_text())
    for entry in catalog["streams"]:
        entry["metadata"].append({"breadcrumb": ["properties", "dataFields"], "metadata": {"selected": False}})
    (read.folder / "catalog.json").write_text(json.dumps(catalog))
    ended = read._run(*arguments)  # noqa: SLF001 (with a catalog of its own)
    output = Output(ended.returncode, ended.stderr, [json.loads(line) for line in ended.stdout.splitlines()])
    _check(output, output)
    assert all("dataFields" not in row for rows in output.records.values() for row in rows)
    assert output.records.keys() == {"email_open", "lists"}


@pytest.mark.more
def test_lines_of_batch_files_are_complete(read: TapRun) -> None:
    folder = read.folder / "batches"
    folder.mkdir()
    encoding, storage = {"format": "jsonl", "compression": "gzip"}, {"root": f"file://{folder}"}
    output = read("users", absent_as_null=True, batch_config={"encoding": encoding, "storage": storage})
    (schema,) = (message["schema"] for message in output.messages if message["type"] == "SCHEMA")
    lines = [line for path in folder.iterdir() for line in gzip.decompress(path.read_bytes()).splitlines()]
    assert {tuple(json.loads(line)) for line in lines} == {tuple(schema["properties"])}
    assert lines


@pytest.mark.more
def test_a_loader_that_takes_the_header_from_the_first_record_gets_every_column(read: TapRun) -> None:
    """A loader of CSV in ten lines."""
    output = read("users", "campaigns", absent_as_null=True, typed_user_fields=True)
    for stream, rows in output.records.items():
        path = Path(f"{stream}.csv")
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)  # it raises ValueError for a column that the header lacks
        with path.open(newline="") as file:
            assert len(list(csv.reader(file))) == len(rows) + 1
