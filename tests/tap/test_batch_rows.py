"""What becomes of rows on their way into files: their columns, their misfits, and how they are cut into files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from iterable_api.facts.data_types import EVENTS
from tap_iterable.batch_files.arrow_schema import arrow_schema
from tap_iterable.batch_files.record_batches import RecordBatches
from tap_iterable.batch_files.rows import MisfitError, Parts
from tap_iterable.records.column_types import struct
from tap_iterable.records.parquet import ParquetShape
from tap_iterable.records.record_block import RecordBlock
from tap_iterable.schemas.event_schemas import event_schema

EVENT = event_schema(EVENTS[0])
MISFITS = [
    {"campaignId": 2**63},
    {"email": "\ud800"},
    {"campaignId": -(2**70), "email": "a", "dataFields": {"b": 1}},
]


@pytest.mark.parametrize("misfit", MISFITS)
def test_what_parquet_cannot_hold_goes_into_data_fields(misfit: dict[str, Any]) -> None:
    rows = [{"recordId": "r", "campaignId": 1, "dataFields": {"a": 1}}, {"recordId": "s", "dataFields": {}, **misfit}]
    first, second = RecordBatches(EVENT).of([rows]).to_pylist()
    assert (first["campaignId"], json.loads(first["dataFields"])) == (1, {"a": 1})
    moved = {name: value for name, value in misfit.items() if name != "dataFields" and value != "a"}
    assert json.loads(second["dataFields"]) == {**misfit.get("dataFields", {}), **moved}
    assert all(second[name] is None for name in moved)


def test_what_parquet_cannot_hold_is_an_error_where_there_are_no_data_fields() -> None:
    schema = {"properties": {"n": {"type": ["integer", "null"]}}}
    with pytest.raises(MisfitError, match="A value of n is no text, number or date that Parquet can hold"):
        RecordBatches(schema).of([[{"n": 2**64}]])


@pytest.mark.parametrize("data_type", EVENTS, ids=lambda data_type: data_type.name)
def test_every_row_has_every_column_and_no_column_is_open(data_type: Any) -> None:
    schema = event_schema(data_type)
    rows = ParquetShape(schema)
    row = rows.row({"recordId": "r", "dataFields": {"a": [1, "b"]}})
    assert set(row) == set(rows.schema["properties"])
    assert json.loads(row["dataFields"]) == {"a": [1, "b"]}
    assert not any("object" in column["type"] for column in rows.schema["properties"].values())
    assert arrow_schema(schema).equals(arrow_schema(rows.schema))


BLOCKS = st.lists(st.lists(st.integers(), max_size=9), max_size=9)


@given(BLOCKS, st.integers(1, 10))
def test_files_have_their_size_and_a_block_is_asked_for_only_when_the_last_one_is_used_up(
    numbers: list[list[int]], size: int
) -> None:
    asked = 0

    def blocks() -> Iterator[list[Any]]:
        nonlocal asked
        for block in numbers:
            asked += 1
            yield [{"number": number} for number in block]

    files: list[list[Any]] = [[]]
    parts = Parts(blocks(), size)
    for rows in parts:
        files[-1] += rows
        assert sum(map(len, files)) <= sum(map(len, numbers[:asked]))
        assert sum(map(len, files)) > sum(map(len, numbers[: asked - 1]))
        if not parts.free:
            assert len(files[-1]) == size
            files.append([])
            parts.begin_file()
    written = [row["number"] for file in files for row in file]
    assert written == [number for block in numbers for number in block]


SEPTEMBER = datetime(2026, 9, 1, tzinfo=UTC)
VALUES: list[tuple[dict[str, Any], Any, Any]] = [
    ({"type": ["string", "null"]}, "a", "a"),
    ({"type": ["integer", "null"]}, 1, 1),
    ({"type": ["number", "null"]}, 0.5, 0.5),
    ({"type": ["boolean", "null"]}, True, True),
    ({"type": ["string", "null"], "format": "date-time"}, "2026-09-01T00:00:00.000000+00:00", SEPTEMBER),
    ({"type": ["object", "null"]}, {"a": None, "b": "null"}, '{"a":null,"b":"null"}'),
    ({"type": ["array", "null"], "items": {"type": ["string", "null"]}}, ["a", None], ["a", None]),
]


@pytest.mark.parametrize("order", ["vun", "unv", "nvu", "uuv", "nn", "uu", "v"])
@pytest.mark.parametrize(("column", "value", "written"), VALUES)
def test_absent_values_and_nulls_are_null_in_a_column_of_any_type(
    column: dict[str, Any], value: object, written: object, order: str
) -> None:
    """In any order of values (v), nulls (n) and rows without the field (u)."""
    values = tuple({"v": value, "n": None, "u": UNSET}[letter] for letter in order)
    block = RecordBlock(struct("Row", ["x"], {}), {"x": values})
    batch = RecordBatches({"properties": {"x": column}}).of([block, block])
    expected = [written if letter == "v" else None for letter in order]
    assert batch.column("x").to_pylist() == [*expected, *expected]
    batch.validate(full=True)
