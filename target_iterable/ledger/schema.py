"""The layout of the ledger's tables: its versions, and how an older one becomes the present one.

0. There is nothing yet.
1. Tables without a version. Their hashes and seals are made with a secret that follows from the API key.
2. Secrets are kept in the table `iterable_ledger_keys`, see `ledger_keys`. Those of version 1 stay as they are, so all
   that version 1 holds is still found. What happens once is kept under the normal form of its key, and is also looked
   for under the form that version 1 had.

Whoever opens the ledger first brings it up to date; others wait. What was done is a row of `iterable_ledger_schema`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy import Column, Connection, Engine, Integer, LargeBinary, MetaData, Table, func, insert, inspect, select
from sqlalchemy import text as sql
from sqlalchemy.schema import CreateTable

from iterable_api.storage import databases

VERSION: Final = 2
KEY_ID_BYTES: Final = 16

_APPLIED: Final = Table(
    "iterable_ledger_schema",
    MetaData(),
    Column("version", Integer, primary_key=True, autoincrement=False),
)
KEYS: Final = Table(
    "iterable_ledger_keys",
    MetaData(),
    Column("id", LargeBinary(KEY_ID_BYTES), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("api_keys", LargeBinary, nullable=False),
)
TABLES_1: Final[Mapping[str, frozenset[str]]] = {
    "iterable_ledger": frozenset({"key", "content"}),
    "iterable_ledger_log": frozenset({"number", "kind", "writer", "keys", "contents"}),
    "iterable_happenings": frozenset({"key", "state"}),
    "iterable_members": frozenset({"key", "born", "sealed"}),
    "iterable_mirrors": frozenset({"key", "stream", "version"}),
    "iterable_sightings": frozenset({"number", "stream", "version", "hashes"}),
}
"""The tables of version 1, each of which is made when it is first needed, and their columns."""

_LOCKS: Final[Mapping[str, str]] = {
    # Whoever writes has the whole file for himself; this writes nothing.
    "sqlite": "DELETE FROM {} WHERE 0",
    "postgresql": "LOCK TABLE {} IN EXCLUSIVE MODE",
}


def lock(connection: Connection, table: Table) -> None:
    """Make others who lock the table wait for the end of the transaction."""
    connection.execute(sql(_LOCKS[connection.dialect.name].format(table.name)))


def bring_up_to_date(engine: Engine) -> None:
    """Make what is missing, step by step, all of it or nothing.

    Raises:
        ValueError: naming the setting, for a ledger of a version that is not known.
        SQLAlchemyError: if the database cannot be used.
    """
    databases.create_table(engine, CreateTable(_APPLIED, if_not_exists=True))
    with engine.begin() as connection:
        if _version(connection) == VERSION:
            return
    with engine.begin() as connection:
        lock(connection, _APPLIED)
        for version in range(_checked(_version(connection)) + 1, VERSION + 1):
            _MIGRATIONS[version](connection)
            connection.execute(insert(_APPLIED), {"version": version})


def _version(connection: Connection) -> int:
    """What was applied last; where nothing says so, by the tables that are there.

    Raises:
        ValueError: if these are of no version that is known.
    """
    version = connection.execute(select(func.max(_APPLIED.c.version))).scalar()
    if version is not None:
        return int(version)
    inspector = inspect(connection)
    found = {table: inspector.get_columns(table) for table in TABLES_1 if inspector.has_table(table)}
    for table, columns in found.items():
        if {column["name"] for column in columns} != TABLES_1[table]:
            raise ValueError(
                f"`ledger` has a table {table!r} of a version that is not known. Name another `ledger`: then all "
                "records count as new, and what happens once for its key happens once more."
            )
    return 1 if found else 0


def _checked(version: int) -> int:
    if version > VERSION:
        raise ValueError(
            f"`ledger` is of version {version}, which a newer target-iterable has made; this one knows versions up to "
            f"{VERSION}. Upgrade target-iterable, or name another `ledger`: then all records count as new, and what "
            "happens once for its key happens once more."
        )
    if version < 0:
        raise ValueError(
            f"`ledger` is of version {version}, which is not known. Name another `ledger`: then all records count as "
            "new, and what happens once for its key happens once more."
        )
    return version


def _nothing(_connection: Connection) -> None:
    """The tables of version 1 are made where they are used."""


def _with_keys(connection: Connection) -> None:
    connection.execute(CreateTable(KEYS, if_not_exists=True))


_MIGRATIONS: Final[Mapping[int, Callable[[Connection], None]]] = {1: _nothing, 2: _with_keys}
"""By the version that it leads to."""
