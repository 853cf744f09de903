"""Forgotten identifiers, stored as hashes, which is all that Iterable shows of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Literal

from iterable_sandbox.store.sql.database import Database

Kind = Literal["email", "userId"]


class Forgotten:
    """Identifiers whose users the project may hold no data of. Case is ignored, as hashes are of lower case."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._prefetched: dict[Kind, dict[str, bool]] = {}

    @contextmanager
    def prefetch(self, emails: Iterable[str], user_ids: Iterable[str]) -> Iterator[None]:
        """Cache look-ups for the `with` block, which must be inside a transaction that forgets no user."""
        self._prefetched = {"email": self._fetch(emails, "email"), "userId": self._fetch(user_ids, "userId")}
        try:
            yield
        finally:
            self._prefetched = {}

    def add(self, kind: Kind, identifier: str) -> None:
        """Add a forgotten identifier."""
        self._database.write("INSERT OR IGNORE INTO forgotten VALUES (?, ?)", (kind, _hash(identifier)))

    def remove(self, kind: Kind, identifier: str) -> None:
        """Remove a forgotten identifier."""
        self._database.write("DELETE FROM forgotten WHERE kind = ? AND hash = ?", (kind, _hash(identifier)))

    def has(self, kind: Kind, identifier: str) -> bool:
        """Whether an identifier is forgotten."""
        with self._database.lock:
            expected = self._prefetched.get(kind, {}).get(identifier)
            return self._fetch([identifier], kind)[identifier] if expected is None else expected

    def hashes(self, kind: Kind) -> list[str]:
        """SHA-256 of all forgotten identifiers of a kind, in hexadecimal."""
        return [row[0] for row in self._database.rows("SELECT hash FROM forgotten WHERE kind = ?", (kind,))]

    def _fetch(self, identifiers: Iterable[str], kind: Kind) -> dict[str, bool]:
        """Identifier -> whether it is forgotten. No hash is computed while no identifier of the kind is forgotten."""
        if not self._database.number("SELECT EXISTS (SELECT * FROM forgotten WHERE kind = ?)", (kind,)):
            return dict.fromkeys(identifiers, False)
        hashes = {identifier: _hash(identifier) for identifier in identifiers}
        sql = "SELECT hash FROM forgotten WHERE kind = ? AND hash IN ({keys})"
        found = {hash_ for (hash_,) in self._database.rows_by_keys(sql, hashes.values(), kind)}
        return {identifier: hash_ in found for identifier, hash_ in hashes.items()}


def _hash(identifier: str) -> str:
    return sha256(identifier.strip().lower().encode()).hexdigest()
