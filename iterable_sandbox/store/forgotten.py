"""Who was forgotten. Only hashes are kept, as Iterable shows them."""

from __future__ import annotations

from hashlib import sha256
from typing import Literal

from iterable_sandbox.store.database import Database

Kind = Literal["email", "userId"]


class Forgotten:
    """The identifiers of which the project may hold no data. Upper and lower case are one: hashing folds them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, kind: Kind, identifier: str) -> None:
        """Forget an identifier."""
        self._database.write("INSERT OR IGNORE INTO forgotten VALUES (?, ?)", (kind, _hash(identifier)))

    def remove(self, kind: Kind, identifier: str) -> None:
        """Let an identifier be known again."""
        self._database.write("DELETE FROM forgotten WHERE kind = ? AND hash = ?", (kind, _hash(identifier)))

    def has(self, kind: Kind, identifier: str) -> bool:
        """Whether an identifier is forgotten."""
        sql = "SELECT count(*) FROM forgotten WHERE kind = ? AND hash = ?"
        return self._database.number(sql, (kind, _hash(identifier))) > 0

    def hashes(self, kind: Kind) -> list[str]:
        """SHA-256 of all identifiers of a kind, in hexadecimal."""
        return [row[0] for row in self._database.rows("SELECT hash FROM forgotten WHERE kind = ?", (kind,))]


def _hash(identifier: str) -> str:
    return sha256(identifier.strip().lower().encode()).hexdigest()
