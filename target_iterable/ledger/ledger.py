"""Dedup store: key of a thing -> hash of its last accepted content, in a table of SQLite or PostgreSQL.

All hashes are keyed with a secret of the project, see `LedgerKeys`. So the ledger says nothing about people to readers
without the secret, and projects can share a ledger.

A writer claims a key before it overwrites the thing, and commits the accepted content only where its claim still
stands. Several processes may write the same things at once: where their claims meet, the order of their requests is
unknown, nothing is committed, and the thing is sent again the next time.

Changes are appended to a log, and moved from there into the table; `write_log` shows the protocol.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from hashlib import blake2b
from operator import itemgetter
from secrets import token_bytes
from threading import Lock
from typing import Any, ClassVar, Final

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    Table,
    TextClause,
    delete,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateTable

from iterable_api.storage import databases
from iterable_api.storage.reconnecting import connected, is_away, is_lost
from target_iterable.core.keyed_hash import update_hash
from target_iterable.ledger.errors import LedgerError, LedgerLockedError, LedgerLostError
from target_iterable.ledger.repeating import repeated
from target_iterable.ledger.sql import CONTENT_BYTES, DIALECTS, KEY_BYTES, sorted_chunks
from target_iterable.ledger.write_log import (
    CLAIM,
    COMMIT,
    INVALIDATE,
    INVALIDATE_SCOPE,
    LOG,
    NOT_ACCEPTED,
    WRITER_BYTES,
    ReplayedLog,
)

SCOPE_BYTES: Final = 8
_MAX_LOGGED_KEYS: Final = 40_000
"""Keys with a content in the log before it is compacted. Each takes about 300 bytes of memory until then."""

_TABLE: Final = Table(
    "iterable_ledger",
    MetaData(),
    Column("key", LargeBinary(KEY_BYTES), primary_key=True),
    Column("content", LargeBinary(CONTENT_BYTES), nullable=False),
    sqlite_with_rowid=False,
)


class Ledger:
    """Dedup store of one project. Its tables are created when they are missing. Threads may share it.

    Attributes:
        is_writable: whether anything may be written to the database.
        is_known: whether the database knows the key of the project.
    """

    is_writable: ClassVar[bool] = True

    def __init__(self, engine: Engine, secret: bytes, *, is_known: bool = True) -> None:
        self.is_known = is_known
        self._engine = engine
        self._dialect = DIALECTS[engine.dialect.name]
        self._writer = token_bytes(WRITER_BYTES)
        self._secret = secret
        self._hasher = blake2b(key=secret, digest_size=CONTENT_BYTES)
        self._replayed_log = ReplayedLog()
        self._failure: LedgerError | None = None
        self._lock = Lock()
        self._has_written = False
        for table in (_TABLE, LOG):
            self.create_table(table)

    @repeated
    def create_table(self, table: Table) -> None:
        """Create a table, unless it exists.

        Raises:
            LedgerError: if the database cannot be used.
        """
        with self._database_errors():
            databases.create_table(self._engine, CreateTable(table, if_not_exists=True))

    def hash(self, *parts: bytes) -> bytes:
        """Hash `parts` to 16 bytes, keyed with the secret of the project."""
        return self.hasher(*parts).digest()

    def hasher(self, *parts: bytes) -> blake2b:
        """Return a hasher that was fed `parts`. Each further part must be fed behind its `length_prefix`."""
        return update_hash(self._hasher.copy(), *parts)

    def derive_secret(self, purpose: str, size: int) -> bytes:
        """Derive a secret of `size` bytes, at most 64, from the secret of the project."""
        return blake2b(purpose.encode(), key=self._secret, digest_size=size, person=b"secret").digest()

    def key(self, scope: str, *name: str) -> bytes:
        """Compute the key of the thing with this name in `scope`.

        A key has 24 bytes, of which the first 8 are `scope_prefix(scope)`.
        """
        return self.scope_prefix(scope) + self.hash(*(part.encode() for part in name))

    @repeated
    def read(self, keys: Collection[bytes]) -> dict[bytes, bytes]:
        """Return key -> hash of the last accepted content, for those of `keys` that have one and are not claimed.

        Raises:
            LedgerError: if the database cannot be read.
        """
        if not keys:
            return {}
        with self._exclusive() as connection:
            self._replayed_log.replay(connection)
            claims, contents = self._replayed_log.claims, self._replayed_log.contents
            unclaimed = {*keys} - claims.keys()
            logged = unclaimed & contents.keys()
            unlogged = self._dialect.pack(sorted(unclaimed - logged))
            stored: Sequence[Any] = connection.execute(self._dialect.read, {"keys": unlogged}).all()
            return dict(stored) | {key: content for key in logged if (content := contents[key])}

    def invalidate(self, keys: Collection[bytes]) -> None:
        """Put tombstones under `keys`: their contents are unknown.

        Raises:
            LedgerError: if the database cannot be written.
        """
        self._append(INVALIDATE, keys)

    @repeated
    def invalidate_scope(self, scope: str) -> None:
        """Delete the contents of all keys in `scope`.

        Raises:
            LedgerError: if the database cannot be written.
        """
        first = self.scope_prefix(scope)
        with self._exclusive_write() as connection:
            self._replayed_log.append(connection, INVALIDATE_SCOPE, self._writer, first)
            connection.execute(delete(_TABLE).where(_TABLE.c.key.between(first, first + b"\xff" * CONTENT_BYTES)))

    def claim(self, keys: Collection[bytes]) -> None:
        """Claim `keys`: the things are about to be overwritten, so their contents no longer count.

        Raises:
            LedgerError: if the database cannot be written.
        """
        self._append(CLAIM, keys)

    def commit(self, contents: Mapping[bytes, bytes | None]) -> None:
        """Commit accepted contents, where this process has the only claim. Elsewhere they become tombstones.

        Args:
            contents: key -> hash of the content as `hash` makes it; None if it was not accepted.

        Raises:
            LedgerError: if the database cannot be written.
        """
        self._append(COMMIT, contents, b"".join([content or NOT_ACCEPTED for content in contents.values()]))

    def in_other_database(self, engine: Engine) -> Ledger:
        """Return a ledger with the same secret in another database."""
        return Ledger(engine, self._secret)

    def close(self) -> None:
        """Close the connections. Changes of this process are moved into the table if possible; else they stay."""
        if self._has_written:
            with suppress(LedgerError):
                self._compact()
        self._engine.dispose()

    def scope_prefix(self, scope: str) -> bytes:
        """Compute the `SCOPE_BYTES` that all keys of `scope` begin with."""
        return self.hash(scope.encode())[:SCOPE_BYTES]

    @repeated
    def execute_many(self, statement: TextClause, rows: Sequence[Mapping[str, bytes | int | str]]) -> None:
        """Execute a statement for each of `rows`, which have a column `key`, in one transaction.

        Raises:
            LedgerError: if the database cannot be written.
        """
        # Sorted by key, two processes do not wait for each other, and the file is written faster.
        if rows:
            with self.transaction() as connection:
                connection.execute(statement, sorted(rows, key=itemgetter("key")))

    def _append(self, kind: str, keys: Collection[bytes], contents: bytes = b"") -> None:
        if not keys:
            return
        self._append_entry(kind, b"".join(keys), contents)
        if len(self._replayed_log.contents) >= _MAX_LOGGED_KEYS:
            self._compact()

    @repeated
    def _append_entry(self, kind: str, keys: bytes, contents: bytes) -> None:
        # An entry that is appended twice says the same; but a second commit, whose claim is gone, leaves a tombstone.
        with self._exclusive_write() as connection:
            self._replayed_log.append(connection, kind, self._writer, keys, contents)

    @repeated
    def _compact(self) -> None:
        """Move the log into the table, in large chunks: so each page of the table is written once for many keys."""
        with self._exclusive_write() as connection:
            self._replayed_log.replay(connection)
            contents = self._replayed_log.contents
            for chunk in sorted_chunks([key + content for key, content in contents.items() if content]):
                connection.execute(self._dialect.upsert, self._dialect.rows(chunk))
            for tombstones in sorted_chunks([key for key, content in contents.items() if not content]):
                connection.execute(self._dialect.delete, {"keys": self._dialect.pack(tombstones)})
            self._replayed_log.truncate(connection, self._writer)

    @contextmanager
    def _exclusive_write(self) -> Iterator[Connection]:
        """Yield a connection while no other thread or process writes."""
        with self._exclusive() as connection:
            connection.execute(self._dialect.lock)
            self._has_written = True
            yield connection

    @contextmanager
    def _exclusive(self) -> Iterator[Connection]:
        """Yield a connection while no other thread has one."""
        with self._lock:
            try:
                with self.transaction() as connection:
                    yield connection
            except BaseException:
                # Replayed entries may have been rolled back.
                self._replayed_log = ReplayedLog()
                raise

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Yield a connection whose changes are committed at the end, or rolled back after an error.

        Raises:
            LedgerError: for errors of the database.
        """
        with self._database_errors(), connected(self._engine) as connection, connection.begin():
            yield connection

    @contextmanager
    def _database_errors(self) -> Iterator[None]:
        """Translate errors of the database.

        After one lock that did not become free in time, or a server that did not come back, no other is waited for.
        """
        if self._failure is not None:
            raise self._failure
        try:
            yield
        except SQLAlchemyError as error:
            if databases.is_locked(error):
                self._failure = LedgerLockedError()
                raise self._failure from None
            if is_lost(error):
                raise LedgerLostError(error) from None
            if is_away(error):
                self._failure = LedgerError(error)
            raise LedgerError(error) from None
