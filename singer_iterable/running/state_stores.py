"""States of pipelines where every worker can read and write them: in a database, or as objects.

A place is `s3://BUCKET/PREFIX`, or the URL of another kind of bucket that fsspec knows, the URL of a PostgreSQL
database, or the path of a SQLite file, which is for one machine.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Protocol

import fsspec
from sqlalchemy import Column, MetaData, String, Table, Text, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateTable

from iterable_api.storage import databases
from iterable_api.storage.paths import private_file, sqlite_file
from iterable_runs.store.places import POSTGRESQL
from singer_iterable.running.errors import StepError

STATES: Final = Table(
    "singer_iterable_states", MetaData(), Column("name", String(512), primary_key=True), Column("state", Text)
)
_INSERTS: Final[Mapping[str, Callable[..., Any]]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_FILES: Final = "file://"

State = Mapping[str, Any]


class StateStoreError(StepError):
    """States could not be read or written. The text has the kind of the error only."""


class StateStore(Protocol):
    """Keeps a JSON object under each name. A write replaces what was there, whole. All raise `StateStoreError`."""

    def read(self, name: str) -> State | None:
        """What is kept under a name; None if nothing is."""

    def write(self, name: str, state: State) -> None:
        """Keep it."""

    def remove(self, name: str) -> None:
        """Keep nothing under this name any more."""

    def close(self) -> None:
        """Give connections back."""


def state_store(place: str) -> StateStore:
    """The store at a place.

    Raises:
        StateStoreError: if the place cannot be used.
    """
    path = sqlite_file(place)
    with _as_store_errors():
        if path is not None:
            private_file(path)
            return _DatabaseStore(databases.sqlite(path))
        if place.startswith(POSTGRESQL):
            return _DatabaseStore(databases.postgresql(place))
        if place.startswith(_FILES):
            raise StateStoreError("A folder cannot keep states safely: name a SQLite file by its path, or a bucket.")
        return _ObjectStore(place)


class _DatabaseStore:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        databases.create_table(engine, CreateTable(STATES, if_not_exists=True))

    def read(self, name: str) -> State | None:
        with _as_store_errors(), self._engine.begin() as connection:
            text = connection.scalar(select(STATES.c.state).where(STATES.c.name == name))
        return None if text is None else dict(json.loads(text))

    def write(self, name: str, state: State) -> None:
        row = {"name": name, "state": json.dumps(state)}
        statement = _INSERTS[self._engine.dialect.name](STATES).values(row)
        with _as_store_errors(), self._engine.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=row))

    def remove(self, name: str) -> None:
        with _as_store_errors(), self._engine.begin() as connection:
            connection.execute(delete(STATES).where(STATES.c.name == name))

    def close(self) -> None:
        self._engine.dispose()


class _ObjectStore:
    """Objects in a bucket, which replaces one whole. Another process may keep listings, so none are kept here."""

    def __init__(self, place: str) -> None:
        self._files, root = fsspec.url_to_fs(place, use_listings_cache=False)
        self._root = root.rstrip("/")

    def read(self, name: str) -> State | None:
        with _as_store_errors():
            try:
                return dict(json.loads(self._files.cat_file(self._path(name))))
            except FileNotFoundError:
                return None

    def write(self, name: str, state: State) -> None:
        with _as_store_errors():
            self._files.pipe_file(self._path(name), json.dumps(state).encode())

    def remove(self, name: str) -> None:
        with _as_store_errors():
            try:
                self._files.rm_file(self._path(name))
            except FileNotFoundError:
                return

    def close(self) -> None:
        return

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}.json"


@contextmanager
def _as_store_errors() -> Iterator[None]:
    """Errors of databases and buckets quote URLs and rows; their kinds do not."""
    try:
        yield
    except (SQLAlchemyError, OSError, ImportError, ValueError) as error:
        cause = getattr(error, "orig", None) or error
        raise StateStoreError(f"The states cannot be read or written ({type(cause).__name__}).") from None
