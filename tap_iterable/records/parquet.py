"""Rows for BATCH files in Parquet, where a column has one type and every row has every column.

The SDK lets Arrow guess types from the first rows. That loses columns that the first row lacks, and
fails at objects without a fixed form, which are frequent in Iterable's fields. So rows are flattened before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from tap_iterable.records.record_shape import Record

_TEXT: Final = {"string", "null"}
_JSON: Final = {"type": ["string", "null"], "contentMediaType": "application/json"}
_NESTED: Final = {"object", "array"}


class ParquetShape:
    """Flattens the rows of one stream: objects, and arrays of anything but plain values, become JSON text.

    Args:
        schema: the stream's schema for JSON.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._columns: Mapping[str, Mapping[str, Any]] = schema["properties"]
        self._texts = frozenset(name for name, column in self._columns.items() if _needs_text(column))
        self.schema: dict[str, Any] = {**schema, "properties": {name: self._plain(name) for name in self._columns}}

    def row(self, record: Record) -> Record:
        """`record` with every column of the schema."""
        return {name: self._value(name, record.get(name)) for name in self._columns}

    def _plain(self, name: str) -> dict[str, Any]:
        column = self._columns[name]
        return {**_described(column), **_JSON} if name in self._texts else dict(column)

    def _value(self, name: str, value: object) -> object:
        return json.dumps(value) if name in self._texts and value is not None else value


def _needs_text(column: Mapping[str, Any]) -> bool:
    if not _NESTED & set(column["type"]):
        return len(set(column["type"]) - _TEXT) > 1
    items = column.get("items")
    return set(column["type"]) - {"null"} != {"array"} or items is None or bool(_NESTED & set(items["type"]))


def _described(column: Mapping[str, Any]) -> dict[str, Any]:
    return {name: column[name] for name in ("title", "description") if name in column}
