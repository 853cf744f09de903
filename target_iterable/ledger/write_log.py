"""Write-ahead log of the ledger: all processes append to it, and `ReplayedLog` is the state after replaying it.

Keys are hashes, so neighbours in time are far apart in the main table, and each write there touches many pages. The
log is only written at its end, at the same cost however large the ledger is. Compaction moves it into the main table.

The claim protocol, for one key. A writer is one process; *other* is any writer but the one that appends the entry.
*commit* is an entry COMMIT with a content that Iterable has accepted, *reject* one with NOT_ACCEPTED.

    | state            | claim            | commit    | reject    | invalidate | invalidate scope | compact          |
    | ---------------- | ---------------- | --------- | --------- | ---------- | ---------------- | ---------------- |
    | free             | claimed          | tombstone | tombstone | tombstone  | free             | free             |
    | claimed          | claimed          | committed | tombstone | tombstone  | tombstone        | claimed          |
    | claimed by other | conflict         | tombstone | tombstone | tombstone  | tombstone        | claimed by other |
    | conflict         | conflict         | tombstone | tombstone | tombstone  | tombstone        | conflict         |
    | committed        | claimed          | tombstone | tombstone | tombstone  | tombstone        | free             |
    | tombstone        | claimed          | tombstone | tombstone | tombstone  | tombstone        | free             |

In the state *free*, the log says nothing of the key, and the main table holds: compaction has written committed
contents there and deleted the rows of tombstones; invalidating a scope deletes its rows at once. In the states
*claimed*, *conflict* and *tombstone*, the next record counts as changed. A commit without the writer's own claim proves
nothing: between its request and the entry, another writer may have overwritten the thing. So it leaves a tombstone.

`tests/target/test_claims.py` holds this table against `ReplayedLog`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, repeat
from struct import iter_unpack
from typing import Final, NamedTuple

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    select,
)

from target_iterable.ledger.sql import CONTENT_BYTES, KEY_BYTES

WRITER_BYTES: Final = 8
NOT_ACCEPTED: Final = bytes(CONTENT_BYTES)
"""Marker in place of a content that Iterable has not accepted."""
CONFLICT: Final = bytes(WRITER_BYTES)
"""Marker in place of the writer of a claim: two writers have claimed the key at once, and neither claim counts."""
TOMBSTONE: Final = b""
"""Marker in place of a content: the content that Iterable holds under this key is unknown."""

CLAIM: Final = "claim"
COMMIT: Final = "keep"
INVALIDATE: Final = "forget"
INVALIDATE_SCOPE: Final = "forget place"
COMPACT: Final = "fold"

LOG: Final = Table(
    "iterable_ledger_log",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("writer", LargeBinary(WRITER_BYTES), nullable=False),
    Column("keys", LargeBinary, nullable=False),
    Column("contents", LargeBinary, nullable=False),
    # Numbers only rise, also after all entries were deleted.
    sqlite_autoincrement=True,
)
_SINCE: Final = select(LOG).where(LOG.c.number > bindparam("number")).order_by(LOG.c.number)


class LogEntry(NamedTuple):
    """One row of the log.

    Attributes:
        number: position in the log.
        kind: one of

            - CLAIM: `writer` is about to overwrite the things under `keys`.
            - COMMIT: `contents` of `keys` were accepted, or were not where they are NOT_ACCEPTED.
            - INVALIDATE: the contents under `keys` are unknown.
            - INVALIDATE_SCOPE: the same for all keys that begin with `keys`.
            - COMPACT: all earlier entries are in the main table, except for claims: `keys` with their writers in
              `contents`.
        writer: id of the process that has appended the entry, `WRITER_BYTES` long.
        keys: keys of `KEY_BYTES` each, concatenated; for INVALIDATE_SCOPE the prefix of a scope.
        contents: hashes of `CONTENT_BYTES` each, concatenated; for COMPACT writers of `WRITER_BYTES` each.
    """

    number: int
    kind: str
    writer: bytes
    keys: bytes
    contents: bytes


class ReplayedLog:
    """State after replaying the log: open claims, and contents that are not in the main table yet.

    Attributes:
        claims: key -> writer that is about to overwrite it, or CONFLICT.
        contents: key -> hash of the content, or TOMBSTONE. Keys with a claim may be in here, too; the claim counts.
    """

    def __init__(self) -> None:
        self.claims: dict[bytes, bytes] = {}
        self.contents: dict[bytes, bytes] = {}
        self._number = 0

    def replay(self, connection: Connection) -> None:
        """Apply the entries that were appended since the last call."""
        rows = connection.execute(_SINCE, {"number": self._number}).all()
        for entry in map(LogEntry._make, rows):
            _REPLAY[entry.kind](self, entry)
            self._number = entry.number

    def append(self, connection: Connection, kind: str, writer: bytes, keys: bytes, contents: bytes = b"") -> None:
        """Append an entry, then replay up to it, entries of other writers included. The log must be locked."""
        entry = {"kind": kind, "writer": writer, "keys": keys, "contents": contents}
        connection.execute(insert(LOG), entry)
        self.replay(connection)

    def truncate(self, connection: Connection, writer: bytes) -> None:
        """Delete all entries, and append the open claims again as one.

        The log must be locked and replayed, and its contents must be in the main table.
        """
        connection.execute(delete(LOG).where(LOG.c.number <= self._number))
        self.append(connection, COMPACT, writer, b"".join(self.claims), b"".join(self.claims.values()))


def _replay_claim(log: ReplayedLog, entry: LogEntry) -> None:
    claims, writer = log.claims, entry.writer
    claimed = dict.fromkeys(split_bytes(entry.keys, KEY_BYTES), writer)
    for key in claimed.keys() & claims.keys():
        claimed[key] = writer if claims[key] == writer else CONFLICT
    claims |= claimed


def _replay_commit(log: ReplayedLog, entry: LogEntry) -> None:
    keys = list(split_bytes(entry.keys, KEY_BYTES))
    committed = dict(zip(keys, split_bytes(entry.contents, CONTENT_BYTES), strict=True))
    writers = [*map(log.claims.pop, keys, repeat(None))]
    # Mostly all were claimed by their writer alone, and all were accepted.
    if writers.count(entry.writer) < len(keys) or NOT_ACCEPTED in committed.values():
        claimed = dict(zip(keys, writers, strict=True))
        for key, content in committed.items():
            is_known = claimed[key] == entry.writer and content != NOT_ACCEPTED
            committed[key] = content if is_known else TOMBSTONE
    log.contents |= committed


def _replay_invalidation(log: ReplayedLog, entry: LogEntry) -> None:
    _invalidate(log, list(split_bytes(entry.keys, KEY_BYTES)))


def _replay_scope_invalidation(log: ReplayedLog, entry: LogEntry) -> None:
    _invalidate(log, [key for key in [*log.claims, *log.contents] if key.startswith(entry.keys)])


def _invalidate(log: ReplayedLog, keys: Sequence[bytes]) -> None:
    for _ in map(log.claims.pop, keys, repeat(None)):
        pass
    log.contents |= dict.fromkeys(keys, TOMBSTONE)


def _replay_compaction(log: ReplayedLog, entry: LogEntry) -> None:
    claims = zip(split_bytes(entry.keys, KEY_BYTES), split_bytes(entry.contents, WRITER_BYTES), strict=True)
    log.claims, log.contents = dict(claims), {}


_REPLAY: Final[Mapping[str, Callable[[ReplayedLog, LogEntry], None]]] = {
    CLAIM: _replay_claim,
    COMMIT: _replay_commit,
    INVALIDATE: _replay_invalidation,
    INVALIDATE_SCOPE: _replay_scope_invalidation,
    COMPACT: _replay_compaction,
}


def split_bytes(joined: bytes, size: int) -> Iterator[bytes]:
    """Split concatenated values of `size` bytes each."""
    return chain.from_iterable(iter_unpack(f"{size}s", joined))
