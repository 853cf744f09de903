"""Connections for writing the run history, without SQLAlchemy: its import takes longer than many a run."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

from iterable_api.storage.paths import private_file, sqlite_file
from iterable_runs.store.statements import POSTGRESQL, SQLITE, Dialect

LOCK_SECONDS: Final = 2
"""How long a lock of another process is waited for. What cannot be written now is written some seconds later."""
_CACHE_KIBIBYTES: Final = 16_000
_CONNECT_SECONDS: Final = 10
_STATEMENT_MILLISECONDS: Final = 20_000

Row: TypeAlias = Sequence[Any]


class HistoryNotWrittenError(Exception):
    """The run history could not be written. The text has the kind of the error only."""


class Database(Protocol):
    """A connection of one thread, and the exceptions that it raises."""

    dialect: Dialect
    errors: tuple[type[Exception], ...]

    def run(self, statement: str, parameters: Row = ()) -> list[Row]:
        """Run one statement, and return its rows."""

    def run_many(self, statement: str, rows: Iterable[Row]) -> None:
        """Run a statement for each row."""

    def begin(self) -> None:
        """Begin a transaction."""

    def commit(self) -> None:
        """Commit it."""

    def rollback(self) -> None:
        """Undo it."""

    def close(self) -> None:
        """Close the connection."""


@contextmanager
def transaction(database: Database) -> Iterator[None]:
    """All or nothing.

    Raises:
        HistoryNotWrittenError: in place of the errors of the database.
    """
    try:
        database.begin()
        try:
            yield
        except BaseException:
            database.rollback()
            raise
        database.commit()
    except database.errors as error:
        raise HistoryNotWrittenError(_kind(error)) from None


def connect(place: str) -> Database:
    """Open the database at a path or URL. A SQLite file is made for its owner only.

    Raises:
        HistoryNotWrittenError: if it cannot be opened.
    """
    path = sqlite_file(place)
    try:
        return _SqliteDatabase(path) if path is not None else _PostgresqlDatabase(place)
    except (OSError, sqlite3.Error, ImportError) as error:
        raise HistoryNotWrittenError(_kind(error)) from None


class _SqliteDatabase:
    dialect = SQLITE
    errors: tuple[type[Exception], ...] = (sqlite3.Error, OSError)

    def __init__(self, path: str) -> None:
        private_file(path)
        self._path = path
        self._file = Path(path).stat()
        # Transactions are begun by hand: `BEGIN IMMEDIATE` waits for the lock, and others fail at once.
        self._connection = sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        # Hashes belong on pages all over their table.
        self._connection.execute(f"PRAGMA cache_size = -{_CACHE_KIBIBYTES}")
        # A power cut may cost the last seconds of the history, and no more.
        self._connection.execute("PRAGMA synchronous = NORMAL")

    def run(self, statement: str, parameters: Row = ()) -> list[Row]:
        with closing(self._connection.execute(statement, parameters)) as cursor:
            return cursor.fetchall()

    def run_many(self, statement: str, rows: Iterable[Row]) -> None:
        self._connection.executemany(statement, rows).close()

    def begin(self) -> None:
        # SQLite would go on writing into a file that was removed.
        if not os.path.samestat(self._file, Path(self._path).stat()):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        self._connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._connection.execute("COMMIT")

    def rollback(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def close(self) -> None:
        self._connection.close()


class _PostgresqlDatabase:
    dialect = POSTGRESQL

    def __init__(self, url: str) -> None:
        import psycopg  # noqa: PLC0415 (the driver is an extra)

        self.errors: tuple[type[Exception], ...] = (psycopg.Error, OSError)
        address = url.replace("postgresql+psycopg://", "postgresql://", 1)
        options = f"-c lock_timeout={LOCK_SECONDS * 1000} -c statement_timeout={_STATEMENT_MILLISECONDS}"
        given: dict[str, Any] = {} if "options=" in url else {"options": options}
        if "connect_timeout=" not in url:
            given["connect_timeout"] = _CONNECT_SECONDS
        try:
            self._connection = psycopg.connect(address, autocommit=True, **given)
        except psycopg.Error as error:
            raise HistoryNotWrittenError(_kind(error)) from None

    def run(self, statement: str, parameters: Row = ()) -> list[Row]:
        cursor = self._connection.execute(statement.encode(), parameters)
        return list(cursor.fetchall()) if cursor.description else []

    def run_many(self, statement: str, rows: Iterable[Row]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(statement.encode(), rows)

    def begin(self) -> None:
        self._connection.execute("BEGIN")

    def commit(self) -> None:
        self._connection.execute("COMMIT")

    def rollback(self) -> None:
        if not self._connection.closed:
            self._connection.execute("ROLLBACK")

    def close(self) -> None:
        self._connection.close()


def _kind(error: Exception) -> str:
    """Class and code of an error; its text may quote a URL or a row."""
    code = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None)
    reason = code or (error.strerror if isinstance(error, OSError) else None)
    return f"{type(error).__name__}, {reason}" if reason else type(error).__name__
