"""Opening the store: which database it is in, durable connections, tables of the right version."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Table, event, inspect, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from iterable_api.storage import databases
from iterable_api.storage.paths import file_problem, private_file, sqlite_file
from iterable_api.waiting.retry_policy import LOCK_TIMEOUT
from iterable_webhooks.store.errors import (
    WebhookStoreError,
    WebhookStoreMissingError,
    WebhookStoreVersionError,
    store_error,
)
from iterable_webhooks.store.schema import BY_NAME, SCHEMA_VERSION, STORE, TABLES

_POSTGRESQL: Final = ("postgresql://", "postgres://", "postgresql+psycopg://")
_DURABLE: Final = (
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
)

_logger: Final = logging.getLogger(__name__)


def wrong_store(place: str) -> str | None:
    """Describe the problem of a store's place that shows without opening it; None if there is none."""
    path = sqlite_file(place)
    if path is not None:
        return file_problem("store", path) if path else "`store` is empty: name a file or the URL of a database."
    if not place.startswith(_POSTGRESQL):
        return "`store` is neither a SQLite file nor the URL of a PostgreSQL database."
    try:
        make_url(place)
    except (ArgumentError, ValueError):
        return "`store` is no URL of a database."
    return None


def open_for_writing(place: str, lock_timeout: float = LOCK_TIMEOUT) -> Engine:
    """The database at a path or URL, with the tables of the store, which are made if they are not there.

    Every commit is on the disk when it returns. A SQLite file is made for its owner only.

    Args:
        place: a path, a URL that begins with `sqlite:///`, or one of PostgreSQL.
        lock_timeout: seconds to wait for the locks of others.

    Raises:
        WebhookStoreError: if the database cannot be used, or if its tables are of another version.
        OSError: if the file cannot be made.
        ImportError: if the driver of PostgreSQL is not installed.
    """
    path = sqlite_file(place)
    if path is not None:
        private_file(path)
    with _opened(place, lock_timeout) as engine:
        databases.create_table(engine, CreateTable(STORE, if_not_exists=True))
        check_version(engine)
        _begin(engine)
        for table in TABLES:
            databases.create_table(engine, CreateTable(table, if_not_exists=True))
        databases.create_table(engine, CreateIndex(BY_NAME, if_not_exists=True))
        _warn_if_not_durable(engine)
    return engine


def open_for_reading(place: str, lock_timeout: float = LOCK_TIMEOUT) -> Engine:
    """The database of a store that is there; see `open_for_writing`.

    Raises:
        WebhookStoreMissingError: if there is none, or if no receiver has made its tables.
        WebhookStoreError: if the database cannot be used, or if its tables are of another version.
        ImportError: if the driver of PostgreSQL is not installed.
    """
    path = sqlite_file(place)
    if path is not None and not Path(path).is_file():
        raise WebhookStoreMissingError
    with _opened(place, lock_timeout) as engine:
        known = {STORE.name, *(table.name for table in TABLES)}
        if not known <= set(inspect(engine).get_table_names()):
            raise WebhookStoreMissingError
        check_version(engine)
    return engine


class Bodies(list[bytes]):
    """Bodies as a parameter for PostgreSQL. They travel as they are: as text they would take fifty times the memory."""


def insert_of(engine: Engine, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT of the engine's dialect, which knows ON CONFLICT."""
    return sqlite.insert(table) if engine.dialect.name == "sqlite" else postgresql.insert(table)


def check_version(engine: Engine) -> None:
    """Return if the tables are of the version that this release knows.

    Raises:
        WebhookStoreVersionError: if they are of another one.
    """
    with engine.connect() as connection:
        version = connection.scalar(select(STORE.c.schema_version))
    if version is not None and version != SCHEMA_VERSION:
        raise WebhookStoreVersionError(version, SCHEMA_VERSION)


@contextmanager
def _opened(place: str, lock_timeout: float) -> Iterator[Engine]:
    """An engine, which is closed if what follows fails."""
    engine = _engine(place, lock_timeout)
    try:
        yield engine
    except SQLAlchemyError as error:
        engine.dispose()
        raise store_error(error) from None
    except WebhookStoreError:
        engine.dispose()
        raise


def _engine(place: str, lock_timeout: float) -> Engine:
    try:
        if sqlite_file(place) is None:
            engine = databases.postgresql(place, lock_timeout)
        else:
            engine = databases.sqlite(place, lock_timeout)
    except NoSuchModuleError as error:
        raise ImportError(str(error)) from None
    event.listen(engine, "connect", _DURABLY[engine.dialect.name])
    return engine


def _sqlite_connected(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    # The write-ahead log is brought to the disk by each commit.
    connection.execute("PRAGMA synchronous = FULL")


def _postgresql_connected(connection: Any, _record: Any) -> None:
    from psycopg.types.array import ListBinaryDumper  # noqa: PLC0415 (the driver is an extra)

    connection.adapters.register_dumper(Bodies, ListBinaryDumper)
    connection.autocommit = True  # what is set in a transaction goes when that is undone
    connection.execute(_DURABLE)
    connection.autocommit = False


_DURABLY: Final = {"sqlite": _sqlite_connected, "postgresql": _postgresql_connected}


def _begin(engine: Engine) -> None:
    row = {"only_row": 1, "schema_version": SCHEMA_VERSION, "store_id": str(uuid4()), "last_position": 0}
    statement = insert_of(engine, STORE).values(row).on_conflict_do_nothing()
    with engine.begin() as connection:
        connection.execute(statement)


def _warn_if_not_durable(engine: Engine) -> None:
    if engine.dialect.name != "postgresql":
        return
    with engine.connect() as connection:
        if connection.exec_driver_sql("SHOW fsync").scalar() == "off":
            _logger.warning(
                "The PostgreSQL server of the store runs with `fsync = off`: a power cut loses events that were "
                "answered. Turn it on in the server's configuration."
            )
