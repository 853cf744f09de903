"""Rows for BATCH files in Parquet, where a column has one type and every row has every column.

Objects have no fixed form in many of Iterable's fields, so what is not plain is JSON text there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from tap_iterable.records.record_shape import REST, Record

PLAIN: Final = frozenset({"boolean", "integer", "number", "string"})
"""Types of values that are no JSON text in Parquet."""
_JSON: Final = {"type": ["string", "null"], "contentMediaType": "application/json"}


class ParquetShape:
    """Flattens the rows of one stream: objects, and arrays of anything but plain values, become JSON text.

    Args:
        schema: the stream's schema for JSON.
        nested_types: whether what `nested_columns` names stays what it is.

    Attributes:
        schema: the schema of the rows.
        json_schema: the one that was given.
    """

    def __init__(self, schema: Mapping[str, Any], *, nested_types: bool = False) -> None:
        self.json_schema = dict(schema)
        self._columns: Mapping[str, Mapping[str, Any]] = schema["properties"]
        self._texts = text_columns(schema, nested_types=nested_types)
        self.schema: dict[str, Any] = {**schema, "properties": {name: self._plain(name) for name in self._columns}}

    def row(self, record: Record) -> Record:
        """`record` with every column of the schema."""
        return {name: self._value(name, record.get(name)) for name in self._columns}

    def _plain(self, name: str) -> dict[str, Any]:
        column = self._columns[name]
        return {**_described(column), **_JSON} if name in self._texts else dict(column)

    def _value(self, name: str, value: object) -> object:
        return json.dumps(value) if name in self._texts and value is not None else value


def has_json_text(column: Mapping[str, Any]) -> bool:
    """Whether the values of a column are written as JSON text: objects, arrays of such, and mixed types."""
    return kind_of(column) not in PLAIN and item_kind_of(column) not in PLAIN


def nested_columns(schema: Mapping[str, Any]) -> frozenset[str]:
    """The columns that can have a nested type. `dataFields` has none, as it takes what other columns cannot hold."""
    return frozenset(name for name, column in schema["properties"].items() if name != REST and has_nested_type(column))


def text_columns(schema: Mapping[str, Any], *, nested_types: bool) -> frozenset[str]:
    """The columns that hold JSON text."""
    texts = frozenset(name for name, column in schema["properties"].items() if has_json_text(column))
    return texts - nested_columns(schema) if nested_types else texts


def with_members(
    columns: Mapping[str, Mapping[str, Any]], given: Mapping[str, Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    """The columns, described as `given` where that names members of objects, and the column can hold such objects."""
    named = {
        name: column
        for name, column in given.items()
        if name in columns and has_nested_type(column) and kind_of(column) in columns[name]["type"]
    }
    return {**columns, **named}


def has_nested_type(column: Mapping[str, Any]) -> bool:
    """Whether a column is an object whose members are named, or an array of such objects or of lists."""
    if kind_of(column) == "object":
        return bool(column.get("properties"))
    return is_list(column) and kind_of(column["items"]) not in PLAIN


def is_list(column: Mapping[str, Any]) -> bool:
    """Whether a column is an array whose items have one type: a plain one, or a nested one."""
    items: Mapping[str, Any] = column.get("items") or {}
    return kind_of(column) == "array" and (kind_of(items) in PLAIN or is_list(items) or has_nested_type(items))


def is_moment(column: Mapping[str, Any]) -> bool:
    """Whether a column holds texts that are moments."""
    return kind_of(column) == "string" and column.get("format") == "date-time"


def kind_of(column: Mapping[str, Any]) -> str:
    """The type of the values that are not null; empty where there are several, or none is said."""
    said = column.get("type", ())
    kinds = ({said} if isinstance(said, str) else set(said)) - {"null"}
    return "number" if kinds == {"integer", "number"} else kinds.pop() if len(kinds) == 1 else ""


def item_kind_of(column: Mapping[str, Any]) -> str:
    """The same of the items of an array; empty for other columns."""
    items = column.get("items")
    return kind_of(items) if kind_of(column) == "array" and items else ""


def _described(column: Mapping[str, Any]) -> dict[str, Any]:
    return {name: column[name] for name in ("title", "description") if name in column}
