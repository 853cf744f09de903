"""The files of export jobs. They are gone when the sandbox ends."""

from __future__ import annotations

from iterable_sandbox.store.sql.database import Database


class ExportFiles:
    """Files by job and name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, job: int, name: str, body: bytes) -> None:
        """Keep a new file."""
        self._database.write("INSERT INTO export_files VALUES (?, ?, ?)", (job, name, body))

    def get(self, job: int, name: str) -> bytes | None:
        """What a file holds."""
        row = self._database.row("SELECT body FROM export_files WHERE job = ? AND name = ?", (job, name))
        return None if row is None else bytes(row[0])
