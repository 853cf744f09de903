"""What Iterable has accepted, in hashes: a table in SQLite or PostgreSQL that outlives the run.

All hashes are keyed with the API key. So the ledger tells nothing about people to those who do not have it,
projects can share one ledger, and after a change of the key everything counts as new.

Who is about to overwrite a thing claims it first, and what was accepted is kept only where the claim still stands.
Several processes may write the same things at once: where their claims meet, nobody can say whose request Iterable
took last, so nothing is kept, and the thing is sent again the next time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from operator import itemgetter
from secrets import token_bytes
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    Table,
    TextClause,
    bindparam,
    delete,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.schema import CreateTable

from iterable_api import databases

_BYTES: Final = 16
PLACE_BYTES: Final = 8
KEY_BYTES: Final = PLACE_BYTES + _BYTES
_CLAIM_BYTES: Final = 8
_CONTESTED: Final = bytes(_CLAIM_BYTES)
"""A claim that is nobody's: two were there at once."""
_UNSURE: Final = b""
"""In place of the content of a thing that may be in Iterable, nobody knows how."""
_MOST: Final = 10_000
"""So many keys fit into one statement of any database; a drain rarely has more."""

_TABLE: Final = Table(
    "iterable_ledger",
    MetaData(),
    Column("key", LargeBinary(KEY_BYTES), primary_key=True),
    Column("content", LargeBinary(_BYTES), nullable=False),
    sqlite_with_rowid=False,
)
_AMONG: Final = _TABLE.c.key.in_(bindparam("keys", expanding=True))
_READ: Final = select(_TABLE.c.key, _TABLE.c.content).where(_AMONG)
_FORGET: Final = delete(_TABLE).where(_AMONG)
_CLAIM: Final = text(
    "INSERT INTO iterable_ledger (key, content) VALUES (:key, :claim) ON CONFLICT (key) DO UPDATE SET content = "
    "CASE WHEN length(iterable_ledger.content) = length(excluded.content) "
    "AND iterable_ledger.content <> excluded.content THEN :contested ELSE excluded.content END"
)
_KEEP: Final = text(
    "UPDATE iterable_ledger SET content = CASE WHEN content = :claim THEN :content ELSE :unsure END WHERE key = :key"
)
_KINDS: Final[Mapping[str, Callable[[str], Engine]]] = {
    "": databases.sqlite,
    "sqlite": databases.sqlite,
    "postgresql": databases.postgresql,
    "postgres": databases.postgresql,
}


class LedgerError(Exception):
    """The ledger cannot be read or written. State does not move past what it should hold."""

    def __init__(self, error: Exception) -> None:
        # The text of a driver's error may hold the URL, and the URL a password.
        super().__init__(
            f"The database named by `ledger` cannot be used ({type(error).__name__}). Mend it, or name another: "
            "then all records count as new."
        )


class Ledger:
    """Key of a thing -> hash of what was last accepted of it. The table is made when it is missing."""

    def __init__(self, engine: Engine, secret: bytes) -> None:
        self._engine = engine
        self._claim = token_bytes(_CLAIM_BYTES)
        self._prefixes: dict[str, bytes] = {}
        self._secret = secret
        self.make(_TABLE)

    def make(self, table: Table) -> None:
        """Make a table, unless it is there.

        Raises:
            LedgerError: if that fails.
        """
        with self._talking():
            databases.make(self._engine, CreateTable(table, if_not_exists=True))

    def hash(self, *parts: bytes) -> bytes:
        """16 bytes that only who has the secret can make from `parts`."""
        framed = b"".join([piece for part in parts for piece in (len(part).to_bytes(8), part)])
        return blake2b(framed, key=self._secret, digest_size=_BYTES).digest()

    def secret_for(self, purpose: str, size: int) -> bytes:
        """A secret of `size` bytes, at most 64, that only who has the API key can make."""
        return blake2b(purpose.encode(), key=self._secret, digest_size=size, person=b"secret").digest()

    def key(self, place: str, *name: str) -> bytes:
        """The key of what is so named in `place`. All keys of a place begin with the same 8 bytes."""
        return self.prefix(place) + self.hash(*(part.encode() for part in name))

    def read(self, keys: Collection[bytes]) -> dict[bytes, bytes]:
        """What is kept under those of `keys` that are there.

        Raises:
            LedgerError: if it cannot be read.
        """
        found: dict[bytes, bytes] = {}
        with self.transaction() as connection:
            for some in portions(keys):
                found.update((key, content) for key, content in connection.execute(_READ, {"keys": some}))
        return found

    def forget(self, keys: Collection[bytes]) -> None:
        """Keep nothing under `keys`.

        Raises:
            LedgerError: if it cannot be written.
        """
        with self.transaction() as connection:
            for some in portions(keys):
                connection.execute(_FORGET, {"keys": some})

    def forget_place(self, place: str) -> None:
        """Keep nothing that is in `place`.

        Raises:
            LedgerError: if it cannot be written.
        """
        first = self.prefix(place)
        with self.transaction() as connection:
            connection.execute(delete(_TABLE).where(_TABLE.c.key.between(first, first + b"\xff" * _BYTES)))

    def claim(self, keys: Collection[bytes]) -> None:
        """Take nothing under `keys` for accepted any more: it is about to be overwritten.

        Raises:
            LedgerError: if it cannot be written.
        """
        self.write(_CLAIM, [{"key": key, "claim": self._claim, "contested": _CONTESTED} for key in keys])

    def keep(self, contents: Mapping[bytes, bytes | None]) -> None:
        """Keep what was accepted, where it was claimed and nobody else has claimed it since. None was not accepted.

        Raises:
            LedgerError: if it cannot be written.
        """
        settled = [
            {"key": key, "claim": self._claim, "content": content or _UNSURE, "unsure": _UNSURE}
            for key, content in contents.items()
        ]
        self.write(_KEEP, settled)

    def aside(self, engine: Engine) -> Ledger:
        """One with the same keys in another database."""
        return Ledger(engine, self._secret)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def prefix(self, place: str) -> bytes:
        """What all keys of `place` begin with."""
        if place not in self._prefixes:
            self._prefixes[place] = self.hash(place.encode())[:PLACE_BYTES]
        return self._prefixes[place]

    def write(self, statement: TextClause, rows: Sequence[Mapping[str, bytes | int | str]]) -> None:
        """Execute a statement for each of `rows`, which have a `key`, in one transaction.

        Raises:
            LedgerError: if that fails.
        """
        # In the order of the keys, in which two processes do not wait for each other, and the file is written faster.
        if rows:
            with self.transaction() as connection:
                connection.execute(statement, sorted(rows, key=itemgetter("key")))

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection whose changes are kept all at the end, or none.

        Raises:
            LedgerError: for what goes wrong in the database.
        """
        with self._talking(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _talking(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise LedgerError(error) from None


def portions(keys: Collection[bytes]) -> Iterator[list[bytes]]:
    """`keys` in order, as many at a time as a statement can hold."""
    ordered = sorted(keys)
    for start in range(0, len(ordered), _MOST):
        yield ordered[start : start + _MOST]


def open_ledger(place: str, secret: str, kind: type[Ledger] = Ledger) -> Ledger:
    """The ledger at a path or URL.

    Raises:
        ValueError: naming the setting, if there is no such kind of database, its driver is not installed, or it
            cannot be reached.
    """
    try:
        engine = _KINDS[urlsplit(place).scheme](place)
    except (ImportError, NoSuchModuleError):
        raise ValueError("`ledger` needs a driver: pip install 'singer-iterable[postgres]'.") from None
    except (ArgumentError, KeyError, ValueError):
        raise ValueError("`ledger` must be a file, or a URL of SQLite or PostgreSQL.") from None
    try:
        return kind(engine, blake2b(secret.encode(), digest_size=32).digest())
    except LedgerError as error:
        raise ValueError(str(error)) from None
