"""Replay of the member log: what the entries that are not in the membership table yet make of its members.

An entry is the keyed hash of a name, and for a member that can be removed also the encrypted name behind it. The keys
of the table have the order of these hashes, so a part of the log belongs to a range of the table.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import StrEnum
from itertools import accumulate, pairwise, repeat
from typing import Final, NamedTuple, TypeAlias

from target_iterable.ledger.write_log import split_bytes
from target_iterable.mirror.name_encryption import HASH_BYTES

PARTS: Final = 64
"""Parts of a large log: as many ranges of hashes, equally wide."""
ALL_PARTS: Final = -1
"""Marker in place of a part: entries of few names, which may be in any part."""
_HASHES_PER_PART: Final = 256 // PARTS
_LENGTH_BYTES: Final = 4


class LogKind(StrEnum):
    """Kind of a row of the log, by what it says of its entries.

    - CLAIM: the source has them, and they are about to be delivered. Without a name they keep others from removal.
    - SEEN: the source has them, and nothing of them is delivered.
    - RELEASE: Iterable has refused them: those that were new at their last claim are no members.
    - DELETE: they are no members any more.
    - FOLDED: it has no entries; all rows before it are in the membership table.
    """

    CLAIM = "claim"
    SEEN = "seen"
    RELEASE = "release"
    DELETE = "delete"
    FOLDED = "folded"


SEEN_KINDS: Final = frozenset({LogKind.CLAIM, LogKind.SEEN})
"""Kinds of the rows that say what the source has."""


class LogRow(NamedTuple):
    """Row of the log.

    Attributes:
        part: index of the range of hashes, or `ALL_PARTS`.
        sequence: position in the log of its stream.
        kind: see `LogKind`.
        version: version at which the source had the entries; 0 for other kinds.
        lengths: bytes of each entry, see `pack`; empty if all are hashes.
        entries: entries, concatenated.
    """

    part: int
    sequence: int
    kind: str
    version: int
    lengths: bytes
    entries: bytes

    def split(self) -> list[bytes]:
        """Return the entries."""
        if not self.lengths:
            return list(split_bytes(self.entries, HASH_BYTES))
        entries = self.entries
        return [entries[start:end] for start, end in pairwise(accumulate(_unpack(self.lengths), initial=0))]

    def hashes(self) -> Iterator[bytes]:
        """Yield the hashes of the entries."""
        if not self.lengths:
            return split_bytes(self.entries, HASH_BYTES)
        entries = self.entries
        starts = accumulate(_unpack(self.lengths)[:-1], initial=0)
        return (entries[start : start + HASH_BYTES] for start in starts)


Claim: TypeAlias = tuple[int, bytes]
"""Version of a claim, and its entry."""
GONE: Final[Claim] = (0, b"")
"""Marker in place of a claim: it is no member any more."""


def pack(entries: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return the lengths and the entries as a row of the log has them; `entries` must not be empty."""
    joined = b"".join(entries)
    lengths = b"" if len(joined) == HASH_BYTES * len(entries) else _pack_lengths(entries)
    return lengths, joined


def part_of(hash_: bytes) -> int:
    """Return the index of the part that a hash, or an entry, belongs to."""
    return hash_[0] // _HASHES_PER_PART


def first_of(part: int) -> bytes:
    """Return what all hashes of a part are at least; for `PARTS` what no hash reaches."""
    return bytes([part * _HASHES_PER_PART]) if part < PARTS else b"\xff" * (HASH_BYTES + 1)


class Pending:
    """Claims that are not in the table yet, after replaying rows in the order of their sequence.

    Attributes:
        claims: hash -> its last claim, or `GONE`. Of all others, the table says whether they are members.
    """

    def __init__(self, rows: Iterable[LogRow]) -> None:
        self.claims: dict[bytes, Claim] = {}
        self._before: dict[bytes, Claim | None] = {}
        kept = [*rows]
        self._must_undo = any(row.kind == LogKind.RELEASE for row in kept)
        for row in kept:
            self._replay(row)

    def _replay(self, row: LogRow) -> None:
        match row.kind:
            case LogKind.CLAIM:
                self._claim(row)
            case LogKind.RELEASE:
                self._release(row.hashes())
            case LogKind.DELETE:
                self.claims.update(zip(row.hashes(), repeat(GONE)))
            case LogKind.FOLDED:
                self._fold(row.part)

    def _claim(self, row: LogRow) -> None:
        entries, claims = row.split(), self.claims
        hashes = [entry[:HASH_BYTES] for entry in entries] if row.lengths else entries
        if self._must_undo:
            self._before.update((hash_, claims.get(hash_)) for hash_ in hashes)
        claimed = dict(zip(hashes, zip(repeat(row.version), entries, strict=False), strict=True))
        for hash_ in claims.keys() & claimed.keys():
            if (before := claims[hash_]) is not GONE:
                # It is a member since its first claim.
                claimed[hash_] = before[0], claimed[hash_][1]
        claims |= claimed

    def _release(self, hashes: Iterable[bytes]) -> None:
        for hash_ in hashes:
            before = self._before.pop(hash_, None)
            if before is None:
                self.claims.pop(hash_, None)
            else:
                self.claims[hash_] = before

    def _fold(self, part: int) -> None:
        if part == ALL_PARTS:
            self.claims, self._before = {}, {}
            return
        self.claims = {hash_: claim for hash_, claim in self.claims.items() if part_of(hash_) != part}
        self._before = {hash_: claim for hash_, claim in self._before.items() if part_of(hash_) != part}


class Changes(NamedTuple):
    """Changes of the membership table.

    Attributes:
        put: claims to store, in the order of their entries.
        gone: hashes of what is no member any more.
    """

    put: Sequence[Claim]
    gone: AbstractSet[bytes]


def changes_of(members: Mapping[bytes, bool], pending: Mapping[bytes, Claim]) -> Changes:
    """Return what is to be changed for the claims of `Pending`; `members` says which hashes are there, with a name."""
    changed = [
        pair for pair in pending.items() if pair[1] is GONE or members.get(pair[0]) != (len(pair[1][1]) > HASH_BYTES)
    ]
    gone = {hash_ for hash_, claim in changed if claim is GONE}
    return Changes([claim for _, claim in sorted(changed) if claim is not GONE], gone)


def seen_in(rows: Iterable[LogRow]) -> set[bytes]:
    """Return the hashes that the source had by these rows."""
    return set().union(*(row.hashes() for row in rows if row.kind in SEEN_KINDS))


def last_versions(rows: Iterable[LogRow], hashes: Collection[bytes]) -> dict[bytes, int]:
    """Return the highest version at which the source had each of `hashes`, for those that it had by these rows."""
    last: dict[bytes, int] = {}
    wanted = {*hashes}
    for row in rows:
        if row.kind in SEEN_KINDS:
            found = wanted.intersection(row.hashes())
            last.update((hash_, max(row.version, last.get(hash_, row.version))) for hash_ in found)
    return last


def in_parts(row: LogRow, parts: Collection[int]) -> LogRow:
    """Return a row of all parts with only those entries that are in `parts`."""
    if row.part != ALL_PARTS or ALL_PARTS in parts or not row.entries:
        return row
    lengths, entries = pack([entry for entry in row.split() if part_of(entry) in parts] or [b""])
    return row._replace(lengths=lengths if entries else b"", entries=entries)


def _pack_lengths(entries: Sequence[bytes]) -> bytes:
    return struct.pack(f"<{len(entries)}I", *map(len, entries))


def _unpack(lengths: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(lengths) // _LENGTH_BYTES}I", lengths)
