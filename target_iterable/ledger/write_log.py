"""What was said about the keys of a ledger since its table was last written: a log that all who write append to.

Keys are hashes, so that each is at another place of the table, and the larger that is, the more of its pages are read
and written for the keys of one load. A log is written at its end only, and costs the same however much is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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
"""In place of a content that was not accepted."""
CONFLICT: Final = bytes(WRITER_BYTES)
"""A claim that is nobody's: two were there at once."""
TOMBSTONE: Final = b""
"""In place of the content of a thing that may be in Iterable, nobody knows how."""

CLAIM: Final = "claim"
COMMIT: Final = "keep"
INVALIDATE: Final = "forget"
INVALIDATE_SCOPE: Final = "forget place"
COMPACT: Final = "fold"

TABLE: Final = Table(
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
_SINCE: Final = select(TABLE).where(TABLE.c.number > bindparam("number")).order_by(TABLE.c.number)


class LogEntry(NamedTuple):
    """What somebody has said.

    Attributes:
        number: its place in the log.
        kind: one of

            - CLAIM: nothing under `keys` is accepted any more; they are about to be overwritten.
            - KEEP: `contents` of `keys` were accepted, or were not, if they are REFUSED.
            - FORGET: nothing is kept under `keys`.
            - FORGET_PLACE: the same for all that begin with `keys`.
            - FOLD: all before this is in the table, but for the claims `contents` of `keys`.
        writer: who has said it: the claim that is put under keys.
    """

    number: int
    kind: str
    writer: bytes
    keys: bytes
    contents: bytes


class ReplayedLog:
    """What the entries of the log amount to.

    Attributes:
        claims: the claim under each key that somebody is about to overwrite.
        contents: what is under the other keys; NOTHING if nothing is kept there.
    """

    def __init__(self) -> None:
        self.claims: dict[bytes, bytes] = {}
        self.contents: dict[bytes, bytes] = {}
        self._number = 0

    def replay(self, connection: Connection) -> None:
        """Read what was appended to the log since the last time."""
        rows = connection.execute(_SINCE, {"number": self._number}).tuples().all()
        for entry in map(LogEntry._make, rows):
            _HEARD[entry.kind](self, entry)
            self._number = entry.number

    def append(self, connection: Connection, kind: str, writer: bytes, keys: bytes, contents: bytes = b"") -> None:
        """Append to the log, which is locked, and hear it behind what others have said."""
        said = {"kind": kind, "writer": writer, "keys": keys, "contents": contents}
        connection.execute(insert(TABLE), said)
        self.replay(connection)

    def truncate(self, connection: Connection, writer: bytes) -> None:
        """Clear the log, which is locked and heard, of all but the claims. The table has the rest."""
        connection.execute(delete(TABLE).where(TABLE.c.number <= self._number))
        self.append(connection, COMPACT, writer, b"".join(self.claims), b"".join(self.claims.values()))


def _hear_claim(lately: ReplayedLog, entry: LogEntry) -> None:
    claims, claim = lately.claims, entry.writer
    for key in split_bytes(entry.keys, KEY_BYTES):
        claims[key] = claim if claims.get(key, claim) == claim else CONFLICT


def _hear_kept(lately: ReplayedLog, entry: LogEntry) -> None:
    claims, contents, claim = lately.claims, lately.contents, entry.writer
    given = zip(split_bytes(entry.keys, KEY_BYTES), split_bytes(entry.contents, CONTENT_BYTES), strict=True)
    for key, content in given:
        contents[key] = content if claims.pop(key, None) == claim and content != NOT_ACCEPTED else TOMBSTONE


def _hear_forgotten(lately: ReplayedLog, entry: LogEntry) -> None:
    for key in split_bytes(entry.keys, KEY_BYTES):
        _forget(lately, key)


def _hear_place_forgotten(lately: ReplayedLog, entry: LogEntry) -> None:
    for key in [*lately.claims, *lately.contents]:
        if key.startswith(entry.keys):
            _forget(lately, key)


def _forget(lately: ReplayedLog, key: bytes) -> None:
    lately.claims.pop(key, None)
    lately.contents[key] = TOMBSTONE


def _hear_folded(lately: ReplayedLog, entry: LogEntry) -> None:
    claims = zip(split_bytes(entry.keys, KEY_BYTES), split_bytes(entry.contents, WRITER_BYTES), strict=True)
    lately.claims, lately.contents = dict(claims), {}


_HEARD: Final[Mapping[str, Callable[[ReplayedLog, LogEntry], None]]] = {
    CLAIM: _hear_claim,
    COMMIT: _hear_kept,
    INVALIDATE: _hear_forgotten,
    INVALIDATE_SCOPE: _hear_place_forgotten,
    COMPACT: _hear_folded,
}


def split_bytes(whole: bytes, size: int) -> Iterator[bytes]:
    """The parts of a text that are `size` bytes each."""
    return (part for (part,) in iter_unpack(f"{size}s", whole))
