"""The Arrow schema of a stream. It follows from the JSON Schema alone, so all files of all runs have the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from tap_iterable.records.parquet import has_json_text, kind_of

MOMENT: Final = pa.timestamp("us", tz="UTC")

_TYPES: Final[Mapping[str, pa.DataType]] = {
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "string": pa.string(),
}


def arrow_schema(schema: Mapping[str, Any]) -> pa.Schema:
    """The columns of a JSON Schema, in its order, all of which may be null.

    `date-time` is a moment in UTC, an array of plain values is a list, and what has no single plain type is JSON text;
    see `has_json_text`.
    """
    return pa.schema([pa.field(name, _type(column)) for name, column in schema["properties"].items()])


def _type(column: Mapping[str, Any]) -> pa.DataType:
    if has_json_text(column):
        return pa.string()
    items = column.get("items") if kind_of(column) == "array" else None
    return _plain_type(column) if items is None else pa.list_(_plain_type(items))


def _plain_type(column: Mapping[str, Any]) -> pa.DataType:
    is_moment = kind_of(column) == "string" and column.get("format") == "date-time"
    return MOMENT if is_moment else _TYPES[kind_of(column)]
