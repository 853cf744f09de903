"""What streams have put into Iterable: a table beside the ledger's.

A member is known by the hash of its name. The name itself, which it takes to remove it, is sealed; a member without
one is another name of a member, and only keeps it from being removed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    LargeBinary,
    MetaData,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.sql import ColumnElement

from target_iterable.ledger.ledger import SCOPE_BYTES, Ledger
from target_iterable.ledger.sql import KEY_BYTES, sorted_chunks
from target_iterable.mirror.name_encryption import HASH_BYTES, SECRET_BYTES, NameCipher
from target_iterable.mirror.seen_keys import UNVERSIONED, SeenKeys

_PAGE: Final = 10_000
_AT_ONCE: Final = 1000
_WAITING: Final = 20_000

_TABLE: Final = Table(
    "iterable_members",
    MetaData(),
    Column("key", LargeBinary(KEY_BYTES), primary_key=True),
    Column("born", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
_MIRRORS: Final = Table(
    "iterable_mirrors",
    MetaData(),
    Column("key", LargeBinary(SCOPE_BYTES), primary_key=True),
    Column("stream", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
_AMONG: Final = _TABLE.c.key.in_(bindparam("keys", expanding=True))
_IS_NAMED: Final = func.length(_TABLE.c.sealed) > 0
_PUT: Final = text(
    "INSERT INTO iterable_members (key, born, sealed) VALUES (:key, :version, :sealed) "
    "ON CONFLICT (key) DO UPDATE SET sealed = excluded.sealed"
)
_FINISH: Final = text(
    "INSERT INTO iterable_mirrors (key, stream, version) VALUES (:key, :stream, :version) "
    "ON CONFLICT (key) DO UPDATE SET version = excluded.version"
)


class Member(NamedTuple):
    """Something that the stream has put into Iterable.

    Attributes:
        name: None if it cannot be read.
        last_version: the last version that had it; None if that is not known.
    """

    key: bytes
    name: str | None
    last_version: int | None = None


class SeenName(NamedTuple):
    """A name in the source: at which version, and whether that name is what removes the member."""

    version: int
    is_primary: bool


class VersionCount(NamedTuple):
    """How many members a stream had before a version, and how many of them are not in it."""

    before: int
    missing: int


class MissingCount(NamedTuple):
    """How many members did not come in this run, and how many there are."""

    missing: int
    total: int


class MembershipTable:
    """Those of one stream. Names of one `kind` mean the same thing in all streams.

    Attributes:
        seen_keys: which of them have been seen, and when.

    Raises:
        LedgerError: from every method, if the database cannot be read or written.
    """

    def __init__(self, ledger: Ledger, stream: str, kind: str) -> None:
        self._ledger = ledger
        self._stream = stream
        self._prefix = ledger.scope_prefix(f"mirror {stream}")
        self._cipher = NameCipher(ledger.derive_secret("members", SECRET_BYTES), kind)
        # Between coming and being settled, each name is asked for several times.
        self._seal = lru_cache(_WAITING)(self._cipher.encrypt)
        for table in (_TABLE, _MIRRORS):
            ledger.create_table(table)
        self.seen_keys = SeenKeys(ledger, self._prefix)

    @property
    def version(self) -> int:
        """The last version that was finished; 0 if none was."""
        with self._ledger.transaction() as connection:
            found = connection.execute(select(_MIRRORS.c.version).where(_MIRRORS.c.key == self._prefix)).scalar()
        return found or 0

    @property
    def newest(self) -> int:
        """The highest version that anything of the stream has, finished or not; 0 if there is none."""
        query = select(func.max(_TABLE.c.born)).where(self._own, _TABLE.c.born != UNVERSIONED)
        with self._ledger.transaction() as connection:
            born = connection.execute(query).scalar() or 0
        return max(self.version, born, self.seen_keys.newest)

    def key(self, name: str) -> bytes:
        """The key of the member so named."""
        return self._prefix + self._seal(name)[0]

    def add(self, names: Mapping[str, SeenName]) -> set[bytes]:
        """They may be in Iterable from now on; the keys of those that were not before."""
        rows = {self._prefix + hash_: row for hash_, row in map(self._row, names.items())}
        known = self._known(rows.keys())
        self._ledger.execute_many(_PUT, [row for key, row in rows.items() if known.get(key) != bool(row["sealed"])])
        return rows.keys() - known.keys()

    def mark_seen(self, names: Mapping[str, int]) -> None:
        """They are in the source, each at a version."""
        hashes: dict[int, set[bytes]] = {}
        for name, version in names.items():
            hashes.setdefault(version, set()).add(self._seal(name)[0])
        self.seen_keys.add(hashes)

    def delete(self, keys: Collection[bytes]) -> None:
        """They are no longer in Iterable, or somebody else's."""
        with self._ledger.transaction() as connection:
            for some in sorted_chunks(keys):
                connection.execute(delete(_TABLE).where(_AMONG), {"keys": some})

    def contains_any(self, keys: Collection[bytes]) -> bool:
        """Whether the stream has put one of them into Iterable."""
        return bool(self._known(keys))

    def count(self, version: int) -> VersionCount:
        """What the stream had before `version`, and what of it has left."""
        query = select(func.count()).where(self._own, _TABLE.c.born < version, _IS_NAMED)
        with self._ledger.transaction() as connection:
            before = connection.execute(query).scalar_one()
        return VersionCount(before, sum(1 for _ in self._left(version, _IS_NAMED)))

    def member_count(self) -> int:
        """How many there are."""
        with self._ledger.transaction() as connection:
            return connection.execute(select(func.count()).where(self._own, _IS_NAMED)).scalar_one()

    def missing_count(self) -> MissingCount:
        """How many of them did not come since `register`."""
        return MissingCount(sum(1 for _ in self._not_among(self.seen_keys.of_run(), _IS_NAMED)), self.member_count())

    def missing_members(self, version: int) -> Iterator[list[Member]]:
        """Those that were last seen before `version`, some at a time. Dropping them meanwhile does no harm."""
        left = self._left(version, _IS_NAMED)
        last = self._last_seen(version)
        while rows := list(islice(left, _AT_ONCE)):
            yield [Member(key, self._opened(key, sealed), last(key[SCOPE_BYTES:])) for key, sealed in rows]

    def kept_by_others(self, keys: Collection[bytes]) -> dict[bytes, str]:
        """Those of `keys` that another mirrored stream has, too, and its name."""
        with self._ledger.transaction() as connection:
            others = dict(connection.execute(select(_MIRRORS.c.key, _MIRRORS.c.stream)).tuples().all())
        others.pop(self._prefix, None)
        there = self._known([other + key[SCOPE_BYTES:] for other in others for key in keys])
        return {self._prefix + key[SCOPE_BYTES:]: others[key[:SCOPE_BYTES]] for key in there}

    def register(self) -> None:
        """Let other streams know that this one is mirrored, too."""
        self._finish(self.version)
        self.seen_keys.compact()

    def complete_version(self, version: int) -> None:
        """All that has left is removed. What was put there without a version came with this one."""
        self.delete([key for key, _ in self._left(version, ~_IS_NAMED)])
        with self._ledger.transaction() as connection:
            connection.execute(update(_TABLE).where(self._own, _TABLE.c.born == UNVERSIONED).values(born=version))
        self._finish(version)
        self.seen_keys.delete_until(version)

    def close(self) -> None:
        """Let go of what only this run needs."""

    def _known(self, keys: Collection[bytes]) -> dict[bytes, bool]:
        """Those of `keys` that are there, and whether it is by these that they are removed."""
        query = select(_TABLE.c.key, _IS_NAMED).where(_AMONG)
        found: dict[bytes, bool] = {}
        with self._ledger.transaction() as connection:
            for some in sorted_chunks(keys):
                found.update((key, bool(named)) for key, named in connection.execute(query, {"keys": some}))
        return found

    def _left(self, version: int, which: ColumnElement[bool]) -> Iterator[tuple[bytes, bytes]]:
        """Keys and sealed names of those that were not seen since `version`."""
        return self._not_among(self.seen_keys.since(version), which)

    def _not_among(self, seen: Iterator[bytes], which: ColumnElement[bool]) -> Iterator[tuple[bytes, bytes]]:
        """Keys and sealed names of those that were not `seen`. Both sides come in the same order."""
        last = next(seen, None)
        for key, sealed in self._rows(which):
            while last is not None and last < key[SCOPE_BYTES:]:
                last = next(seen, None)
            if last != key[SCOPE_BYTES:]:
                yield key, sealed

    def _last_seen(self, version: int) -> Callable[[bytes], int | None]:
        """Tells of hashes, which must come in order, in which version before this one they were seen last.

        What was seen up to the last version that was finished is forgotten: all that was there then was in it.
        """
        finished = self.version or None
        seen = self.seen_keys.before(version)
        at = next(seen, None)

        def last(hash_: bytes) -> int | None:
            nonlocal at
            found = finished
            while at is not None and at[0] <= hash_:
                found = at[1] if at[0] == hash_ else found
                at = next(seen, None)
            return found

        return last

    def _opened(self, key: bytes, sealed: bytes) -> str | None:
        try:
            return self._cipher.decrypt(key[SCOPE_BYTES:], sealed)
        except ValueError:
            return None

    def _rows(self, which: ColumnElement[bool]) -> Iterator[tuple[bytes, bytes]]:
        query = select(_TABLE.c.key, _TABLE.c.sealed).where(self._own, which).order_by(_TABLE.c.key).limit(_PAGE)
        last = self._prefix
        while True:
            with self._ledger.transaction() as connection:
                rows = connection.execute(query.where(_TABLE.c.key > last)).tuples().all()
            if not rows:
                return
            yield from rows
            last = rows[-1][0]

    def _finish(self, version: int) -> None:
        self._ledger.execute_many(_FINISH, [{"key": self._prefix, "stream": self._stream, "version": version}])

    def _row(self, named: tuple[str, SeenName]) -> tuple[bytes, dict[str, bytes | int]]:
        name, sighting = named
        hash_, sealed = self._seal(name)
        rest = sealed if sighting.is_primary else b""
        return hash_, {"key": self._prefix + hash_, "version": sighting.version, "sealed": rest}

    @property
    def _own(self) -> ColumnElement[bool]:
        return and_(_TABLE.c.key > self._prefix, _TABLE.c.key <= self._prefix + b"\xff" * HASH_BYTES)
