"""Opening a run history for reading."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, select
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from iterable_api.storage import databases
from iterable_api.storage.paths import sqlite_file
from iterable_runs.queries.errors import HistoryError
from iterable_runs.store.places import POSTGRESQL
from iterable_runs.store.tables import HISTORY, SCHEMA_VERSION

LOCK_TIMEOUT: Final = 5.0
"""Somebody waits for the answer, so this is less than what runs wait."""


def has_password(place: str) -> bool:
    """Whether the URL of a history has a password in it."""
    if not place.startswith(POSTGRESQL):
        return False
    try:
        url = make_url(place)
    except (ArgumentError, ValueError):
        return True
    return url.password is not None or "password" in url.query


def shown_place(place: str) -> str:
    """The place as it may be shown: a path, or a URL without password, user and options."""
    path = sqlite_file(place)
    if path is not None:
        return str(Path(path).absolute())
    try:
        url = make_url(place)
    except (ArgumentError, ValueError):
        return "the database that `store` names"
    return f"postgresql://{url.host or ''}/{url.database or ''}"


class HistoryDatabase:
    """A history that may not be there yet: it is looked for at each question, and opened once.

    Args:
        place: the path of a SQLite file, or the URL of a PostgreSQL database.
        lock_timeout: seconds to wait for the locks of others.

    Raises:
        HistoryError: if the place is neither.
    """

    def __init__(self, place: str, lock_timeout: float = LOCK_TIMEOUT) -> None:
        self._place = place
        self._path = sqlite_file(place)
        self._lock_timeout = lock_timeout
        self._engine: Engine | None = None
        if self._path is None and not place.startswith(POSTGRESQL):
            raise HistoryError("`store` is neither a SQLite file nor the URL of a PostgreSQL database.")
        if not place:
            raise HistoryError("`store` is empty: name a file or the URL of a database.")

    @property
    def is_missing(self) -> bool:
        """Whether it is a SQLite file that no run has made yet."""
        return self._path is not None and not Path(self._path).exists()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection for one question.

        Raises:
            HistoryError: if there is no history, if it cannot be used, or if another release made it.
        """
        if self.is_missing:
            raise HistoryError(f"There is no run history at {shown_place(self._place)} yet: no run has made it.")
        try:
            if self._engine is None:
                self._engine = self._open()
            with self._engine.connect() as connection:
                _check_version(connection)
                yield connection
        except SQLAlchemyError as error:
            raise _history_error(error) from None
        except ImportError as error:
            raise HistoryError(
                f"The driver of PostgreSQL is missing ({error.name}): pip install 'singer-iterable[postgres]'"
            ) from None

    def close(self) -> None:
        """Close all connections."""
        if self._engine is not None:
            self._engine.dispose()

    def _open(self) -> Engine:
        try:
            if self._path is None:
                return databases.postgresql(self._place, self._lock_timeout)
            return databases.sqlite(self._path, self._lock_timeout)
        except NoSuchModuleError as error:
            raise ImportError(str(error)) from None
        except (ArgumentError, ValueError):
            raise HistoryError("`store` is no URL of a database.") from None


def _check_version(connection: Connection) -> None:
    if not inspect(connection).has_table(HISTORY.name):
        raise HistoryError("There is no run history in this database yet: no run has made its tables.")
    version = connection.scalar(select(HISTORY.c.schema_version))
    if version != SCHEMA_VERSION:
        raise HistoryError(
            f"The run history has version {version} of its tables, and this release knows version {SCHEMA_VERSION}: "
            "use the release that the runs use."
        )


def _history_error(error: SQLAlchemyError) -> HistoryError:
    if isinstance(error, DBAPIError) and databases.is_locked(error):
        return HistoryError("The run history is locked by another process, and did not become free in time.")
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    return HistoryError(f"The run history cannot be read ({', '.join(filter(None, (type(cause).__name__, code)))}).")
