"""What streams have put into Iterable, and when each of it was last in its source: a table beside the ledger's.

A member is known by the hash of its name. The name itself, which it takes to remove it, is sealed; a member without
one is another name of a member, and only keeps it from being removed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    LargeBinary,
    MetaData,
    Table,
    Text,
    and_,
    bindparam,
    case,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.sql import ColumnElement

from target_iterable.delivery.ledger import KEY_BYTES, PLACE_BYTES, Ledger, portions
from target_iterable.delivery.seals import HASH_BYTES, SECRET_BYTES, Seals

NOW: Final = 2**63 - 1
"""In place of a version: seen in the run at hand, in a record that has none."""
_NAMES_AT_ONCE: Final = 1000

_TABLE: Final = Table(
    "iterable_members",
    MetaData(),
    Column("key", LargeBinary(KEY_BYTES), primary_key=True),
    Column("born", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
_MIRRORS: Final = Table(
    "iterable_mirrors",
    MetaData(),
    Column("key", LargeBinary(PLACE_BYTES), primary_key=True),
    Column("stream", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
_AMONG: Final = _TABLE.c.key.in_(bindparam("keys", expanding=True))
_PUT: Final = text(
    "INSERT INTO iterable_members (key, born, seen, sealed) VALUES (:key, :version, :version, :sealed) "
    "ON CONFLICT (key) DO UPDATE SET sealed = excluded.sealed, seen = CASE WHEN "
    "excluded.seen > iterable_members.seen THEN excluded.seen ELSE iterable_members.seen END"
)
_SEE: Final = text("UPDATE iterable_members SET seen = :version WHERE key = :key AND seen < :version")
_FINISH: Final = text(
    "INSERT INTO iterable_mirrors (key, stream, version) VALUES (:key, :stream, :version) "
    "ON CONFLICT (key) DO UPDATE SET version = excluded.version"
)


class Member(NamedTuple):
    """Something that the stream has put into Iterable."""

    key: bytes
    name: str


class Sighting(NamedTuple):
    """A name in the source: at which version, and whether that name is what removes the member."""

    version: int
    removes: bool


class Count(NamedTuple):
    """How many members a stream had before a version, and how many of them are not in it."""

    before: int
    left: int


class Members:
    """Those of one stream. Names of one `kind` mean the same thing in all streams.

    Raises:
        LedgerError: from every method, if the database cannot be read or written.
    """

    def __init__(self, ledger: Ledger, stream: str, kind: str) -> None:
        self._ledger = ledger
        self._stream = stream
        self._prefix = ledger.prefix(f"mirror {stream}")
        self._seals = Seals(ledger.secret_for("members", SECRET_BYTES), kind)
        for table in (_TABLE, _MIRRORS):
            ledger.make(table)

    @property
    def version(self) -> int:
        """The last version that was finished; 0 if none was."""
        with self._ledger.transaction() as connection:
            found = connection.execute(select(_MIRRORS.c.version).where(_MIRRORS.c.key == self._prefix)).scalar()
        return found or 0

    def key(self, name: str) -> bytes:
        """The key of the member so named."""
        return self._prefix + self._seals.seal(name)[0]

    def known(self, keys: Collection[bytes]) -> set[bytes]:
        """Those of `keys` that are there."""
        return self.seen_since(0, keys)

    def put(self, names: Mapping[str, Sighting]) -> None:
        """They are in the source, and may be in Iterable."""
        self._ledger.write(_PUT, [self._row(name, sighting) for name, sighting in names.items()])

    def see(self, names: Mapping[str, int]) -> None:
        """They are in the source at a version; those that were never put are left alone."""
        self._ledger.write(_SEE, [{"key": self.key(name), "version": version} for name, version in names.items()])

    def seen_since(self, version: int, keys: Collection[bytes]) -> set[bytes]:
        """Those of `keys` that were seen at `version` or later."""
        query = select(_TABLE.c.key).where(_AMONG, _TABLE.c.seen >= version)
        found: set[bytes] = set()
        with self._ledger.transaction() as connection:
            for some in portions(keys):
                found.update(connection.execute(query, {"keys": some}).scalars())
        return found

    def drop(self, keys: Collection[bytes]) -> None:
        """They are no longer in Iterable, or somebody else's."""
        with self._ledger.transaction() as connection:
            for some in portions(keys):
                connection.execute(delete(_TABLE).where(_AMONG), {"keys": some})

    def count(self, version: int) -> Count:
        """What the stream had before `version`, and what of it has left."""
        left = func.coalesce(func.sum(case((_TABLE.c.seen < version, 1), else_=0)), 0)
        query = select(func.count(), left).where(self._own, _TABLE.c.born < version, _IS_NAMED)
        with self._ledger.transaction() as connection:
            return Count(*connection.execute(query).one())

    def left(self, version: int) -> Iterator[list[Member]]:
        """Those that were last seen before `version`, some at a time. Dropping them meanwhile does no harm.

        Raises:
            ValueError: if a name cannot be read.
        """
        query = select(_TABLE.c.key, _TABLE.c.sealed).where(self._own, _TABLE.c.seen < version, _IS_NAMED)
        last = self._prefix
        while True:
            with self._ledger.transaction() as connection:
                rows: Sequence[Any] = connection.execute(
                    query.where(_TABLE.c.key > last).order_by(_TABLE.c.key).limit(_NAMES_AT_ONCE)
                ).all()
            if not rows:
                return
            yield [Member(key, self._seals.open(key[PLACE_BYTES:], sealed)) for key, sealed in rows]
            last = rows[-1][0]

    def elsewhere(self, keys: Collection[bytes]) -> dict[bytes, str]:
        """Those of `keys` that another mirrored stream has, too, and its name."""
        with self._ledger.transaction() as connection:
            others = dict(connection.execute(select(_MIRRORS.c.key, _MIRRORS.c.stream)).tuples().all())
        others.pop(self._prefix, None)
        there = self.known([other + key[PLACE_BYTES:] for other in others for key in keys])
        return {self._prefix + key[PLACE_BYTES:]: others[key[:PLACE_BYTES]] for key in there}

    def register(self) -> None:
        """Let other streams know that this one is mirrored, too."""
        self._finish(self.version)

    def finish(self, version: int) -> None:
        """All that has left is removed. What was seen without a version was seen at this one."""
        with self._ledger.transaction() as connection:
            connection.execute(delete(_TABLE).where(self._own, _TABLE.c.seen < version, ~_IS_NAMED))
            for column in ("born", "seen"):
                connection.execute(update(_TABLE).where(self._own, _TABLE.c[column] == NOW).values({column: version}))
        self._finish(version)

    def close(self) -> None:
        """Let go of what only this run needs."""

    def _finish(self, version: int) -> None:
        self._ledger.write(_FINISH, [{"key": self._prefix, "stream": self._stream, "version": version}])

    def _row(self, name: str, sighting: Sighting) -> dict[str, bytes | int]:
        hash_, sealed = self._seals.seal(name)
        return {
            "key": self._prefix + hash_,
            "version": sighting.version,
            "sealed": sealed if sighting.removes else b"",
        }

    @property
    def _own(self) -> ColumnElement[bool]:
        return and_(_TABLE.c.key > self._prefix, _TABLE.c.key <= self._prefix + b"\xff" * HASH_BYTES)


_IS_NAMED: Final = func.length(_TABLE.c.sealed) > 0
