"""Keys seen in the sources of mirrored streams, by version.

Hashes are stored in chunks, one row each, so that a million of them are a hundred rows, and appending needs no look-up
in an index.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from heapq import merge
from itertools import groupby, repeat
from operator import itemgetter
from typing import Final

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, Table, delete, func, insert, or_, select
from sqlalchemy.sql import ColumnElement

from target_iterable.ledger.ledger import SCOPE_BYTES, Ledger
from target_iterable.ledger.sql import sorted_chunks
from target_iterable.ledger.write_log import split_bytes
from target_iterable.mirror.name_encryption import HASH_BYTES

UNVERSIONED: Final = 2**63 - 1
"""Marker in place of a version: seen in a record without one."""
_MAX_CHUNKS: Final = 500
"""Rows of a stream above which they are compacted."""

_TABLE: Final = Table(
    "iterable_sightings",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("stream", LargeBinary(SCOPE_BYTES), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
)


class SeenKeys:
    """Seen keys of one stream, as hashes of `HASH_BYTES`.

    Raises:
        LedgerError: from every method, if the database cannot be read or written.
    """

    def __init__(self, ledger: Ledger, stream: bytes) -> None:
        self._ledger = ledger
        self._stream = stream
        self._run_start = 0
        ledger.create_table(_TABLE)

    def add(self, hashes: Mapping[int, Collection[bytes]]) -> None:
        """Store version -> hashes that were seen at it."""
        rows = [
            {"stream": self._stream, "version": version, "hashes": b"".join(chunk)}
            for version, seen in hashes.items()
            for chunk in sorted_chunks(seen)
        ]
        if rows:
            with self._ledger.transaction() as connection:
                connection.execute(insert(_TABLE), rows)

    @property
    def newest(self) -> int:
        """Highest version at which a key was seen; 0 if none was."""
        query = select(func.max(_TABLE.c.version)).where(
            _TABLE.c.stream == self._stream, _TABLE.c.version != UNVERSIONED
        )
        with self._ledger.transaction() as connection:
            return connection.execute(query).scalar() or 0

    def since(self, version: int) -> Iterator[bytes]:
        """Yield the hashes seen at `version` or later, in ascending order, possibly with duplicates."""
        return self._where(_TABLE.c.version >= version)

    def of_run(self) -> Iterator[bytes]:
        """Yield the hashes seen since `compact`, in ascending order, possibly with duplicates."""
        return self._where(_TABLE.c.number > self._run_start)

    def before(self, version: int) -> Iterator[tuple[bytes, int]]:
        """Yield hashes seen at older versions, each with its version, ordered by both."""
        query = select(_TABLE.c.version, _TABLE.c.hashes).where(
            _TABLE.c.stream == self._stream, _TABLE.c.version < version
        )
        with self._ledger.transaction() as connection:
            rows = connection.execute(query).all()
        return merge(*(zip(split_bytes(hashes, HASH_BYTES), repeat(at)) for at, hashes in rows))

    def delete_until(self, version: int) -> None:
        """Delete the hashes seen up to `version`, or without one."""
        until = or_(_TABLE.c.version <= version, _TABLE.c.version == UNVERSIONED)
        with self._ledger.transaction() as connection:
            connection.execute(delete(_TABLE).where(_TABLE.c.stream == self._stream, until))
        # SQLite reuses the numbers of deleted rows.
        self._run_start = 0

    def compact(self) -> None:
        """Store hashes once that were seen many times while no version was completed, and start a run."""
        self._compact()
        query = select(func.max(_TABLE.c.number)).where(_TABLE.c.stream == self._stream)
        with self._ledger.transaction() as connection:
            self._run_start = connection.execute(query).scalar() or 0

    def _compact(self) -> None:
        query = select(_TABLE.c.version, _TABLE.c.hashes).where(_TABLE.c.stream == self._stream)
        with self._ledger.transaction() as connection:
            rows = sorted(connection.execute(query).all())
            if len(rows) <= _MAX_CHUNKS:
                return
            connection.execute(delete(_TABLE).where(_TABLE.c.stream == self._stream))
        self.add(
            {
                version: {hash_ for _, hashes in group for hash_ in split_bytes(hashes, HASH_BYTES)}
                for version, group in groupby(rows, itemgetter(0))
            }
        )

    def _where(self, condition: ColumnElement[bool]) -> Iterator[bytes]:
        query = select(_TABLE.c.hashes).where(_TABLE.c.stream == self._stream, condition)
        with self._ledger.transaction() as connection:
            rows = connection.execute(query).scalars().all()
        return merge(*(split_bytes(hashes, HASH_BYTES) for hashes in rows))
