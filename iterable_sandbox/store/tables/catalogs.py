"""Catalogs and their items."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from iterable_sandbox.store.sql.database import Database, Index, Row, like
from iterable_sandbox.store.sql.name_index import NameIndex
from iterable_sandbox.wire.json_text import from_own_json

_COLUMNS: Final = "id, modified_ms, length(CAST(body AS BLOB)), body"
_PUT: Final = "INSERT OR REPLACE INTO items (rowid, catalog, id, modified_ms, body) VALUES {rows}"


@dataclass(frozen=True)
class Catalog:
    """One catalog, with its name in the case in which it was created."""

    id: int
    name: str

    @property
    def fields_key(self) -> str:
        """Name of the catalog as an owner of field types."""
        return f"catalog {self.id}"


@dataclass(frozen=True)
class Item:
    """One item. `modified_ms` is epoch milliseconds; `size` is the length of its JSON in bytes."""

    id: str
    modified_ms: int
    size: int
    value: dict[str, Any]


class Catalogs:
    """Catalogs of the project. Names of catalogs ignore case; ids of items do not."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._names = NameIndex(
            database,
            names_sql="SELECT catalog, id, rowid FROM items",
            last_row_sql="SELECT ifnull(max(rowid), 0) FROM items",
        )

    def all(self) -> list[Catalog]:
        """All catalogs, by name."""
        return [Catalog(*row) for row in self._database.rows("SELECT id, name FROM catalogs ORDER BY name")]

    def get(self, name: str) -> Catalog | None:
        """Find a catalog by name."""
        row = self._database.row("SELECT id, name FROM catalogs WHERE name = ?", (name,))
        return None if row is None else Catalog(*row)

    def create(self, name: str) -> Catalog:
        """Create a catalog. The name must be free."""
        row = self._database.write("INSERT INTO catalogs (name) VALUES (?)", (name,)).lastrowid or 0
        return Catalog(row, name)

    def delete(self, catalog: Catalog) -> None:
        """Delete a catalog and its items."""
        self._database.write("DELETE FROM items WHERE catalog = ?", (catalog.id,))
        self._database.write("DELETE FROM catalogs WHERE id = ?", (catalog.id,))

    def field_names(self, catalog: Catalog) -> list[str]:
        """Names of the fields of all items, sorted."""
        sql = "SELECT DISTINCT key FROM items, json_each(body) WHERE catalog = ? ORDER BY key"
        return [name for (name,) in self._database.rows(sql, (catalog.id,))]

    def count(self, catalog: Catalog) -> int:
        """Number of items of a catalog."""
        return self._database.number("SELECT count(*) FROM items WHERE catalog = ?", (catalog.id,))

    def items(self, catalog: Catalog, *, limit: int = -1, offset: int = 0) -> list[Item]:
        """Items in the order of their ids: all, or `limit` items after the first `offset`."""
        self._database.ensure_index(Index.ITEMS_BY_ID)
        sql = f"SELECT {_COLUMNS} FROM items WHERE catalog = ? ORDER BY id LIMIT ? OFFSET ?"  # noqa: S608 (a constant)
        return [_item(row) for row in self._database.rows(sql, (catalog.id, limit, offset))]

    def some_items(self, catalog: Catalog, limit: int, *, part: str = "", after: str = "") -> list[Item]:
        """Items whose ids have `part` in them, in the order of their ids, which come after `after`."""
        self._database.ensure_index(Index.ITEMS_BY_ID)
        sql = f"""SELECT {_COLUMNS} FROM items WHERE catalog = ? AND id > ? AND id LIKE ? ESCAPE '!'
            ORDER BY id LIMIT ?"""  # noqa: S608 (a constant)
        return [_item(row) for row in self._database.rows(sql, (catalog.id, after, like(part), limit))]

    def item(self, catalog: Catalog, item_id: str) -> Item | None:
        """Find an item by id."""
        return next(iter(self.some(catalog, [item_id])), None)

    def some(self, catalog: Catalog, item_ids: Iterable[str]) -> list[Item]:
        """Existing items among many ids."""
        sql = f"SELECT {_COLUMNS} FROM items WHERE rowid IN ({{keys}})"  # noqa: S608 (a constant)
        with self._database.lock:
            rows = self._names.rows_by_names(catalog.id, item_ids)
            return [_item(row) for row in self._database.rows_by_keys(sql, rows)]

    def put(self, catalog: Catalog, items: Iterable[tuple[str, str]], modified_ms: int) -> None:
        """Create or replace items. `items` are (id, JSON text by `to_json`)."""
        with self._database.transaction():
            rows = (
                (self._names.row_or_new(catalog.id, item_id), catalog.id, item_id, modified_ms, body)
                for item_id, body in items
            )
            self._database.insert(_PUT, rows)

    def delete_items(self, catalog: Catalog, item_ids: Iterable[str]) -> None:
        """Delete items. Unknown ids are ignored."""
        with self._database.transaction():
            rows = ((row,) for row in self._names.rows_by_names(catalog.id, item_ids))
            self._database.write_many("DELETE FROM items WHERE rowid = ?", rows)


def _item(row: Row) -> Item:
    item_id, modified, size, body = row
    return Item(item_id, modified, size, from_own_json(body))
