"""Types of data fields."""

from __future__ import annotations

from collections.abc import Iterable

from iterable_sandbox.store.sql.database import Database


class Fields:
    """Field types by owner (users, purchases, the custom events of one name, a catalog) and dotted path."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, owner: str) -> dict[str, str]:
        """Dotted path -> type, of one owner."""
        return dict(self._database.rows("SELECT path, type FROM fields WHERE owner = ? ORDER BY path", (owner,)))

    def count(self, category: str) -> int:
        """Number of fields of all owners of a category."""
        sql = "SELECT count(*) FROM fields WHERE owner = ? OR owner LIKE ? || ':::%'"
        return self._database.number(sql, (category, category))

    def all(self) -> list[tuple[str, str, str]]:
        """List (owner, path, type) of every field."""
        rows = self._database.rows("SELECT owner, path, type FROM fields")
        return [(owner, path, type_) for owner, path, type_ in rows]

    def add(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """Store types as (owner, path, type). A field that has a type keeps it."""
        self._database.write_many("INSERT OR IGNORE INTO fields VALUES (?, ?, ?)", rows)

    def drop(self, owner: str) -> None:
        """Delete the fields of one owner."""
        self._database.write("DELETE FROM fields WHERE owner = ?", (owner,))
