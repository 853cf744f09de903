"""The Arrow schema of a stream. It follows from the JSON Schema alone, so all files of all runs have the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from tap_iterable.batch_files.arrow_values import MOMENT
from tap_iterable.batch_files.nested_types import nested_type
from tap_iterable.records.parquet import has_json_text, is_moment, kind_of, nested_columns

_TYPES: Final[Mapping[str, pa.DataType]] = {
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "string": pa.string(),
}


def arrow_schema(schema: Mapping[str, Any], *, nested_types: bool = False) -> pa.Schema:
    """The columns of a JSON Schema, in its order, all of which may be null.

    `date-time` is a moment in UTC, an array of plain values is a list, and what has no single plain type is JSON text;
    see `has_json_text`. With `nested_types`, objects whose members are named are structs; see `nested_columns`.
    """
    nested = nested_columns(schema) if nested_types else ()
    return pa.schema(
        [
            pa.field(name, nested_type(column).type if name in nested else _type(column))
            for name, column in schema["properties"].items()
        ]
    )


def _type(column: Mapping[str, Any]) -> pa.DataType:
    if has_json_text(column):
        return pa.string()
    items = column.get("items") if kind_of(column) == "array" else None
    return _plain_type(column) if items is None else pa.list_(_plain_type(items))


def _plain_type(column: Mapping[str, Any]) -> pa.DataType:
    return MOMENT if is_moment(column) else _TYPES[kind_of(column)]
