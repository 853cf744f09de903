"""The state of shared limits in a table of SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, event, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from iterable_api.rate_limits.state_store import LimitStoreError, LimitStoreLockedError, Update
from iterable_api.storage import databases

_CREATE: Final = text("CREATE TABLE IF NOT EXISTS iterable_rate_limits (name TEXT PRIMARY KEY, state TEXT)")
# Writing before reading takes the lock: of the file in SQLite, of the row in PostgreSQL.
_LOCK: Final = text(
    "INSERT INTO iterable_rate_limits VALUES (:name, '') "
    "ON CONFLICT (name) DO UPDATE SET state = iterable_rate_limits.state"
)
_READ: Final = text("SELECT state FROM iterable_rate_limits WHERE name = :name")
_UPDATE: Final = text("UPDATE iterable_rate_limits SET state = :state WHERE name = :name")


class SqlStore:
    """Texts in a table of SQLite or PostgreSQL, which is created on first use."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        try:
            databases.create_table(engine, _CREATE)
        except SQLAlchemyError as error:
            raise _failure(error) from None

    def update(self, name: str, update: Update) -> None:
        """See `LimitStore`."""
        try:
            with self._engine.begin() as connection:
                self._update(connection, name, update)
        except SQLAlchemyError as error:
            raise _failure(error) from None

    def close(self) -> None:
        """See `LimitStore`."""
        self._engine.dispose()

    @staticmethod
    def _update(connection: Connection, name: str, update: Update) -> None:
        connection.execute(_LOCK, {"name": name})
        updated = update(str(connection.scalar(_READ, {"name": name})))
        if updated is not None:
            connection.execute(_UPDATE, {"name": name, "state": updated})


def _failure(error: SQLAlchemyError) -> LimitStoreError:
    return LimitStoreLockedError() if databases.is_locked(error) else LimitStoreError(error)


def sqlite(location: str, lock_timeout: float) -> SqlStore:
    """The file at a path or URL; see `open_store` for what is raised."""
    with _driver_errors():
        engine = databases.sqlite(location, lock_timeout)

        @event.listens_for(engine, "connect")
        def _hurry(connection: Any, _record: Any) -> None:
            # A state that a power cut loses matters less than a write to the disk for every request.
            connection.execute("PRAGMA synchronous = OFF")

        return SqlStore(engine)


def postgresql(url: str, lock_timeout: float) -> SqlStore:
    """The database at a URL; see `open_store` for what is raised."""
    with _driver_errors():
        return SqlStore(databases.postgresql(url, lock_timeout))


@contextmanager
def _driver_errors() -> Iterator[None]:
    """Raise Python's own errors for a driver that is missing and for a URL that makes no sense."""
    try:
        yield
    except NoSuchModuleError as error:
        raise ImportError(str(error)) from None
    except ArgumentError as error:
        raise ValueError(str(error)) from None
