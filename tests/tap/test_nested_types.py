"""With `nested_types`, objects whose members the schema names are structs; nothing that has no place there is lost."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterable_sandbox.server import Sandbox
from tap_iterable.arrow import read as read_arrow
from tap_iterable.batch_files.arrow_schema import arrow_schema
from tap_iterable.batch_files.arrow_values import MOMENT
from tap_iterable.batch_files.record_batches import RecordBatches
from tap_iterable.batch_files.rows import MisfitError
from tap_iterable.tap import TapIterable
from tests.tap.reading import TapRun, selecting

TEXT = {"type": ["string", "null"]}
DATE = {"type": ["string", "null"], "format": "date-time"}
WHOLE = {"type": ["integer", "null"]}
NUMBER = {"type": ["number", "null"]}
OPEN = {"type": ["object", "null"], "additionalProperties": True}
ADDRESS = {**OPEN, "properties": {"city": TEXT, "since": DATE, "number": WHOLE, "geo": OPEN}}
ITEM = {**OPEN, "properties": {"sku": TEXT, "price": NUMBER, "tags": {"type": "array", "items": TEXT}}}
SCHEMA = {
    "properties": {
        "id": TEXT,
        "address": ADDRESS,
        "items": {"type": ["array", "null"], "items": ITEM},
        "grid": {"type": ["array", "null"], "items": {"type": "array", "items": WHOLE}},
        "anything": {"type": ["array", "null"], "items": OPEN},
        "dataFields": {"type": ["object"], "properties": {"a": WHOLE}},
    }
}
WITHOUT_REST = {"properties": {name: column for name, column in SCHEMA["properties"].items() if name != "dataFields"}}
MADE_AT = "strftime(itblInternal.documentCreatedAt at time zone 'UTC', '%Y-%m-%d %H:%M:%S +00:00')"
"""As Iterable writes it."""
NAMED = {"emailDomain": TEXT, "documentCreatedAt": DATE}
COLUMN = {**OPEN, "properties": NAMED}


def _rows(*records: dict[str, Any], schema: dict[str, Any] = SCHEMA) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = RecordBatches(schema, nested_types=True).of([list(records)]).to_pylist()
    return rows


def test_what_the_schema_names_has_a_type_and_all_else_is_json_text() -> None:
    schema = arrow_schema(SCHEMA, nested_types=True)
    address = [("city", pa.string()), ("since", MOMENT), ("number", pa.int64()), ("geo", pa.string())]
    item = [("sku", pa.string()), ("price", pa.float64()), ("tags", pa.list_(pa.string()))]
    assert schema.field("address").type == pa.struct(address)
    assert schema.field("items").type == pa.list_(pa.struct(item))
    assert schema.field("grid").type == pa.list_(pa.list_(pa.int64()))
    assert {schema.field(name).type for name in ("anything", "dataFields")} == {pa.string()}
    assert {field.type for field in arrow_schema(SCHEMA)} == {pa.string()}


def test_values_of_a_batch_are_those_of_the_records() -> None:
    address = {"city": "Lviv", "since": "2026-09-01 12:00:00 +00:00", "number": 2**60, "geo": {"lat": 1.5}}
    record = {"id": "1", "address": address, "items": [{"sku": "a", "price": 1}, None], "grid": [[1], None, [2, None]]}
    first, second = _rows(record, {"id": "2", "address": {}, "items": []})
    assert (first["address"]["city"], first["address"]["number"]) == ("Lviv", 2**60)
    assert first["address"]["since"].isoformat() == "2026-09-01T12:00:00+00:00"
    assert json.loads(first["address"]["geo"]) == {"lat": 1.5}
    assert first["items"] == [{"sku": "a", "price": 1.0, "tags": None}, None]
    assert first["grid"] == [[1], None, [2, None]]
    assert (second["items"], second["address"]["city"], second["grid"]) == ([], None, None)
    assert not first["dataFields"]


MISFITS: list[tuple[dict[str, Any], Any, Any]] = [
    ({"address": {"city": "Lviv", "street": "x"}}, {"city": "Lviv"}, {"address": {"street": "x"}}),
    ({"address": {"city": 5, "number": 1}}, {"number": 1}, {"address": {"city": 5}}),
    ({"address": {"number": True}}, {}, {"address": {"number": True}}),
    ({"address": {"number": 2**64}}, {}, {"address": {"number": 2**64}}),
    ({"address": {"since": "soon"}}, {}, {"address": {"since": "soon"}}),
    ({"address": {"city": "\ud800"}}, {}, {"address": {"city": "\ud800"}}),
    ({"address": ["Lviv"]}, None, {"address": ["Lviv"]}),
    ({"items": [{"sku": "a"}, {"size": 3}]}, None, {"items": [{"sku": "a"}, {"size": 3}]}),
    ({"address": {"x": 1}, "dataFields": {"address": 2}}, {}, {"address": {"x": 1}, "dataFields.address": 2}),
]


@pytest.mark.parametrize(("record", "kept", "rest"), MISFITS)
def test_members_without_a_place_are_in_data_fields_under_the_name_of_the_column(
    record: dict[str, Any], kept: Any, rest: dict[str, Any]
) -> None:
    fine, row = _rows({"id": "1", "address": {"city": "Kyiv"}}, {"id": "2", **record})
    assert fine["address"]["city"] == "Kyiv"
    name = next(iter(record))
    column = row[name]
    assert ({key: value for key, value in column.items() if value is not None} if column else column) == kept
    assert json.loads(row["dataFields"]) == rest


def test_a_member_without_a_place_is_an_error_where_there_are_no_data_fields() -> None:
    with pytest.raises(MisfitError, match="A value of address is no text"):
        _rows({"address": {"street": "x"}}, schema=WITHOUT_REST)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["city", "number", "geo", "sku", "price", "tags", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.lists(st.fixed_dictionaries({}, optional={"address": VALUES, "items": VALUES, "grid": VALUES}), max_size=4))
def test_nothing_of_any_value_is_lost(records: list[dict[str, Any]]) -> None:
    """What is in the column and what is in `dataFields` make the value again."""
    for record, row in zip(records, _rows(*records), strict=True):
        rest = json.loads(row["dataFields"] or "{}")
        for name, value in record.items():
            assert _united(_read(row[name]), rest.get(name)) == _said(value)


def _united(kept: Any, rest: Any) -> Any:
    if isinstance(kept, dict) and isinstance(rest, dict):
        return {**kept, **{name: _united(kept.get(name), part) for name, part in _said(rest).items()}}
    return kept if rest is None else _said(rest)


def _read(value: Any) -> Any:
    """A value of a column with its JSON text read."""
    if isinstance(value, dict):
        named = {name: json.loads(part) if name == "geo" and part else part for name, part in value.items()}
        return _said({name: _read(part) if name != "geo" else part for name, part in named.items()})
    return [_read(item) for item in value] if isinstance(value, list) else value


def _said(value: Any) -> Any:
    """The value without nulls in objects, which a struct cannot tell from absent members."""
    if isinstance(value, dict):
        return {name: _said(part) for name, part in value.items() if part is not None}
    return [_said(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("shape", ["iterable", "segment", "heap"])
def test_the_types_of_every_stream_follow_from_its_json_schema_alone(shape: str) -> None:
    config = {"api_key": "x", "start_date": "2026-01-01", "event_shape": shape}
    files = {"batch_config": {"encoding": {"format": "parquet"}, "storage": {"root": "memory://"}}}
    tap = TapIterable(config={**config, **files, "nested_types": True}, setup_mapper=False)
    texts = TapIterable(config={**config, **files}, setup_mapper=False)
    for name, stream in tap.streams.items():
        expected = arrow_schema(stream.schema, nested_types=True)
        assert not [field.name for field in expected if pa.types.is_null(field.type)]
        batches = RecordBatches(stream.schema, nested_types=True)
        assert all(batches.of([[{}] * number]).schema.equals(expected) for number in (0, 1))
        # No stream of Iterable's names members by itself, so the setting alone changes no column.
        assert expected.equals(arrow_schema(texts.streams[name].schema))
    for made in (tap, texts):
        made.client.close()


def _naming(monkeypatch: pytest.MonkeyPatch, **columns: dict[str, Any]) -> None:
    def with_members(streams: Any, catalog: dict[str, Any]) -> dict[str, Any]:
        for entry in selecting(streams, catalog)["streams"]:
            entry["schema"]["properties"].update(columns)
        return catalog

    monkeypatch.setattr("tests.tap.reading.selecting", with_members)


@pytest.mark.parametrize("maps", [None, {"email_send": {"half": "float(campaignId or 0) / 2"}}], ids=["read", "mapped"])
def test_a_catalog_names_members_and_duckdb_reads_them(
    read: TapRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, maps: dict[str, Any] | None
) -> None:
    plain = read("email_send", end_date="2026-11-02")
    _naming(monkeypatch, itblInternal=COLUMN)
    (tmp_path / "batches").mkdir()
    storage = {"root": (tmp_path / "batches").as_uri()}
    settings = {"batch_config": {"encoding": {"format": "parquet"}, "storage": storage, "batch_size": 100}}
    mapping = {"stream_maps": maps} if maps else {}
    output = read("email_send", end_date="2026-11-02", nested_types=True, **settings, **mapping)
    assert output.code == 0, output.log
    (schema,) = (message["schema"] for message in output.messages if message["type"] == "SCHEMA")
    assert schema["properties"]["itblInternal"]["properties"].keys() == {"emailDomain", "documentCreatedAt"}
    files = sorted((tmp_path / "batches").iterdir())
    kind = pa.struct([("emailDomain", pa.string()), ("documentCreatedAt", MOMENT)])
    assert {pq.read_schema(file).field("itblInternal").type for file in files} == {kind}
    rows = duckdb.read_parquet(list(map(str, files)))
    found = rows.project(f"recordId, {MADE_AT}, dataFields->'itblInternal'").fetchall()
    expected = {record["recordId"]: record.get("itblInternal", {}) for record in plain.records["email_send"]}
    assert len(found) == len(expected) > 100
    for key, made_at, rest in found:
        others = {name: value for name, value in expected[key].items() if name not in NAMED}
        assert (made_at, json.loads(rest or "{}")) == (expected[key].get("documentCreatedAt"), others)
    assert any(made_at for _, made_at, _ in found)
    assert any(rest for *_, rest in found)


def test_a_column_of_objects_or_arrays_can_be_named_as_a_list(
    read: TapRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a column is what it is by itself, if its members are named for another type than its values have."""
    plain = read("purchase", end_date="2026-11-02").records["purchase"]
    names = plain[0]["shoppingCartItems"][0].keys()
    kinds = {"price": NUMBER, "quantity": WHOLE, "categories": {"type": "array", "items": TEXT}, "dataFields": OPEN}
    item = {"type": "object", "properties": {name: kinds.get(name, TEXT) for name in names}}
    wrong = {"type": "object", "properties": {"x": TEXT}}
    _naming(monkeypatch, shoppingCartItems={"type": "array", "items": item}, total=wrong)
    (tmp_path / "batches").mkdir()
    files = {"encoding": {"format": "parquet"}, "storage": {"root": (tmp_path / "batches").as_uri()}}
    output = read("purchase", end_date="2026-11-02", nested_types=True, batch_config=files)
    assert output.code == 0, output.log
    assert "has columns of other types in the catalog than their values have, and keeps its own: `total`" in output.log
    rows = duckdb.read_parquet(str(tmp_path / "batches" / "*.parquet"))
    found = rows.project("recordId, list_sum([item.price for item in shoppingCartItems]), total").fetchall()
    cost = {record["recordId"]: sum(item["price"] for item in record["shoppingCartItems"]) for record in plain}
    assert {key: pytest.approx(price) for key, price in cost.items()} == {key: price for key, price, _ in found}
    assert {total for *_, total in found} == {record.get("total") for record in plain}


def test_programs_name_members_themselves(seeded: Sandbox, tmp_path: Path) -> None:
    config = {**TapRun(seeded.url, seeded.api_key, tmp_path).settings, "end_date": "2026-11-02", "nested_types": True}
    reader = read_arrow(config, "email_send", columns={"itblInternal": COLUMN})
    assert pa.types.is_struct(reader.schema.field("itblInternal").type)
    rows = [row for batch in reader for row in batch.to_pylist()]
    assert rows
    assert {type(row["itblInternal"]["documentCreatedAt"]) for row in rows if row["itblInternal"]} == {datetime}
    assert read_arrow({**config, "nested_types": False}, "email_send").schema.field("itblInternal").type == pa.string()
