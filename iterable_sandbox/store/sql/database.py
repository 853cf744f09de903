"""Connection to SQLite: one per sandbox, shared by its threads. It creates the schema."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from itertools import chain, islice
from threading import RLock
from typing import Any, Final, Generic, TypeVar

Row = tuple[Any, ...]
T = TypeVar("T")

_CHUNK_ROWS: Final = 500
_ROWS_PER_INSERT: Final = 100
_MAX_DEFERRED_ROWS: Final = 10_000

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS project (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT, user_id TEXT, updated_at INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY, type TEXT NOT NULL, created_at INTEGER NOT NULL, user INTEGER NOT NULL,
    campaign INTEGER, event_id TEXT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS lists (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, description TEXT, created_ms INTEGER NOT NULL,
    type TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS members (list INTEGER, user INTEGER, PRIMARY KEY (list, user)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS members_by_user ON members (user);
CREATE TABLE IF NOT EXISTS catalogs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL COLLATE NOCASE UNIQUE);
CREATE TABLE IF NOT EXISTS items (
    catalog INTEGER NOT NULL, id TEXT NOT NULL, modified_ms INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS resources (
    kind TEXT, id INTEGER, body TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS forgotten (kind TEXT, hash TEXT, PRIMARY KEY (kind, hash)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS scheduled (
    id INTEGER PRIMARY KEY AUTOINCREMENT, due_ms INTEGER NOT NULL, campaign INTEGER NOT NULL, user INTEGER NOT NULL,
    body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS metadata (
    name TEXT COLLATE NOCASE, key TEXT, modified_ms INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (name, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fields (owner TEXT, path TEXT, type TEXT NOT NULL, PRIMARY KEY (owner, path)) WITHOUT ROWID;
CREATE TEMP TABLE export_files (job INTEGER, name TEXT, body BLOB NOT NULL, PRIMARY KEY (job, name));
CREATE TEMP TABLE deliveries (
    id INTEGER PRIMARY KEY, webhook INTEGER NOT NULL, event TEXT NOT NULL, tags TEXT NOT NULL, body TEXT NOT NULL,
    lost INTEGER NOT NULL, due_ms INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
    claimed INTEGER NOT NULL DEFAULT 0);
CREATE INDEX temp.deliveries_by_time ON deliveries (claimed, due_ms);
INSERT INTO sqlite_sequence (name, seq) SELECT * FROM (VALUES ('lists', 1000000), ('catalogs', 125000))
    WHERE NOT EXISTS (SELECT * FROM sqlite_sequence);
"""


@dataclass(frozen=True, eq=False)
class BulkInsert(Generic[T]):
    """INSERT of many objects of one kind.

    Attributes:
        sql: statement with `{rows}` in place of the values, as `Database.insert` takes it.
        rows: makes the rows of objects.
    """

    sql: str
    rows: Callable[[Sequence[T]], Iterable[Row]]


class Index(Enum):
    """Index that only some queries need, in tables that grow fast. The first such query creates it.

    Most sandboxes are written to and hardly read, and an index over unordered values costs more time than its table.
    """

    USERS_BY_TIME = "users (updated_at)"
    EVENTS_BY_USER = "events (user)"
    EVENTS_BY_TIME = "events (type, created_at)"
    EVENTS_BY_CAMPAIGN = "events (campaign, created_at) WHERE campaign IS NOT NULL"
    ITEMS_BY_ID = "items (catalog, id)"


def like(part: str) -> str:
    """Pattern for `LIKE ? ESCAPE '!'` that finds texts with `part` in them, whatever the case of its Latin letters."""
    escaped = "".join(f"!{letter}" if letter in "!%_" else letter for letter in part)
    return f"%{escaped}%"


class Database:
    """Statements and transactions. A transaction within another one is part of it.

    In a transaction, `save` defers its INSERTs until another statement runs, so that queries see all rows.

    Attributes:
        lock: exclusive access to the database. A transaction holds it until its end.
    """

    def __init__(self, path: str) -> None:
        self.lock = RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(_SCHEMA)
        self._deferred: dict[BulkInsert[Any], dict[Any, Any]] = {}
        self._version = 0

    @property
    def version(self) -> int:
        """Number that changes when another process writes to the file. It is constant within a transaction."""
        if not self._connection.in_transaction:
            self._read_version()
        return self._version

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run a transaction: rolled back on an exception, and without statements of other threads in between."""
        with self.lock:
            if self._connection.in_transaction:
                yield
                return
            self._begin()
            try:
                yield
                self._write_deferred()
            except BaseException:
                self._roll_back()
                raise
            self._connection.execute("COMMIT")

    @contextmanager
    def rolled_back(self) -> Iterator[None]:
        """Run a transaction that is rolled back at its end; inside, its writes are visible."""
        with self.lock:
            self._begin()
            try:
                yield
            finally:
                self._roll_back()

    def ensure_index(self, index: Index) -> None:
        """Create an index unless it exists."""
        self.write(f"CREATE INDEX IF NOT EXISTS {index.name.lower()} ON {index.value}")

    def rows(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
        """All rows of a query. Values are by place, or by name."""
        with self.lock:
            self._write_deferred()
            return self._connection.execute(sql, values).fetchall()

    def rows_by_keys(self, sql: str, keys: Collection[Any], *values: Any) -> Iterator[Row]:
        """Rows of a query for many keys, run for some keys at a time. `{keys}` stands for them, after `values`."""
        remaining = iter(keys)
        while chunk := list(islice(remaining, _CHUNK_ROWS)):
            yield from self.rows(sql.format(keys=",".join("?" * len(chunk))), (*values, *chunk))

    def row(self, sql: str, values: Sequence[Any] = ()) -> Row | None:
        """First row of a query, or None."""
        with self.lock:
            self._write_deferred()
            found: Row | None = self._connection.execute(sql, values).fetchone()
            return found

    def number(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Number in the first row of a query; 0 if there is no row."""
        found = self.row(sql, values)
        return 0 if found is None else int(found[0])

    def write(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run one statement and return its cursor, for the number of rows and the id of a new row."""
        with self.lock:
            self._write_deferred()
            return self._connection.execute(sql, values)

    def save(self, saving: BulkInsert[T], key: Any, thing: T) -> None:
        """Insert an object. In a transaction, the INSERT is deferred and made for many objects at once.

        A deferred object replaces the one with the same key. The order between different `saving` is not kept, so
        they must not write the same rows.
        """
        with self.lock:
            if not self._connection.in_transaction:
                self._insert(saving.sql, saving.rows([thing]))
                return
            things = self._deferred.setdefault(saving, {})
            things[key] = thing
            if len(things) >= _MAX_DEFERRED_ROWS:
                self._write_deferred()

    def save_many(self, saving: BulkInsert[T], things: Iterable[T]) -> None:
        """Insert many objects in one transaction, without holding all of them in memory."""
        remaining = iter(things)
        with self.transaction():
            while chunk := list(islice(remaining, _CHUNK_ROWS)):
                self.insert(saving.sql, saving.rows(chunk))

    def insert(self, sql: str, rows: Iterable[Row]) -> None:
        """Run an INSERT for many rows in one transaction. `{rows}` stands for the values of some rows at a time."""
        with self.transaction():
            self._write_deferred()
            self._insert(sql, rows)

    def write_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for every row in one transaction."""
        with self.transaction():
            self._write_deferred()
            self._connection.executemany(sql, rows)

    def close(self) -> None:
        """Close the database. SQLite then merges its write-ahead log into the file."""
        with self.lock:
            self._connection.close()

    def _begin(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._read_version()

    def _read_version(self) -> None:
        [self._version] = self._connection.execute("PRAGMA data_version").fetchone()

    def _write_deferred(self) -> None:
        """Run the deferred INSERTs."""
        if self._deferred:
            later, self._deferred = self._deferred, {}
            for saving, things in later.items():
                self._insert(saving.sql, saving.rows([*things.values()]))

    def _insert(self, sql: str, rows: Iterable[Row]) -> None:
        """Insert many rows per statement, which takes half the time of one statement per row."""
        remaining = iter(rows)
        while chunk := list(islice(remaining, _ROWS_PER_INSERT)):
            row = f"({','.join('?' * len(chunk[0]))})"
            self._connection.execute(sql.format(rows=",".join([row] * len(chunk))), [*chain.from_iterable(chunk)])

    def _roll_back(self) -> None:
        self._deferred = {}
        self._connection.execute("ROLLBACK")
