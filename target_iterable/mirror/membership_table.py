"""Membership table: the members that each mirrored stream has put into Iterable. It is beside the ledger's table.

The key of a member is the keyed hash of its name. The name is stored encrypted, because the removal needs it; a row
without one is an alias that keeps its member from being removed.

What comes is appended to the member log. It is folded into the table when members are looked for, part by part: so each
page of the table is read and written once for all names of a run, and memory holds one part.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import Any, Final

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.sql import ColumnElement

from target_iterable.ledger.ledger import SCOPE_BYTES, Ledger
from target_iterable.ledger.sql import sorted_chunks
from target_iterable.mirror.claimed_names import Claims, claimed_entries
from target_iterable.mirror.log_replay import (
    ALL_PARTS,
    GONE,
    PARTS,
    Changes,
    LogKind,
    LogRow,
    Pending,
    changes_of,
    first_of,
    last_versions,
    seen_in,
)
from target_iterable.mirror.member_log import UNVERSIONED, MemberLog
from target_iterable.mirror.member_rows import HAS_NAME, KEY_IN, MEMBERS, find_members, put_members
from target_iterable.mirror.members import Member, MissingCount, MissingKeys, VersionCount
from target_iterable.mirror.mirrored_streams import MirroredStreams
from target_iterable.mirror.name_encryption import HASH_BYTES, SECRET_BYTES, NameCipher

_CHUNK_MEMBERS: Final = 1000
"""Members that `missing_members` yields at a time."""
_SMALL_MEMBERS: Final = 50_000
"""Members of a stream that are gone through together, not part by part."""
_CACHED_MISSING: Final = 1_000_000
"""Hashes of missing members that are kept after they are counted."""
_LOOKED_UP_PENDING: Final = 10_000
"""Entries of the log above which it is folded before a single member is looked up."""


class MembershipTable:
    """Members of one stream. Names of one `kind` mean the same thing in all streams.

    Raises:
        LedgerError: from every method, if the database cannot be read or written.
    """

    def __init__(self, ledger: Ledger, stream: str, kind: str) -> None:
        self._ledger = ledger
        self._prefix = ledger.scope_prefix(f"mirror {stream}")
        self._cipher = NameCipher(ledger.derive_secret("members", SECRET_BYTES), kind)
        ledger.create_table(MEMBERS)
        self._streams = MirroredStreams(ledger, stream, self._prefix)
        self._log = MemberLog(ledger, self._prefix)
        self._counted: tuple[int, int, dict[int, MissingKeys]] | None = None
        self._folded = 0

    @property
    def version(self) -> int:
        """Last version that was completed; 0 if none was."""
        return self._streams.version

    @property
    def newest(self) -> int:
        """Highest version of any member, complete or not; 0 without members."""
        query = select(func.max(MEMBERS.c.born)).where(self._own(ALL_PARTS), MEMBERS.c.born != UNVERSIONED)
        with self._ledger.transaction() as connection:
            born = connection.execute(query).scalar() or 0
        return max(self.version, born, self._log.newest)

    def key(self, name: str) -> bytes:
        """Compute the key of the member with this name."""
        return self._prefix + self._hashes([name])[0]

    def claim(self, claims: Claims, seen: Mapping[str, int]) -> None:
        """Add members that are about to be delivered, and record that the source has them.

        Args:
            claims: see `Claims`.
            seen: names of which nothing is delivered -> version at which the source has them.
        """
        versions: dict[int, list[str]] = {}
        for name, version in seen.items():
            versions.setdefault(version, []).append(name)
        hashes = {version: {*self._hashes(names)} for version, names in versions.items()}
        claimed = claimed_entries(claims, self._cipher.entries) if claims else {}
        rows = [(LogKind.CLAIM, *entries) for entries in claimed.items()]
        self._log.append([*rows, *((LogKind.SEEN, *found) for found in hashes.items())])

    def release(self, names: Collection[str]) -> None:
        """Take back the last claim of these names, which Iterable has refused: those that were new are no members."""
        self._log.append([(LogKind.RELEASE, 0, {*self._hashes(names)})])

    def delete(self, keys: Collection[bytes]) -> None:
        """Delete members: Iterable no longer has them, or not because of this stream."""
        if self._log.pending:
            self._log.append([(LogKind.DELETE, 0, {key[SCOPE_BYTES:] for key in keys})])
            return
        with self._ledger.transaction() as connection:
            for chunk in sorted_chunks(keys):
                connection.execute(delete(MEMBERS).where(KEY_IN), {"keys": chunk})

    def contains_any(self, keys: Collection[bytes]) -> bool:
        """Whether one of `keys` is a member."""
        if self._log.pending > _LOOKED_UP_PENDING:
            self._fold_all()
        return bool(self._existing(self._prefix, {key[SCOPE_BYTES:] for key in keys}))

    def count(self, version: int) -> VersionCount:
        """Count the members before `version`, and those of them that are missing from it."""
        self._counted = None
        missing = sum(len(keys.named) for _, keys in self._missing(version))
        return VersionCount(self._count_before(version), missing)

    def member_count(self) -> int:
        """Count the members."""
        if self._log.pending:
            self._fold_all()
        with self._ledger.transaction() as connection:
            return connection.execute(select(func.count()).where(self._own(ALL_PARTS), HAS_NAME)).scalar_one()

    def missing_count(self) -> MissingCount:
        """Count the members that did not come since `register`."""
        missing = total = 0
        for part in self._parts():
            rows = self._log.rows([part])
            members = self._fold(part, rows)
            seen = seen_in(filter(self._log.is_of_run, rows))
            named = [hash_ for hash_, has_name in members.items() if has_name]
            total += len(named)
            missing += len(named) - len(seen.intersection(named))
        return MissingCount(missing, total)

    def missing_members(self, version: int) -> Iterator[list[Member]]:
        """Yield the members that were last seen before `version`, in chunks. They may be deleted meanwhile."""
        waiting: dict[bytes, int | None] = {}
        finished = self.version or None
        for part, missing in self._missing(version):
            # What was seen up to the last complete version is deleted: all members of that time were in it.
            last = last_versions(self._log.rows([part], before=version), missing.named)
            waiting.update((hash_, last.get(hash_, finished)) for hash_ in missing.named)
            while len(waiting) >= _CHUNK_MEMBERS:
                chunk = dict(islice(waiting.items(), _CHUNK_MEMBERS))
                waiting = dict(islice(waiting.items(), _CHUNK_MEMBERS, None))
                yield self._members(chunk)
        if waiting:
            yield self._members(waiting)

    def kept_by_others(self, keys: Collection[bytes]) -> dict[bytes, str]:
        """Return member -> another mirrored stream that has it, too, for those of `keys` where there is one."""
        others = self._streams.others()
        if not others or not keys:
            return {}
        hashes = {key[SCOPE_BYTES:] for key in keys}
        kept = {hash_: stream for other, stream in others.items() for hash_ in self._existing(other, hashes)}
        return {self._prefix + hash_: stream for hash_, stream in kept.items()}

    def register(self) -> None:
        """Make the stream known to other mirrored streams, and start a run."""
        self._streams.store(self.version)
        if self._log.pending:
            self._fold_all()
        self._log.start_run(self._folded)

    def complete_version(self, version: int) -> None:
        """Record that missing members are removed. Members that were added without a version belong to this one."""
        self.delete([self._prefix + hash_ for _, missing in self._missing(version) for hash_ in missing.aliases])
        unversioned = update(MEMBERS).where(self._own(ALL_PARTS), MEMBERS.c.born == UNVERSIONED)
        with self._ledger.transaction() as connection:
            connection.execute(unversioned.values(born=version))
        self._streams.store(version)
        self._log.complete(version, self._folded)
        self._counted = None

    def close(self) -> None:
        """Release resources that only this run needs."""

    def _members(self, last_of: Mapping[bytes, int | None]) -> list[Member]:
        """Return the members with these hashes, in their order; `last_of` is hash -> last version."""
        names = self._encrypted({self._prefix + hash_ for hash_ in last_of})
        return [
            Member(key, self._decrypt(key, name), last_of[key[SCOPE_BYTES:]]) for key, name in sorted(names.items())
        ]

    def _encrypted(self, keys: AbstractSet[bytes]) -> dict[bytes, bytes]:
        """Return key -> encrypted name, for those of `keys` that are members."""
        query = select(MEMBERS.c.key, MEMBERS.c.sealed).where(KEY_IN)
        with self._ledger.transaction() as connection:
            rows: Sequence[Any] = connection.execute(query, {"keys": sorted(keys)}).all()
        return dict(rows)

    def _missing(self, version: int) -> Iterator[tuple[int, MissingKeys]]:
        """Yield part -> members that were not seen since `version`, as last counted if the log is as it was."""
        last = self._log.last
        if self._counted is not None and self._counted[:2] == (version, last):
            self._folded = last
            yield from self._counted[2].items()
            return
        found: dict[int, MissingKeys] = {}
        count = 0
        for part in self._parts():
            rows = self._log.rows([part])
            members = self._fold(part, rows)
            gone = sorted(members.keys() - seen_in(row for row in rows if row.version >= version))
            missing = MissingKeys([hash_ for hash_ in gone if members[hash_]], [it for it in gone if not members[it]])
            count += len(gone)
            if gone and count <= _CACHED_MISSING:
                found[part] = missing
            yield part, missing
        self._log.pending, self._folded = 0, last
        if count <= _CACHED_MISSING:
            self._counted = version, last, found

    def _parts(self) -> Sequence[int]:
        query = select(func.count()).select_from(
            select(MEMBERS.c.key).where(self._own(ALL_PARTS)).limit(_SMALL_MEMBERS + 1).subquery()
        )
        with self._ledger.transaction() as connection:
            count = connection.execute(query).scalar_one()
        return self._log.parts(is_small=count <= _SMALL_MEMBERS)

    def _fold_all(self) -> None:
        """Fold what is pending, at a cost that depends on this and not on the size of the table."""
        last = self._log.last
        for part in self._parts():
            rows = self._log.unfolded(part)
            if pending := Pending(rows).claims:
                known = self._known({self._prefix + hash_ for hash_ in pending})
                self._store((part, max(row.sequence for row in rows)), changes_of(known, pending))
        self._log.pending, self._folded = 0, last

    def _fold(self, part: int, rows: Sequence[LogRow]) -> dict[bytes, bool]:
        """Fold a part of the log into the table; return hash -> whether it has a name, for all members of the part."""
        pending = Pending(rows).claims
        query = select(func.substr(MEMBERS.c.key, SCOPE_BYTES + 1), HAS_NAME).where(self._own(part))
        with self._ledger.transaction() as connection:
            members: dict[bytes, bool] = dict(connection.execute(query).all())  # type: ignore[arg-type] # rows are pairs
        if pending:
            changes = changes_of(members, pending)
            self._store((part, max(row.sequence for row in rows)), changes)
            members.update((entry[:HASH_BYTES], len(entry) > HASH_BYTES) for _, entry in changes.put)
            for hash_ in changes.gone & members.keys():
                del members[hash_]
        return members

    def _store(self, folded: tuple[int, int], changes: Changes) -> None:
        """Store what is pending; `folded` is a part, and the number up to which its rows were read."""
        with self._ledger.transaction() as connection:
            put_members(connection, self._prefix, changes.put)
            for chunk in sorted_chunks([self._prefix + hash_ for hash_ in changes.gone]):
                connection.execute(delete(MEMBERS).where(KEY_IN), {"keys": chunk})
            self._log.fold(connection, *folded)

    def _count_before(self, version: int) -> int:
        query = select(func.count()).where(self._own(ALL_PARTS), MEMBERS.c.born < version, HAS_NAME)
        with self._ledger.transaction() as connection:
            return connection.execute(query).scalar_one()

    def _existing(self, stream: bytes, hashes: Collection[bytes]) -> set[bytes]:
        """Return those of `hashes` that are members of a stream."""
        pending = self._log.pending_claims(hashes, stream)
        unknown = {stream + hash_ for hash_ in hashes if hash_ not in pending}
        return {hash_ for hash_ in hashes if pending.get(hash_, GONE) is not GONE} | self._known(unknown).keys()

    def _known(self, keys: Collection[bytes]) -> dict[bytes, bool]:
        """Return hash -> whether it has a name, for those of `keys` that are in the table."""
        with self._ledger.transaction() as connection:
            return {key[SCOPE_BYTES:]: has_name for key, has_name in find_members(connection, keys)}

    def _hashes(self, names: Iterable[str]) -> list[bytes]:
        return [entry[:HASH_BYTES] for entry in self._cipher.entries(names)]

    def _decrypt(self, key: bytes, ciphertext: bytes) -> str | None:
        try:
            return self._cipher.decrypt(key[SCOPE_BYTES:], ciphertext)
        except ValueError:
            return None

    def _own(self, part: int) -> ColumnElement[bool]:
        first, end = (0, PARTS) if part == ALL_PARTS else (part, part + 1)
        return and_(MEMBERS.c.key >= self._prefix + first_of(first), MEMBERS.c.key < self._prefix + first_of(end))
