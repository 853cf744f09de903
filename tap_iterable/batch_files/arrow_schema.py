"""The Arrow schema of a stream. It follows from the JSON Schema alone, so all files of all runs have the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

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


def has_json_text(column: Mapping[str, Any]) -> bool:
    """Whether the values of a column are written as JSON text: objects, arrays of such, and mixed types."""
    return _plain_type(column) is None and _item_type(column) is None


def _type(column: Mapping[str, Any]) -> pa.DataType:
    if (plain := _plain_type(column)) is not None:
        return plain
    item = _item_type(column)
    return pa.string() if item is None else pa.list_(item)


def _plain_type(column: Mapping[str, Any]) -> pa.DataType | None:
    if (kind := _kind(column)) == "string" and column.get("format") == "date-time":
        return MOMENT
    return _TYPES.get(kind)


def _item_type(column: Mapping[str, Any]) -> pa.DataType | None:
    items = column.get("items")
    return _plain_type(items) if _kind(column) == "array" and items else None


def _kind(column: Mapping[str, Any]) -> str:
    """The type of the values that are not null; empty where there are several, or none is said."""
    said = column.get("type", ())
    kinds = {said} if isinstance(said, str) else set(said)
    kinds -= {"null"}
    return "number" if kinds == {"integer", "number"} else kinds.pop() if len(kinds) == 1 else ""
