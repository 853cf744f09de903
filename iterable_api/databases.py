"""Connections to the databases in which processes keep what they share: a SQLite file or PostgreSQL."""

from __future__ import annotations

import sqlite3
from typing import Final

from sqlalchemy import Executable, create_engine
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.pool import StaticPool

_PATIENCE_S: Final = 60


def sqlite(place: str) -> Engine:
    """The file at a path or URL. Whoever finds it locked waits up to a minute."""
    path = place.removeprefix("sqlite:///")
    return create_engine(f"sqlite:///{path}", connect_args={"timeout": _PATIENCE_S})


def postgresql(url: str) -> Engine:
    """The database at `url`, by the driver that the extra `postgres` brings."""
    return create_engine(make_url(url).set(drivername="postgresql+psycopg"), pool_pre_ping=True)


def sqlite_for_now() -> Engine:
    """A database for this process alone. What does not fit into memory is in a file without a name."""
    return create_engine(
        "sqlite://", creator=lambda: sqlite3.connect("", check_same_thread=False), poolclass=StaticPool
    )


def make(engine: Engine, table: Executable) -> None:
    """Run a CREATE TABLE IF NOT EXISTS.

    Two who do that at the same moment may clash in PostgreSQL, which then says any of several things. The second time
    the table is there.

    Raises:
        SQLAlchemyError: if that is not so.
    """
    try:
        _execute(engine, table)
    except (IntegrityError, ProgrammingError):
        _execute(engine, table)


def _execute(engine: Engine, statement: Executable) -> None:
    with engine.begin() as connection:
        connection.execute(statement)
