"""The databases that are loaded, and what they hold afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Protocol

import duckdb
import psutil
import psycopg

from demo.warehouse import warehouse

SCHEMA: Final = "bench"
"""Where all ways put their tables."""


class Database(Protocol):
    """Is loaded into `SCHEMA`."""

    name: str

    @property
    def address(self) -> str:
        """Where a loader finds it."""

    def clear(self) -> None:
        """Remove what was loaded."""

    def row(self, statement: str) -> tuple[Any, ...]:
        """The only row of a statement."""

    def cpu_seconds(self) -> float:
        """What its own processes have taken so far."""


class PostgreSQL:
    """A server in a folder."""

    name = "postgres"

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._process = psutil.Process(int((Path(folder) / "postmaster.pid").read_text().split()[0]))

    @property
    def address(self) -> str:
        """See `Database`."""
        return f"postgresql://postgres:postgres@localhost/postgres?host={self.folder}"

    def clear(self) -> None:
        """See `Database`."""
        with self._connection() as connection:
            connection.execute(f"drop schema if exists {SCHEMA} cascade".encode())
            connection.execute(f"drop schema if exists {SCHEMA}_staging cascade".encode())
        with self._connection() as connection:
            connection.autocommit = True
            connection.execute("checkpoint")

    def row(self, statement: str) -> tuple[Any, ...]:
        """See `Database`."""
        with self._connection() as connection:
            [row] = connection.execute(statement.encode()).fetchall()
        return tuple(row)

    def cpu_seconds(self) -> float:
        """See `Database`; connections that have ended count among the children of the server."""
        seconds = 0.0
        for child in self._process.children():
            with suppress(psutil.NoSuchProcess):
                seconds += sum(child.cpu_times()[:2])
        return seconds + sum(self._process.cpu_times()[:4])

    def _connection(self) -> psycopg.Connection:
        return psycopg.connect(self.address)


class DuckDB:
    """A file that the loader itself writes."""

    name = "duckdb"

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def address(self) -> str:
        """See `Database`."""
        return str(self._path)

    def clear(self) -> None:
        """See `Database`."""
        self._path.unlink(missing_ok=True)

    def row(self, statement: str) -> tuple[Any, ...]:
        """See `Database`."""
        with duckdb.connect(self.address, read_only=True) as connection:
            [row] = connection.execute(statement).fetchall()
        return tuple(row)

    def cpu_seconds(self) -> float:
        """See `Database`; it has no process of its own."""
        return 0.0


@contextmanager
def databases(folder: Path) -> Iterator[tuple[PostgreSQL, DuckDB]]:
    """Both of them, in a folder."""
    with warehouse(folder / "postgres") as server:
        yield PostgreSQL(server.folder), DuckDB(folder / "warehouse.duckdb")
