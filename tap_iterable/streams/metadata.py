"""Metadata: values by key, in tables. Few projects use it."""

from __future__ import annotations

from typing import Any, Final

from iterable_api.errors import NotFoundError
from tap_iterable.export.json_answers import object_with, rows_in
from tap_iterable.stream_types.resource_stream import MetadataStream, RowIterator

TABLES: Final = "/api/metadata"
KEYS: Final = "/api/metadata/{table}"
VALUE: Final = "/api/metadata/{table}/{key}"


class MetadataValuesStream(MetadataStream):
    """Keys of every table with their values."""

    name = "metadata"
    primary_keys = ("table", "key")
    is_costly = True
    endpoints = (TABLES, KEYS, VALUE)
    cost = "1 request per key"

    def rows(self) -> RowIterator:
        """Every key; one that is deleted in the meantime has no value."""
        tables = [table["name"] for table in rows_in(self.client.get_json(TABLES), "results", TABLES, "name")]
        entries = [(table, entry) for table in tables for entry in self._keys(table)]
        self.announce(len(entries), VALUE)
        for table, entry in entries:
            # Answers may have the name of a table in another case than the list, and it is a part of the key.
            yield {**entry, **self._value(table, entry["key"]), "table": table}

    def _keys(self, table: str) -> RowIterator:
        marker: str | None = None
        while True:
            params = {"nextMarker": marker} if marker else {}
            answer = self.client.get_json(KEYS, path_params={"table": table}, params=params)
            yield from rows_in(answer, "results", KEYS, "key")
            marker = answer.get("nextMarker")
            if not marker:
                return

    def _value(self, table: str, key: str) -> dict[str, Any]:
        try:
            answer = self.client.get_json(VALUE, path_params={"table": table, "key": key})
        except NotFoundError:
            return {}
        return object_with(answer, "key", VALUE)
