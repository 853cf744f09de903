"""Member log: what the source of a mirrored stream holds, appended load by load, in the table `iterable_member_log`.

Appending looks nothing up, so it costs the same however many members there are. The log is compared with the membership
table part by part, and a part of a large stream fits into little memory.

Rows have their numbers in the order in which their transactions end, also those of several processes. So what a process
has read of the log up to a number is all that will ever be there up to it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, func, insert, or_, select

from target_iterable.ledger.ledger import Ledger
from target_iterable.ledger.schema import MEMBER_LOG as TABLE
from target_iterable.ledger.schema import SIGHTINGS, copy_sightings, lock_table
from target_iterable.mirror.log_replay import (
    ALL_PARTS,
    PARTS,
    SEEN_KINDS,
    Claim,
    LogKind,
    LogRow,
    Pending,
    first_of,
    in_parts,
    pack,
    part_of,
)
from target_iterable.mirror.name_encryption import HASH_BYTES

UNVERSIONED: Final = 2**63 - 1
"""Marker in place of a version: seen in a record without one."""
_ENTRIES_PER_PART: Final = 16
"""Entries of a load, on average for each part, from which on it is stored by parts: fewer are not worth a row."""
MAX_LOOSE_ENTRIES: Final = 50_000
"""Entries that are stored together, until they are spread over the parts."""
_COMPACTED_ROWS: Final = 20 * PARTS
"""Rows of a stream above which those of several loads are stored as one."""
_ROW: Final = (TABLE.c.part, TABLE.c.sequence, TABLE.c.kind, TABLE.c.version, TABLE.c.lengths, TABLE.c.entries)
_Row = Mapping[str, Any]


class MemberLog:
    """Log of one stream.

    Attributes:
        pending: entries that this process has appended since the last `fold`, or more.

    Raises:
        LedgerError: from every method, if the database cannot be read or written.
    """

    def __init__(self, ledger: Ledger, stream: bytes, start: int | None = None) -> None:
        """`start` is the last number of a log that this one continues in another database."""
        self._ledger = ledger
        self._stream = stream
        ledger.create_table(TABLE)
        with ledger.transaction() as connection:
            self._has_sightings = copy_sightings(connection, stream)
        self._sequence = start or 0
        self._run_start = self.last
        self.pending, self._loose = self._stored(), self._stored(TABLE.c.part == ALL_PARTS)

    @property
    def newest(self) -> int:
        """Highest version at which the source had something; 0 if none is known."""
        query = select(func.max(TABLE.c.version)).where(self._own, TABLE.c.version != UNVERSIONED)
        with self._ledger.transaction() as connection:
            return connection.execute(query).scalar() or 0

    @property
    def last(self) -> int:
        """The number of the last row, whichever process has appended it."""
        with self._ledger.transaction() as connection:
            return self._last(connection)

    def append(self, kinds: Iterable[tuple[LogKind, int, Collection[bytes]]]) -> None:
        """Append kind, version and entries, in this order and in one transaction."""
        given = [one for one in kinds if one[2]]
        if not given:
            return
        with self._ledger.transaction() as connection:
            lock_table(connection, TABLE)
            self._sequence = self._last(connection)
            connection.execute(insert(TABLE), [row for one in given for row in self._rows(*one)])
        if self._loose > MAX_LOOSE_ENTRIES:
            self.spread()

    def parts(self, *, is_small: bool) -> Sequence[int]:
        """Return the parts to go through; those of a stream that `is_small` are all one, unless they are stored so."""
        query = select(func.max(TABLE.c.part)).where(self._own)
        with self._ledger.transaction() as connection:
            last = connection.execute(query).scalar()
        if is_small and (last is None or last == ALL_PARTS) and self._loose <= MAX_LOOSE_ENTRIES:
            return [ALL_PARTS]
        self.spread()
        return range(PARTS)

    def spread(self) -> None:
        """Store by parts what is stored together."""
        query = select(TABLE.c.number, *_ROW).where(self._own, TABLE.c.part == ALL_PARTS, TABLE.c.entries != b"")
        while True:
            with self._ledger.transaction() as connection:
                lock_table(connection, TABLE)
                row = connection.execute(query.order_by(TABLE.c.number).limit(1)).mappings().first()
                if row is None:
                    break
                self._spread_row(connection, row)
        self._loose = 0

    def rows(self, parts: Collection[int], before: int | None = None) -> list[LogRow]:
        """Return the rows of these parts, in the order of their numbers; with `before`, those of older versions."""
        return self._read(self._own if before is None else self._own & (TABLE.c.version < before), parts)

    def unfolded(self, part: int, stream: bytes | None = None) -> list[LogRow]:
        """Return the rows of a part that `Pending` needs, of this stream or another one.

        These are all behind the last one in the membership table, without those that only say what was seen.
        """
        of_stream = TABLE.c.stream == (stream or self._stream)
        is_fold = of_stream & (TABLE.c.kind == LogKind.FOLDED) & TABLE.c.part.in_([ALL_PARTS, part])
        last = select(func.coalesce(func.max(TABLE.c.sequence), 0)).where(is_fold).scalar_subquery()
        return self._read(of_stream & (TABLE.c.kind != LogKind.SEEN) & (TABLE.c.sequence > last), [part])

    def pending_claims(self, hashes: Collection[bytes], stream: bytes) -> dict[bytes, Claim]:
        """Return what `Pending` says of each of `hashes`, for this stream or another one; part by part."""
        wanted, parts = {*hashes}, {*map(part_of, hashes)}
        if len(parts) > 1:
            claimed = self.claimed_parts(stream)
            parts = claimed if claimed == {ALL_PARTS} else parts if ALL_PARTS in claimed else parts & claimed
        found: dict[bytes, Claim] = {}
        for part in parts:
            claims = Pending(self.unfolded(part, stream)).claims
            found.update((hash_, claims[hash_]) for hash_ in wanted & claims.keys())
        return found

    def claimed_parts(self, stream: bytes) -> set[int]:
        """Return the parts in which a stream has claims, or has deleted members."""
        is_claim = TABLE.c.kind.in_((LogKind.CLAIM, LogKind.DELETE))
        query = select(TABLE.c.part).where(TABLE.c.stream == stream, is_claim).distinct()
        with self._ledger.transaction() as connection:
            return {*connection.execute(query).scalars()}

    def is_of_run(self, row: LogRow) -> bool:
        """Whether a row was appended since `start_run`."""
        return row.sequence > self._run_start

    def start_run(self, until: int = 0) -> None:
        """Store once what was seen many times while no version was completed, and start a run.

        All up to the number `until` must be folded.
        """
        query = select(func.count()).where(self._own)
        with self._ledger.transaction() as connection:
            count = connection.execute(query).scalar_one()
        if count > _COMPACTED_ROWS:
            for part in (ALL_PARTS, *range(PARTS)):
                self._compact(part, until)
        self._run_start = self.last

    def fold(self, connection: Connection, part: int, until: int) -> None:
        """Record that the rows of a part up to the number `until` are in the membership table now."""
        row = self._row((part, until), LogKind.FOLDED, 0, ())
        connection.execute(delete(TABLE).where(self._own, TABLE.c.part == part, TABLE.c.kind == LogKind.FOLDED))
        connection.execute(insert(TABLE), row)

    def complete(self, version: int, until: int) -> None:
        """Delete what was seen up to `version`, or without one. All up to the number `until` must be folded.

        A fold stays: what is left of newer versions up to it says what was seen, and is no claim any more. And so
        numbers only rise, also those that other processes give.
        """
        folded = self._own & (TABLE.c.sequence <= until)
        with self._ledger.transaction() as connection:
            connection.execute(delete(TABLE).where(folded, _is_over(TABLE.c.version, version)))
            connection.execute(insert(TABLE), self._row((ALL_PARTS, until), LogKind.FOLDED, 0, ()))
            if self._has_sightings:
                is_over = _is_over(SIGHTINGS.c.version, version)
                connection.execute(delete(SIGHTINGS).where(SIGHTINGS.c.stream == self._stream, is_over))

    @property
    def _own(self) -> Any:
        return TABLE.c.stream == self._stream

    def _last(self, connection: Connection) -> int:
        stored = connection.execute(select(func.max(TABLE.c.sequence)).where(self._own)).scalar() or 0
        return max(stored, self._sequence)

    def _stored(self, *conditions: Any) -> int:
        """About how many entries are stored."""
        query = select(func.sum(func.length(TABLE.c.entries))).where(self._own, *conditions)
        with self._ledger.transaction() as connection:
            return int(connection.execute(query).scalar() or 0) // HASH_BYTES

    def _read(self, of_stream: Any, parts: Collection[int]) -> list[LogRow]:
        # A fold comes behind all rows of its number, also those that are spread afterwards.
        query = select(*_ROW).where(of_stream)
        query = query.order_by(TABLE.c.sequence, TABLE.c.kind == LogKind.FOLDED, TABLE.c.number)
        if ALL_PARTS not in parts:
            query = query.where(TABLE.c.part.in_([ALL_PARTS, *parts]))
        with self._ledger.transaction() as connection:
            return [in_parts(LogRow(*row), parts) for row in connection.execute(query)]

    def _rows(self, kind: LogKind, version: int, entries: Collection[bytes]) -> Iterator[_Row]:
        self._sequence += 1
        self.pending += len(entries)
        if len(entries) < _ENTRIES_PER_PART * PARTS:
            self._loose += len(entries)
            yield self._row((ALL_PARTS, self._sequence), kind, version, [*entries])
            return
        yield from self._rows_by_part(self._sequence, kind, version, entries)

    def _rows_by_part(self, sequence: int, kind: str, version: int, entries: Collection[bytes]) -> Iterator[_Row]:
        ordered, start = sorted(entries), 0
        for part in range(PARTS):
            end = bisect_left(ordered, first_of(part + 1), start)
            if end > start:
                yield self._row((part, sequence), kind, version, ordered[start:end])
            start = end

    def _spread_row(self, connection: Connection, stored: RowMapping) -> None:
        row = LogRow(*(stored[column] for column in _ROW))
        connection.execute(insert(TABLE), [*self._rows_by_part(row.sequence, row.kind, row.version, row.split())])
        connection.execute(delete(TABLE).where(TABLE.c.number == stored[TABLE.c.number]))

    def _compact(self, part: int, until: int) -> None:
        """Store the hashes that the source had at a version as one row. Of all else, only the last fold counts."""
        seen: dict[int, set[bytes]] = {}
        own_part = self._own & (TABLE.c.part == part) & (TABLE.c.sequence <= until)
        with self._ledger.transaction() as connection:
            lock_table(connection, TABLE)
            stored = [LogRow(*row) for row in connection.execute(select(*_ROW).where(own_part))]
            for row in stored:
                if row.kind in SEEN_KINDS:
                    seen.setdefault(row.version, set()).update(row.hashes())
            if not seen:
                return
            connection.execute(delete(TABLE).where(own_part, TABLE.c.kind != LogKind.FOLDED))
            first = min(row.sequence for row in stored)
            rows = [self._row((part, first), LogKind.SEEN, *found) for found in seen.items()]
            connection.execute(insert(TABLE), rows)

    def _row(self, place: tuple[int, int], kind: str, version: int, entries: Collection[bytes]) -> _Row:
        """Return a row of the table; `place` is its part and its sequence."""
        lengths, joined = pack([*entries]) if entries else (b"", b"")
        return {
            "stream": self._stream,
            "part": place[0],
            "sequence": place[1],
            "kind": kind,
            "version": version,
            "lengths": lengths,
            "entries": joined,
        }


def _is_over(column: ColumnElement[int], version: int) -> ColumnElement[bool]:
    """Whether what was seen says nothing more, once `version` is complete."""
    return or_(column <= version, column == UNVERSIONED)
