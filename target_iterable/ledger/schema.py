"""Layout of the ledger's tables: its versions, and the migrations between them.

0. There are no tables.
1. Tables without a version. Hashes and ciphertexts are made with a secret that is derived from the API key.
2. Secrets are stored in the table `iterable_ledger_keys`, see `ledger.keys`. Those of version 1 are kept, so all that
   version 1 stored is still found. Idempotency keys are stored in their normal form, and also looked up in the form of
   version 1.
3. What the sources of mirrored streams hold is in the table `iterable_member_log`, see `mirror.member_log`. Before,
   keys that were seen were in `iterable_sightings`, in chunks. They stay there: a run that began before the migration
   may still need them. Runs of this version copy them into the log.

The first process that opens the ledger migrates it while others wait. Each migration is a row of
`iterable_ledger_schema`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    exists,
    func,
    insert,
    inspect,
    literal,
    select,
    text,
)
from sqlalchemy.schema import CreateTable

from iterable_api.storage import databases

VERSION: Final = 3
KEY_ID_BYTES: Final = 16
_SCOPE_BYTES: Final = 8

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
MEMBER_LOG: Final = Table(
    "iterable_member_log",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("stream", LargeBinary(_SCOPE_BYTES), nullable=False),
    Column("part", Integer, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("lengths", LargeBinary, nullable=False),
    Column("entries", LargeBinary, nullable=False),
)
_LOG_INDEXES: Final = (
    "CREATE INDEX IF NOT EXISTS iterable_member_log_parts ON iterable_member_log (stream, part)",
    "CREATE INDEX IF NOT EXISTS iterable_member_log_sequences ON iterable_member_log (stream, sequence)",
)
SIGHTINGS: Final = Table(
    "iterable_sightings",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("stream", LargeBinary(_SCOPE_BYTES), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
)
"""Table of versions 1 and 2. Nothing creates it any more."""
VERSION_1_TABLES: Final[Mapping[str, frozenset[str]]] = {
    "iterable_ledger": frozenset({"key", "content"}),
    "iterable_ledger_log": frozenset({"number", "kind", "writer", "keys", "contents"}),
    "iterable_happenings": frozenset({"key", "state"}),
    "iterable_members": frozenset({"key", "born", "sealed"}),
    "iterable_mirrors": frozenset({"key", "stream", "version"}),
    "iterable_sightings": frozenset({"number", "stream", "version", "hashes"}),
}
"""Tables of version 1, each of which is created when it is first needed, and their columns."""

_LOCK_STATEMENTS: Final[Mapping[str, str]] = {
    # A write locks the whole file; this one changes nothing.
    "sqlite": "DELETE FROM {} WHERE 0",
    "postgresql": "LOCK TABLE {} IN EXCLUSIVE MODE",
}


def lock_table(connection: Connection, table: Table) -> None:
    """Lock `table` against others that call this, until the end of the transaction."""
    connection.execute(text(_LOCK_STATEMENTS[connection.dialect.name].format(table.name)))


def copy_sightings(connection: Connection, stream: bytes) -> bool:
    """Copy what runs of versions 1 and 2 have seen into the log, where it is missing; return whether there may be some.

    Such a run may go on behind the migration, and needs its rows as long as its version is not complete. What it sees
    until it ends is copied by the next run. A copy has the number of its row below 0, so it belongs to no run of this
    version; -1 says that its entries may be in any part.
    """
    if not inspect(connection).has_table(SIGHTINGS.name):
        return False
    log, seen = MEMBER_LOG.c, SIGHTINGS.c
    row = {
        log.stream: seen.stream,
        log.part: literal(-1),
        log.sequence: -seen.number,
        log.kind: literal("seen"),
        log.version: seen.version,
        log.lengths: literal(b"", LargeBinary),
        log.entries: seen.hashes,
    }
    is_copy = [log.stream == seen.stream, log.sequence == -seen.number, log.version == seen.version]
    missing = select(*row.values()).where(seen.stream == stream, ~exists().where(*is_copy))
    lock_table(connection, MEMBER_LOG)
    connection.execute(insert(MEMBER_LOG).from_select([*row], missing))
    return True


def migrate(engine: Engine) -> None:
    """Apply the missing migrations in one transaction.

    Raises:
        ValueError: naming the setting, for a ledger of an unknown version.
        SQLAlchemyError: if the database cannot be used.
    """
    databases.create_table(engine, CreateTable(_APPLIED, if_not_exists=True))
    with engine.begin() as connection:
        if _version(connection) == VERSION:
            return
    with engine.begin() as connection:
        lock_table(connection, _APPLIED)
        for version in range(_check_version(_version(connection)) + 1, VERSION + 1):
            _MIGRATIONS[version](connection)
            connection.execute(insert(_APPLIED), {"version": version})


def _version(connection: Connection) -> int:
    """Return the version that was applied last; where none is stored, infer it from the tables.

    Raises:
        ValueError: if the tables are of no known version.
    """
    version = connection.execute(select(func.max(_APPLIED.c.version))).scalar()
    if version is not None:
        return int(version)
    inspector = inspect(connection)
    found = {name: inspector.get_columns(name) for name in VERSION_1_TABLES if inspector.has_table(name)}
    for table, columns in found.items():
        if {it["name"] for it in columns} != VERSION_1_TABLES[table]:
            raise ValueError(
                f"`ledger` has a table {table!r} of a version that is not known. Name another `ledger`: then all "
                "records count as new, and what happens once for its key happens once more."
            )
    return 1 if found else 0


def _check_version(version: int) -> int:
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


def _create_nothing(_connection: Connection) -> None:
    """Do nothing: the tables of version 1 are created where they are used."""


def _create_keys(connection: Connection) -> None:
    connection.execute(CreateTable(KEYS, if_not_exists=True))


def _create_member_log(connection: Connection) -> None:
    connection.execute(CreateTable(MEMBER_LOG, if_not_exists=True))
    for index in _LOG_INDEXES:
        connection.execute(text(index))


_MIGRATIONS: Final[Mapping[int, Callable[[Connection], None]]] = {
    1: _create_nothing,
    2: _create_keys,
    3: _create_member_log,
}
"""Version -> migration that leads to it."""
