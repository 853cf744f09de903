"""A real PostgreSQL, brought by pip, in a folder of the demo."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from demo.postgresql import running_server


@contextmanager
def warehouse(folder: Path) -> Iterator[Warehouse]:
    """A running server whose data is in `folder`; it stops on the way out, the data stays."""
    with running_server(folder) as server:
        yield Warehouse(server.url)


class Warehouse:
    """Runs SQL and counts rows."""

    def __init__(self, uri: str) -> None:
        self._uri = uri

    def sqlalchemy_url(self, driver: str) -> str:
        """The address for a Singer plugin.

        tap-postgres insists on a host, a user and a password in the address, though a server that
        listens on a socket in a folder has none of them.
        """
        return f"postgresql+{driver}://postgres:postgres@localhost/postgres?host={self.folder}"

    @property
    def folder(self) -> str:
        """Where the server's socket is."""
        return self._uri.partition("?host=")[2]

    def run(self, script: Path) -> None:
        """Execute a file of SQL in one transaction."""
        with psycopg.connect(self._uri) as connection:
            connection.execute(script.read_bytes())

    def rows(self, script: Path) -> list[tuple[Any, ...]]:
        """The rows of a file with one query."""
        with psycopg.connect(self._uri) as connection:
            return connection.execute(script.read_bytes()).fetchall()

    def counts(self, schema: str) -> dict[str, int]:
        """Rows per table of a schema."""
        with psycopg.connect(self._uri) as connection:
            tables = connection.execute(
                "select table_name from information_schema.tables where table_schema = %s order by 1", (schema,)
            ).fetchall()
            return {name: self._count(connection, schema, name) for (name,) in tables}

    @staticmethod
    def _count(connection: psycopg.Connection, schema: str, table: str) -> int:
        query = sql.SQL("select count(*) from {}").format(sql.Identifier(schema, table))
        row = connection.execute(query).fetchone()
        return int(row[0]) if row else 0
