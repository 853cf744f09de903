"""SQL of the run history for writers, made from `iterable_runs.store.columns`. SQLite and PostgreSQL share it.

The names in it are constants of ours; values are always parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from iterable_runs.store.columns import CHILDREN, COLUMNS, HISTORY, INDEXES, RUNS, Column, Kind


class Dialect(NamedTuple):
    """How a database spells types (kind of a column -> type), the mark of a parameter, and what ends a table."""

    types: Mapping[Kind, str]
    parameter: str
    end_of_table: str = ""


_SHARED: Final[Mapping[Kind, str]] = {"text": "TEXT", "integer": "INTEGER", "bigint": "BIGINT", "boolean": "BOOLEAN"}
# Without a rowid, the index of the primary key is the table: a row is written once, not twice.
SQLITE: Final = Dialect({**_SHARED, "float": "FLOAT", "bytes": "BLOB"}, "?", " WITHOUT ROWID")
POSTGRESQL: Final = Dialect({**_SHARED, "float": "DOUBLE PRECISION", "bytes": "BYTEA"}, "%s")

READ_HISTORY: Final = f"SELECT schema_version, identity_key FROM {HISTORY}"  # noqa: S608 (our own name)


def tables(dialect: Dialect) -> Iterator[str]:
    """The statements that make the tables and indexes which are not there yet."""
    for table, columns in COLUMNS.items():
        keys = ", ".join(column.name for column in columns if column.is_key)
        described = ", ".join(_described(column, dialect) for column in columns)
        yield f"CREATE TABLE IF NOT EXISTS {table} ({described}, PRIMARY KEY ({keys})){dialect.end_of_table}"
    for index in INDEXES:
        yield f"CREATE INDEX IF NOT EXISTS {index.name} ON {index.table} ({', '.join(index.columns)})"


def add(table: str, dialect: Dialect) -> str:
    """The statement that adds a row, unless there is one with its key. Parameters are in the order of the columns."""
    names = ", ".join(column.name for column in COLUMNS[table])
    values = ", ".join(dialect.parameter for _ in COLUMNS[table])
    return f"INSERT INTO {table} ({names}) VALUES ({values}) ON CONFLICT DO NOTHING"  # noqa: S608 (our own names)


def put(table: str, dialect: Dialect) -> str:
    """The same, but a row that is there is replaced."""
    keys = ", ".join(column.name for column in COLUMNS[table] if column.is_key)
    changed = ", ".join(f"{column.name} = excluded.{column.name}" for column in COLUMNS[table] if not column.is_key)
    return add(table, dialect).removesuffix("DO NOTHING") + f"({keys}) DO UPDATE SET {changed}"


def old_runs(dialect: Dialect) -> str:
    """The statement that finds a few runs that began before a moment; its parameter is the moment."""
    return f"SELECT id FROM {RUNS} WHERE started_at < {dialect.parameter} LIMIT 50"  # noqa: S608 (our own names)


def removals(dialect: Dialect) -> Iterator[str]:
    """The statements that remove a run; the parameter of each is its id."""
    for table in CHILDREN:
        yield f"DELETE FROM {table} WHERE run_id = {dialect.parameter}"  # noqa: S608 (our own names)
    yield f"DELETE FROM {RUNS} WHERE id = {dialect.parameter}"  # noqa: S608 (our own names)


def last_run(dialect: Dialect) -> str:
    """The statement that finds how the run before went: of a plugin and pipeline, or without one of a directory."""
    mark = dialect.parameter
    return (
        f"SELECT status, seen_at FROM {RUNS} WHERE plugin = {mark} AND pipeline = {mark} "  # noqa: S608 (our own names)
        f"AND (pipeline <> '' OR directory = {mark}) AND id <> {mark} AND NOT dry_run "
        "ORDER BY started_at DESC, id DESC LIMIT 1"
    )


def _described(column: Column, dialect: Dialect) -> str:
    return f"{column.name} {dialect.types[column.kind]}{'' if column.nullable else ' NOT NULL'}"
