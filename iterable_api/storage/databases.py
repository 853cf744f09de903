"""Connections to databases that processes share: a SQLite file or PostgreSQL.

A lock that another process holds for too long is an error; `is_locked` recognises it.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from sqlalchemy import Executable, create_engine, event
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.pool import StaticPool

from iterable_api.storage.reconnecting import be_patient
from iterable_api.waiting.cancellation import PROCESS
from iterable_api.waiting.retry_policy import LOCK_TIMEOUT

SQLITE_WAIT_SECONDS: Final = 0.5
"""Seconds that SQLite waits by itself. Neither a signal nor a cancellation gets through to it meanwhile."""
_PAUSE_SECONDS: Final = 0.01
"""Seconds between two attempts: there are locks for which SQLite itself does not wait at all."""
_CONNECTION_OPTIONS: Final = {
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "tcp_user_timeout": "60000",
}
"""Time-outs of PostgreSQL's library for a server that is gone, unless the URL has them. The last is in milliseconds."""
_LOCK_SETTINGS: Final = ("lock_timeout", "idle_in_transaction_session_timeout")
_LOCK_NOT_AVAILABLE: Final = "55P03"

_T = TypeVar("_T")


def sqlite(location: str, lock_timeout: float = LOCK_TIMEOUT) -> Engine:
    """The file at a path or URL. A lock of another process is waited for `lock_timeout` seconds."""
    path = location.removeprefix("sqlite:///")
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": min(SQLITE_WAIT_SECONDS, lock_timeout), "factory": _PatientConnection},
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: _PatientConnection, _record: Any) -> None:
        connection.lock_timeout = lock_timeout

    return engine


def postgresql(url: str, lock_timeout: float = LOCK_TIMEOUT, *, pre_ping: bool = True) -> Engine:
    """The database at `url`, by the driver that the extra `postgres` brings; see `sqlite`.

    A process that stands still in the middle of a transaction loses it after the same time, and its locks with it.
    For as long, `reconnecting.connected` waits for a server that is restarted.

    Args:
        url: the address.
        lock_timeout: seconds.
        pre_ping: whether a connection is tried before each use. Without, its user must expect that it is lost.
    """
    address = make_url(url).set(drivername="postgresql+psycopg")
    defaults = {name: value for name, value in _CONNECTION_OPTIONS.items() if name not in address.query}
    engine = create_engine(address.update_query_dict(defaults), pool_pre_ping=pre_ping)
    be_patient(engine, lock_timeout)

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.autocommit = True  # a setting made in a transaction is lost when that is rolled back
        seconds = SQLITE_WAIT_SECONDS if PROCESS.is_cancelled else lock_timeout
        for name in _LOCK_SETTINGS:
            connection.execute(f"SET {name} = {round(seconds * 1000)}")
        connection.autocommit = False
        PROCESS.watch(connection, _shut_connection)

    return engine


def temporary_sqlite() -> Engine:
    """A database for this process alone. Pages that do not fit into memory are in a file without a name."""
    return create_engine(
        "sqlite://", creator=lambda: sqlite3.connect("", check_same_thread=False), poolclass=StaticPool
    )


def is_locked(error: Exception) -> bool:
    """Whether the database could not be used because another process has it, as far as this one could wait.

    A run that is asked to end cannot wait any longer.
    """
    cause = error.orig if isinstance(error, DBAPIError) else None
    return _is_busy(cause) or getattr(cause, "sqlstate", None) == _LOCK_NOT_AVAILABLE or PROCESS.is_cancelled


def create_table(engine: Engine, table: Executable) -> None:
    """Run a CREATE TABLE IF NOT EXISTS.

    Two processes that do so at the same moment may clash in PostgreSQL, which then raises one of several errors. At the
    second attempt the table is there.

    Raises:
        SQLAlchemyError: if the second attempt fails, too.
    """
    try:
        _execute(engine, table)
    except (IntegrityError, ProgrammingError):
        _execute(engine, table)


def _execute(engine: Engine, statement: Executable) -> None:
    with engine.begin() as connection:
        connection.execute(statement)


class _PatientCursor(sqlite3.Cursor):
    def execute(self, *statement: Any) -> _PatientCursor:
        return self._connection.patiently(super().execute, *statement)

    def executemany(self, *statement: Any) -> _PatientCursor:
        return self._connection.patiently(super().executemany, *statement)

    @property
    def _connection(self) -> _PatientConnection:
        connection: _PatientConnection = self.connection  # type: ignore[assignment]
        return connection


class _PatientConnection(sqlite3.Connection):
    """Waits for locks in small steps, between which signals come through.

    Attributes:
        lock_timeout: seconds that it waits at most.
    """

    lock_timeout: float = LOCK_TIMEOUT

    def cursor(self, factory: Any = _PatientCursor) -> Any:
        return super().cursor(factory)

    def commit(self) -> None:
        self.patiently(super().commit)

    def patiently(self, call: Callable[..., _T], *arguments: Any) -> _T:
        """Call until the database is free.

        Raises:
            sqlite3.OperationalError: if it does not become free in time, or before the run is asked to end.
        """
        deadline = time.monotonic() + self.lock_timeout
        while True:
            try:
                return call(*arguments)
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or PROCESS.is_cancelled or time.monotonic() >= deadline:
                    raise
                time.sleep(_PAUSE_SECONDS)


def _is_busy(error: BaseException | None) -> bool:
    # The other bits hold the extended code.
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) == sqlite3.SQLITE_BUSY


def _shut_connection(connection: Any) -> None:
    """Shut the socket of a connection, so that waiting for PostgreSQL's answer ends in an error."""
    with socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)
