"""Files of export jobs, in a temporary table: they are gone when the sandbox stops."""

from __future__ import annotations

from iterable_sandbox.store.sql.database import Database


class ExportFiles:
    """Files by job and name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, job: int, name: str, body: bytes) -> None:
        """Store a new file."""
        self._database.write("INSERT INTO export_files VALUES (?, ?, ?)", (job, name, body))

    def get(self, job: int, name: str) -> bytes | None:
        """Content of a file, or None if there is no such file."""
        row = self._database.row("SELECT body FROM export_files WHERE job = ? AND name = ?", (job, name))
        return None if row is None else bytes(row[0])
