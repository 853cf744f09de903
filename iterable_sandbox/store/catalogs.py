"""Catalogs and their items."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from iterable_sandbox.json_text import to_json
from iterable_sandbox.store.database import Database


@dataclass(frozen=True)
class Catalog:
    """One catalog, with its name as it was created."""

    id: int
    name: str


@dataclass(frozen=True)
class Item:
    """One item; `size` is the bytes of its JSON."""

    id: str
    modified_ms: int
    size: int
    value: dict[str, Any]


class Catalogs:
    """The catalogs of the project. Names are the same in any case; item ids are exact."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Catalog]:
        """All catalogs, by name."""
        return [Catalog(*row) for row in self._database.rows("SELECT id, name FROM catalogs ORDER BY name")]

    def get(self, name: str) -> Catalog | None:
        """One catalog."""
        row = self._database.row("SELECT id, name FROM catalogs WHERE name = ?", (name,))
        return None if row is None else Catalog(*row)

    def create(self, name: str) -> Catalog:
        """A new catalog; the name must be free."""
        row = self._database.write("INSERT INTO catalogs (name) VALUES (?)", (name,)).lastrowid or 0
        return Catalog(row, name)

    def count(self, catalog: Catalog) -> int:
        """How many items a catalog holds."""
        return self._database.number("SELECT count(*) FROM items WHERE catalog = ?", (catalog.id,))

    def items(self, catalog: Catalog, *, limit: int = -1, offset: int = 0) -> list[Item]:
        """Items by id: all of them, or `limit` after the first `offset`."""
        sql = """SELECT id, modified_ms, length(CAST(body AS BLOB)), body FROM items WHERE catalog = ?
                 ORDER BY id LIMIT ? OFFSET ?"""
        rows = self._database.rows(sql, (catalog.id, limit, offset))
        return [Item(item_id, modified, size, json.loads(body)) for item_id, modified, size, body in rows]

    def value(self, catalog: Catalog, item_id: str) -> dict[str, Any] | None:
        """What one item holds."""
        row = self._database.row("SELECT body FROM items WHERE catalog = ? AND id = ?", (catalog.id, item_id))
        return None if row is None else dict(json.loads(row[0]))

    def put(self, catalog: Catalog, items: Iterable[tuple[str, Mapping[str, Any]]], modified_ms: int) -> None:
        """Store items, each as a whole."""
        rows = ((catalog.id, item_id, modified_ms, to_json(value)) for item_id, value in items)
        self._database.write_many("INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?)", rows)
