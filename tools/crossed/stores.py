"""What has arrived in a database or a folder: tables with the names and types of their columns, and rows."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import duckdb
import psycopg
import s3fs
from psycopg import sql
from pyarrow import parquet

_JSON: Final = frozenset({"json", "jsonb"})


@dataclass
class Table:
    """A table, or the files of a stream.

    Attributes:
        columns: name -> type as the store calls it; empty where it has none.
        rows: name -> value of each row. JSON columns are texts, so that JSON's null is not taken for NULL.
    """

    columns: dict[str, str] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)


Tables = dict[str, Table]


def postgres(places: Mapping[str, Any]) -> Tables:
    """The tables of the schema `schema`."""
    uri = f"postgresql://postgres@/postgres?host={places['postgres']}"
    with psycopg.connect(uri) as connection:
        listed = connection.execute(
            "select table_name, column_name, data_type from information_schema.columns where table_schema = %s "
            "order by table_name, ordinal_position",
            [places["schema"]],
        ).fetchall()
        tables: Tables = {}
        for name, column, kind in listed:
            tables.setdefault(name, Table()).columns[column] = kind
        for name, table in tables.items():
            texts = [_as_text(column, kind) for column, kind in table.columns.items()]
            query = sql.SQL("select {} from {}").format(
                sql.SQL(", ").join(texts), sql.Identifier(places["schema"], name)
            )
            table.rows = [dict(zip(table.columns, row, strict=True)) for row in connection.execute(query)]
    return tables


def _as_text(column: str, kind: str) -> sql.Composable:
    """The column as it is, or JSON as text."""
    name = sql.Identifier(column)
    return sql.SQL("{}::text").format(name) if kind in _JSON else name


def in_duckdb(places: Mapping[str, Any]) -> Tables:
    """The tables of the one DuckDB file of the folder, in all its schemas."""
    tables: Tables = {}
    for path in Path(places["folder"]).glob("*.duckdb"):
        with duckdb.connect(str(path), read_only=True) as connection:
            names = connection.sql("select table_schema, table_name from information_schema.tables").fetchall()
            for schema, name in names:
                found = connection.sql(f'select * from "{schema}"."{name}"')  # noqa: S608 (names that a loader made)
                columns = dict(zip(found.columns, map(str, found.types), strict=True))
                tables[name] = Table(columns, [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()])
    return tables


def sqlite(places: Mapping[str, Any]) -> Tables:
    """The tables of the one SQLite file of the folder."""
    tables: Tables = {}
    for path in Path(places["folder"]).glob("*.db"):
        with sqlite3.connect(path) as connection:
            connection.row_factory = sqlite3.Row
            for (name,) in connection.execute("select name from sqlite_master where type = 'table'").fetchall():
                columns = {row[1]: row[2] for row in connection.execute(f'pragma table_info("{name}")')}
                rows = connection.execute(f'select * from "{name}"')  # noqa: S608 (see above)
                tables[name] = Table(columns, list(map(dict, rows)))
        connection.close()
    return tables


def files(places: Mapping[str, Any]) -> Tables:
    """The files of the folder `output`: a table for each, named by its path without the ending."""
    folder = Path(places["folder"]) / "output-files"
    tables: Tables = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        for ending, read in _READERS.items():
            if path.name.endswith(ending):
                tables[str(path.relative_to(folder))] = read(path)
                break
    return tables


def s3(places: Mapping[str, Any]) -> Tables:
    """The files of the bucket `schema`."""
    store = s3fs.S3FileSystem(
        key="crossed",
        secret="crossed",  # noqa: S106 (of a server of our own)
        client_kwargs={"endpoint_url": places["s3"]},
        use_listings_cache=False,
    )
    folder = Path(places["folder"]) / "output-files"
    for path in store.find(places["schema"]):
        target = folder / path.partition("/")[2]
        target.parent.mkdir(parents=True, exist_ok=True)
        store.get_file(path, str(target))
    return files(places)


def _jsonl(path: Path) -> Table:
    rows = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    rows = [row for part in rows for row in (part if isinstance(part, list) else [part])]
    return Table({name: "" for row in rows for name in row}, rows)


def _csv(path: Path) -> Table:
    with path.open(newline="") as lines:
        reader = csv.DictReader(lines)
        return Table(dict.fromkeys(reader.fieldnames or (), ""), list(reader))


def _parquet(path: Path) -> Table:
    found = parquet.read_table(path, partitioning=None)
    return Table({field.name: str(field.type) for field in found.schema}, found.to_pylist())


_READERS: Final[Mapping[str, Callable[[Path], Table]]] = {
    ".jsonl": _jsonl,
    ".json": _jsonl,
    ".singer": _jsonl,
    ".csv": _csv,
    ".parquet": _parquet,
}

STORES: Final[Mapping[str, Callable[[Mapping[str, Any]], Tables]]] = {
    "postgres": postgres,
    "duckdb": in_duckdb,
    "sqlite": sqlite,
    "files": files,
    "s3": s3,
}
"""Kind of store -> what reads it, given the places of a run."""


def plain(name: str) -> str:
    """A name without case, underscores and dashes, by which loaders' names are compared with Iterable's."""
    return name.replace("_", "").replace("-", "").lower()


def of_stream(tables: Tables, stream: str, streams: Mapping[str, Any]) -> Table:
    """What belongs to a stream: all tables whose name has that of the stream and of no other stream that is longer."""
    found = Table()
    for name, table in tables.items():
        if stream == max(_named(name, streams), key=len, default=None):
            found.columns |= table.columns
            found.rows += table.rows
    return found


def _named(table: str, streams: Mapping[str, Any]) -> Iterator[str]:
    stem = plain(table)
    yield from (stream for stream in streams if plain(stream) in stem)
