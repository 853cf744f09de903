"""Membership table: the members that each mirrored stream has put into Iterable. It is beside the ledger's table.

The key of a member is the keyed hash of its name. The name is stored encrypted, because the removal needs it; a row
without one is an alias that keeps its member from being removed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, Final

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
from target_iterable.mirror.members import Member, MissingCount, SeenName, VersionCount
from target_iterable.mirror.name_encryption import HASH_BYTES, SECRET_BYTES, NameCipher
from target_iterable.mirror.seen_keys import UNVERSIONED, SeenKeys

_PAGE_ROWS: Final = 10_000
"""Rows that one query reads."""
_CHUNK_MEMBERS: Final = 1000
"""Members that `missing_members` yields at a time."""
_CACHED_NAMES: Final = 20_000
"""Names whose ciphertext is cached: about as many as wait in a buffer."""

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
_KEY_IN: Final = _TABLE.c.key.in_(bindparam("keys", expanding=True))
_HAS_NAME: Final = func.length(_TABLE.c.sealed) > 0
_UPSERT: Final = text(
    "INSERT INTO iterable_members (key, born, sealed) VALUES (:key, :version, :sealed) "
    "ON CONFLICT (key) DO UPDATE SET sealed = excluded.sealed"
)
_UPSERT_VERSION: Final = text(
    "INSERT INTO iterable_mirrors (key, stream, version) VALUES (:key, :stream, :version) "
    "ON CONFLICT (key) DO UPDATE SET version = excluded.version"
)


class MembershipTable:
    """Members of one stream. Names of one `kind` mean the same thing in all streams.

    Attributes:
        seen_keys: keys that were seen in the source, by version.

    Raises:
        LedgerError: from every method, if the database cannot be read or written.
    """

    def __init__(self, ledger: Ledger, stream: str, kind: str) -> None:
        self._ledger = ledger
        self._stream = stream
        self._prefix = ledger.scope_prefix(f"mirror {stream}")
        self._cipher = NameCipher(ledger.derive_secret("members", SECRET_BYTES), kind)
        # Until a record has its result, its names are encrypted several times.
        self._encrypt = lru_cache(_CACHED_NAMES)(self._cipher.encrypt)
        for table in (_TABLE, _MIRRORS):
            ledger.create_table(table)
        self.seen_keys = SeenKeys(ledger, self._prefix)

    @property
    def version(self) -> int:
        """Last version that was completed; 0 if none was."""
        with self._ledger.transaction() as connection:
            version = connection.execute(select(_MIRRORS.c.version).where(_MIRRORS.c.key == self._prefix)).scalar()
        return version or 0

    @property
    def newest(self) -> int:
        """Highest version of any member, complete or not; 0 without members."""
        query = select(func.max(_TABLE.c.born)).where(self._own, _TABLE.c.born != UNVERSIONED)
        with self._ledger.transaction() as connection:
            born = connection.execute(query).scalar() or 0
        return max(self.version, born, self.seen_keys.newest)

    def key(self, name: str) -> bytes:
        """Compute the key of the member with this name."""
        return self._prefix + self._encrypt(name)[0]

    def add(self, names: Mapping[str, SeenName]) -> set[bytes]:
        """Add members, and return the keys of those that are new."""
        rows = {self._prefix + hash_: row for hash_, row in map(self._row, names.items())}
        known = self._existing(rows.keys())
        self._ledger.execute_many(_UPSERT, [row for key, row in rows.items() if known.get(key) != bool(row["sealed"])])
        return rows.keys() - known.keys()

    def mark_seen(self, names: Mapping[str, int]) -> None:
        """Record that the source has these names; `names` is name -> version."""
        hashes: dict[int, set[bytes]] = {}
        for name, version in names.items():
            hashes.setdefault(version, set()).add(self._encrypt(name)[0])
        self.seen_keys.add(hashes)

    def delete(self, keys: Collection[bytes]) -> None:
        """Delete members: Iterable no longer has them, or not because of this stream."""
        with self._ledger.transaction() as connection:
            for chunk in sorted_chunks(keys):
                connection.execute(delete(_TABLE).where(_KEY_IN), {"keys": chunk})

    def contains_any(self, keys: Collection[bytes]) -> bool:
        """Whether one of `keys` is a member."""
        return bool(self._existing(keys))

    def count(self, version: int) -> VersionCount:
        """Count the members before `version`, and those of them that are missing from it."""
        query = select(func.count()).where(self._own, _TABLE.c.born < version, _HAS_NAME)
        with self._ledger.transaction() as connection:
            before = connection.execute(query).scalar_one()
        return VersionCount(before, sum(1 for _ in self._missing(version, _HAS_NAME)))

    def member_count(self) -> int:
        """Count the members."""
        with self._ledger.transaction() as connection:
            return connection.execute(select(func.count()).where(self._own, _HAS_NAME)).scalar_one()

    def missing_count(self) -> MissingCount:
        """Count the members that did not come since `register`."""
        return MissingCount(sum(1 for _ in self._not_in(self.seen_keys.of_run(), _HAS_NAME)), self.member_count())

    def missing_members(self, version: int) -> Iterator[list[Member]]:
        """Yield the members that were last seen before `version`, in chunks. They may be deleted meanwhile."""
        missing = self._missing(version, _HAS_NAME)
        last = self._last_seen(version)
        while rows := list(islice(missing, _CHUNK_MEMBERS)):
            yield [Member(key, self._decrypt(key, ciphertext), last(key[SCOPE_BYTES:])) for key, ciphertext in rows]

    def kept_by_others(self, keys: Collection[bytes]) -> dict[bytes, str]:
        """Return member -> another mirrored stream that has it, too, for those of `keys` where there is one."""
        with self._ledger.transaction() as connection:
            mirrors: Sequence[Any] = connection.execute(select(_MIRRORS.c.key, _MIRRORS.c.stream)).all()
        others = dict(mirrors)
        others.pop(self._prefix, None)
        there = self._existing([other + key[SCOPE_BYTES:] for other in others for key in keys])
        return {self._prefix + key[SCOPE_BYTES:]: others[key[:SCOPE_BYTES]] for key in there}

    def register(self) -> None:
        """Make the stream known to other mirrored streams, and start a run."""
        self._store_version(self.version)
        self.seen_keys.compact()

    def complete_version(self, version: int) -> None:
        """Record that missing members are removed. Members that were added without a version belong to this one."""
        self.delete([key for key, _ in self._missing(version, ~_HAS_NAME)])
        with self._ledger.transaction() as connection:
            connection.execute(update(_TABLE).where(self._own, _TABLE.c.born == UNVERSIONED).values(born=version))
        self._store_version(version)
        self.seen_keys.delete_until(version)

    def close(self) -> None:
        """Release resources that only this run needs."""

    def _existing(self, keys: Collection[bytes]) -> dict[bytes, bool]:
        """Return key -> whether its row has a name, for those of `keys` that exist."""
        query = select(_TABLE.c.key, _HAS_NAME).where(_KEY_IN)
        existing: dict[bytes, bool] = {}
        with self._ledger.transaction() as connection:
            for chunk in sorted_chunks(keys):
                existing.update((key, bool(has_name)) for key, has_name in connection.execute(query, {"keys": chunk}))
        return existing

    def _missing(self, version: int, condition: ColumnElement[bool]) -> Iterator[tuple[bytes, bytes]]:
        """Yield keys and encrypted names of members that were not seen since `version`."""
        return self._not_in(self.seen_keys.since(version), condition)

    def _not_in(self, seen: Iterator[bytes], condition: ColumnElement[bool]) -> Iterator[tuple[bytes, bytes]]:
        """Yield keys and encrypted names of members that are not in `seen`. Both are in the order of their hashes."""
        last = next(seen, None)
        for key, ciphertext in self._rows(condition):
            while last is not None and last < key[SCOPE_BYTES:]:
                last = next(seen, None)
            if last != key[SCOPE_BYTES:]:
                yield key, ciphertext

    def _last_seen(self, version: int) -> Callable[[bytes], int | None]:
        """Return a function from hashes, which must come in ascending order, to their last version before `version`.

        Keys seen up to the last complete version are deleted: all members of that time were in it.
        """
        finished = self.version or None
        seen = self.seen_keys.before(version)
        at = next(seen, None)

        def last(hash_: bytes) -> int | None:
            nonlocal at
            existing = finished
            while at is not None and at[0] <= hash_:
                existing = at[1] if at[0] == hash_ else existing
                at = next(seen, None)
            return existing

        return last

    def _decrypt(self, key: bytes, ciphertext: bytes) -> str | None:
        try:
            return self._cipher.decrypt(key[SCOPE_BYTES:], ciphertext)
        except ValueError:
            return None

    def _rows(self, condition: ColumnElement[bool]) -> Iterator[tuple[bytes, bytes]]:
        query = (
            select(_TABLE.c.key, _TABLE.c.sealed).where(self._own, condition).order_by(_TABLE.c.key).limit(_PAGE_ROWS)
        )
        last = self._prefix
        while True:
            with self._ledger.transaction() as connection:
                rows: Sequence[Any] = connection.execute(query.where(_TABLE.c.key > last)).all()
            if not rows:
                return
            yield from rows
            last = rows[-1][0]

    def _store_version(self, version: int) -> None:
        self._ledger.execute_many(_UPSERT_VERSION, [{"key": self._prefix, "stream": self._stream, "version": version}])

    def _row(self, named: tuple[str, SeenName]) -> tuple[bytes, dict[str, bytes | int]]:
        name, seen_name = named
        hash_, ciphertext = self._encrypt(name)
        rest = ciphertext if seen_name.is_primary else b""
        return hash_, {"key": self._prefix + hash_, "version": seen_name.version, "sealed": rest}

    @property
    def _own(self) -> ColumnElement[bool]:
        return and_(_TABLE.c.key > self._prefix, _TABLE.c.key <= self._prefix + b"\xff" * HASH_BYTES)
