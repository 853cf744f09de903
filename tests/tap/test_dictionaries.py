"""Parquet has a dictionary for the columns whose values come back, and for no column of ids."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tap_iterable.batch_files.dictionaries import dictionary_columns
from tap_iterable.batch_files.parquet import ParquetWriter
from tap_iterable.batch_files.record_batches import RecordBatches

TEXT = {"type": ["string", "null"]}
SCHEMA = {
    "properties": {
        "id": TEXT,
        "city": TEXT,
        "never": TEXT,
        "campaignId": {"type": ["integer", "null"]},
        "tags": {"type": ["array", "null"], "items": TEXT},
        "plan.name": TEXT,
        "order": {"type": ["object", "null"], "properties": {"size": {"type": ["integer", "null"]}, "note": TEXT}},
    }
}
SHORT = pa.schema({"text": pa.string(), "id": pa.string()})
CITIES = ("Kyiv", "Zürich", None)


def _file(rows: list[dict[str, Any]]) -> pq.ParquetFile:
    file = BytesIO()
    writer = ParquetWriter(file, RecordBatches(SCHEMA, nested_types=True), "zstd", 1_000)
    for start in range(0, len(rows), 100):
        writer.write(rows[start : start + 100])
    writer.finish()
    return pq.ParquetFile(file)


def _row(number: int) -> dict[str, Any]:
    order = {"size": number % 5, "note": "ring twice"}
    return {
        "id": f"id-{number}",
        "city": CITIES[number % 3],
        "campaignId": number,
        "tags": ["a", "b"],
        "plan.name": "gold",
        "order": order,
    }


def test_only_texts_that_come_back_have_a_dictionary_and_all_values_are_in_the_file() -> None:
    rows = [_row(number) for number in range(2_500)]
    file = _file(rows)
    assert file.metadata.num_row_groups > 1
    for number in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(number)
        columns = [group.column(place) for place in range(group.num_columns)]
        assert {column.path_in_schema: column.has_dictionary_page for column in columns} == {
            "id": False,
            "city": True,
            "never": True,
            "campaignId": True,
            "tags.list.element": True,
            "plan.name": True,
            "order.size": True,
            "order.note": True,
        }
    assert file.read().to_pylist() == [{**row, "never": None} for row in rows]


@pytest.mark.parametrize("texts", [["a", "b", "a", "b"], [None, None]], ids=str)
def test_nulls_count_neither_for_a_dictionary_nor_against_it(texts: list[str | None]) -> None:
    columns = {"text": [*texts, None, None], "id": ["a", "b", *[None] * len(texts)]}
    assert dictionary_columns(pa.RecordBatch.from_pydict(columns, SHORT)) == ["text"]


def test_a_file_without_rows_has_all_columns() -> None:
    assert _file([]).schema_arrow.names == list(SCHEMA["properties"])
