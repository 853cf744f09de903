"""Metadata: JSON values by table and key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from iterable_sandbox.store.sql.database import Database, Row
from iterable_sandbox.wire.json_text import from_own_json, to_json

_COLUMNS: Final = "name, key, modified_ms, length(CAST(body AS BLOB)), body"


@dataclass(frozen=True)
class Entry:
    """One value. `modified_ms` is epoch milliseconds; `size` is the length of its JSON in bytes."""

    table: str
    key: str
    modified_ms: int
    size: int
    value: Any


class Metadata:
    """Metadata tables. Names of tables ignore case; keys do not. A table exists as long as it has keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def tables(self) -> list[str]:
        """Names of all tables, in the case in which they were first written."""
        return [name for (name,) in self._database.rows("SELECT DISTINCT name FROM metadata ORDER BY name")]

    def entries(self, table: str, *, after: str, limit: int) -> list[Entry]:
        """Entries of a table after a key, in the order of their keys."""
        sql = f"SELECT {_COLUMNS} FROM metadata WHERE name = ? AND key > ? ORDER BY key LIMIT ?"  # noqa: S608 (a constant)
        return [_entry(row) for row in self._database.rows(sql, (table, after, limit))]

    def get(self, table: str, key: str) -> Entry | None:
        """Find an entry by table and key."""
        row = self._database.row(f"SELECT {_COLUMNS} FROM metadata WHERE name = ? AND key = ?", (table, key))  # noqa: S608 (a constant)
        return None if row is None else _entry(row)

    def put(self, table: str, key: str, value: Any, modified_ms: int) -> None:
        """Create or replace a value."""
        known = self._database.row("SELECT name FROM metadata WHERE name = ?", (table,))
        name = table if known is None else known[0]
        sql = "INSERT OR REPLACE INTO metadata VALUES (?, ?, ?, ?)"
        self._database.write(sql, (name, key, modified_ms, to_json(value)))

    def delete(self, table: str, key: str | None = None) -> None:
        """Delete one entry, or the whole table if there is no key."""
        self._database.write("DELETE FROM metadata WHERE name = ? AND (? IS NULL OR key = ?)", (table, key, key))


def _entry(row: Row) -> Entry:
    table, key, modified, size, body = row
    return Entry(table, key, modified, size, from_own_json(body))
