"""The state of shared limits in a table of SQLite or PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, event, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from iterable_api.rate_limits.rules import Reservation, Rule
from iterable_api.rate_limits.state_store import LimitStoreError, LimitStoreLockedError, Update, reserve_by_update
from iterable_api.storage import databases
from iterable_api.storage.reconnecting import connected, is_lost, repeated_if_lost

_CREATE: Final = text("CREATE TABLE IF NOT EXISTS iterable_rate_limits (name TEXT PRIMARY KEY, state TEXT)")
# Writing before reading takes the lock: of the file in SQLite, of the row in PostgreSQL.
_LOCK: Final = text(
    "INSERT INTO iterable_rate_limits VALUES (:name, '') "
    "ON CONFLICT (name) DO UPDATE SET state = iterable_rate_limits.state"
)
_READ: Final = text("SELECT state FROM iterable_rate_limits WHERE name = :name")
_UPDATE: Final = text("UPDATE iterable_rate_limits SET state = :state WHERE name = :name")

_POSTGRESQL_NOW: Final = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS bigint)"
"""Microseconds, read anew in each expression, so after a lock was waited for. Workers' clocks do not matter."""
_POSTGRESQL_CLOCK: Final = text(f"SELECT {_POSTGRESQL_NOW} / 1000")
# The formula of `Bucket` in one round trip: until the bucket is full again, it takes one token longer than before.
_FULL_AT: Final = f"GREATEST(CAST(:seen AS bigint), COALESCE(CAST(:now AS bigint), {_POSTGRESQL_NOW})"
_RESERVE: Final = text(
    f"INSERT INTO iterable_rate_limits AS kept VALUES (:name, CAST({_FULL_AT}) + :emission AS text)) "  # noqa: S608
    "ON CONFLICT (name) DO UPDATE SET "
    f"state = CAST({_FULL_AT}, CAST(NULLIF(kept.state, '') AS bigint)) + :emission AS text) "
    f"RETURNING state, COALESCE(CAST(:now AS bigint), {_POSTGRESQL_NOW})"
)

_T = TypeVar("_T")


class SqlStore:
    """Texts in a table of SQLite or PostgreSQL, which is created on first use.

    Args:
        engine: the database.
        clock: reads the time of the database in milliseconds: that of the machine whose clock all processes share.
    """

    def __init__(self, engine: Engine, clock: Callable[[Connection], int]) -> None:
        self._engine = engine
        self._clock = clock
        try:
            databases.create_table(engine, _CREATE)
        except SQLAlchemyError as error:
            raise _failure(error) from None

    def reserve(self, name: str, rule: Rule, seen: str, now: int | None = None) -> Reservation | None:
        """See `LimitStore`."""
        return self._repeatedly(lambda connection: self._reserve(connection, name, rule, seen, now))

    def update(self, name: str, update: Update) -> None:
        """See `LimitStore`."""
        self._repeatedly(lambda connection: self._update(connection, name, update))

    def close(self) -> None:
        """See `LimitStore`."""
        self._engine.dispose()

    def _reserve(self, connection: Connection, name: str, rule: Rule, seen: str, now: int | None) -> Reservation | None:
        return reserve_by_update(partial(self._update, connection, name), rule, seen, now)

    def _update(self, connection: Connection, name: str, update: Update) -> None:
        with connection.begin():
            connection.execute(_LOCK, {"name": name})
            updated = update(str(connection.scalar(_READ, {"name": name})), self._clock(connection))
            if updated is not None:
                connection.execute(_UPDATE, {"name": name, "state": updated})

    def _repeatedly(self, transaction: Callable[[Connection], _T]) -> _T:
        """Run a transaction, again if its connection is lost: a slot that is reserved twice does no harm.

        Raises:
            LimitStoreError: if the database cannot be used.
        """

        def run() -> _T:
            try:
                with connected(self._engine) as connection:
                    return transaction(connection)
            except SQLAlchemyError as error:
                raise (_LostError(error) if is_lost(error) else _failure(error)) from None

        return repeated_if_lost(run, _LostError)


class _PostgresqlStore(SqlStore):
    """Reserves in one round trip: one statement, prepared, that is a transaction of its own."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, lambda connection: int(connection.scalar(_POSTGRESQL_CLOCK) or 0))

    def _reserve(self, connection: Connection, name: str, rule: Rule, seen: str, now: int | None) -> Reservation | None:
        if (bucket := rule.bucket) is None:
            return super()._reserve(connection, name, rule, seen, now)
        given = {
            "name": name,
            "seen": int(seen or 0),
            "now": None if now is None else now * 1000,
            "emission": bucket.emission,
        }
        at_once = connection.execution_options(isolation_level="AUTOCOMMIT")
        state, moment = at_once.execute(_RESERVE, given).one()
        return Reservation(state, max(0, int(state) - bucket.burst * bucket.emission - moment) / 1000)


class _LostError(LimitStoreError):
    """The connection was lost in the middle of a transaction."""


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

        return SqlStore(engine, lambda _: int(time.time() * 1000))


def postgresql(url: str, lock_timeout: float) -> SqlStore:
    """The database at a URL; see `open_store` for what is raised."""
    with _driver_errors():
        engine = databases.postgresql(url, lock_timeout, pre_ping=False)

        @event.listens_for(engine, "connect")
        def _hurry(connection: Any, _record: Any) -> None:
            # As above.
            connection.autocommit = True
            connection.execute("SET synchronous_commit = off")
            connection.autocommit = False

        return _PostgresqlStore(engine)


@contextmanager
def _driver_errors() -> Iterator[None]:
    """Raise Python's own errors for a driver that is missing and for a URL that makes no sense."""
    try:
        yield
    except NoSuchModuleError as error:
        raise ImportError(str(error)) from None
    except ArgumentError as error:
        raise ValueError(str(error)) from None
