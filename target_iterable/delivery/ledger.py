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
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    Table,
    TextClause,
    delete,
)
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.schema import CreateTable

from iterable_api import databases
from target_iterable.delivery.failures import LedgerError
from target_iterable.delivery.ledger_sql import CONTENT_BYTES, DIALECTS, KEY_BYTES

PLACE_BYTES: Final = 8
_CLAIM_BYTES: Final = 8
_CONTESTED: Final = bytes(_CLAIM_BYTES)
"""A claim that is nobody's: two were there at once."""
_UNSURE: Final = b""
"""In place of the content of a thing that may be in Iterable, nobody knows how."""
_REFUSED: Final = bytes(CONTENT_BYTES)
"""In place of a content that was not accepted."""
_MOST: Final = 10_000
"""So many keys fit into one statement of any database as parameters of their own."""

_TABLE: Final = Table(
    "iterable_ledger",
    MetaData(),
    Column("key", LargeBinary(KEY_BYTES), primary_key=True),
    Column("content", LargeBinary(CONTENT_BYTES), nullable=False),
    sqlite_with_rowid=False,
)
_KINDS: Final[Mapping[str, Callable[[str], Engine]]] = {
    "": databases.sqlite,
    "sqlite": databases.sqlite,
    "postgresql": databases.postgresql,
    "postgres": databases.postgresql,
}


class Ledger:
    """Key of a thing -> hash of what was last accepted of it. The table is made when it is missing."""

    def __init__(self, engine: Engine, secret: bytes) -> None:
        self._engine = engine
        self._dialect = DIALECTS[engine.dialect.name]
        self._claim = token_bytes(_CLAIM_BYTES)
        self._secret = secret
        self._blank = blake2b(key=secret, digest_size=CONTENT_BYTES)
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
        return self.hasher(*parts).digest()

    def hasher(self, *parts: bytes) -> blake2b:
        """What makes such a hash, already told these parts; others behind them each need their `framing`, too."""
        hasher = self._blank.copy()
        for part in parts:
            hasher.update(framing(part))
            hasher.update(part)
        return hasher

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
        if not keys:
            return {}
        with self.transaction() as connection:
            return dict(connection.execute(self._dialect.read, self._keys(keys)).tuples().all())

    def forget(self, keys: Collection[bytes]) -> None:
        """Keep nothing under `keys`.

        Raises:
            LedgerError: if it cannot be written.
        """
        self._change(self._dialect.forget, keys)

    def forget_place(self, place: str) -> None:
        """Keep nothing that is in `place`.

        Raises:
            LedgerError: if it cannot be written.
        """
        first = self.prefix(place)
        with self.transaction() as connection:
            connection.execute(delete(_TABLE).where(_TABLE.c.key.between(first, first + b"\xff" * CONTENT_BYTES)))

    def claim(self, keys: Collection[bytes]) -> None:
        """Take nothing under `keys` for accepted any more: it is about to be overwritten.

        Raises:
            LedgerError: if it cannot be written.
        """
        self._change(self._dialect.claim, keys, claim=self._claim, contested=_CONTESTED)

    def keep(self, contents: Mapping[bytes, bytes | None]) -> None:
        """Keep what was accepted, where it was claimed and nobody else has claimed it since. None was not accepted.

        Contents are hashes as `hash` makes them.

        Raises:
            LedgerError: if it cannot be written.
        """
        ordered = self._dialect.pack([contents[key] or _REFUSED for key in sorted(contents)])
        self._change(
            self._dialect.keep, contents, claim=self._claim, contents=ordered, refused=_REFUSED, unsure=_UNSURE
        )

    def aside(self, engine: Engine) -> Ledger:
        """One with the same keys in another database."""
        return Ledger(engine, self._secret)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def prefix(self, place: str) -> bytes:
        """What all keys of `place` begin with."""
        return self.hash(place.encode())[:PLACE_BYTES]

    def write(self, statement: TextClause, rows: Sequence[Mapping[str, bytes | int | str]]) -> None:
        """Execute a statement for each of `rows`, which have a `key`, in one transaction.

        Raises:
            LedgerError: if that fails.
        """
        # In the order of the keys, in which two processes do not wait for each other, and the file is written faster.
        if rows:
            with self.transaction() as connection:
                connection.execute(statement, sorted(rows, key=itemgetter("key")))

    def _change(self, statement: TextClause, keys: Collection[bytes], **more: Any) -> None:
        if keys:
            with self.transaction() as connection:
                connection.execute(statement, {**self._keys(keys), **more})

    def _keys(self, keys: Collection[bytes]) -> dict[str, Any]:
        """In the order in which two processes do not wait for each other, and the file is written faster."""
        return {"keys": self._dialect.pack(sorted(keys))}

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


def framing(part: bytes) -> bytes:
    """What stands before a part of what is hashed, so that no other parts are the same text."""
    return len(part).to_bytes(8)


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
