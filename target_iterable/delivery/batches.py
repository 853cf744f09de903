"""Packing: as few requests as the limits, the envelopes and the order of each identity allow."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import chain

from iterable_api.limits import MAX_BODY_BYTES
from target_iterable.delivery.operations import Batch, Endpoint, Envelope, Name, Operation


@dataclass
class Room:
    """How much one request may hold. It shrinks for the rest of the run when Iterable says that it was too much."""

    rows: int
    bytes: int = MAX_BODY_BYTES

    def halve(self, batch: Batch, *, by_bytes: bool) -> None:
        """Learn that `batch` was too large. Unless it is known to be `by_bytes`, the measure that was fuller counts."""
        if by_bytes or batch.size / self.bytes > len(batch.rows) / self.rows:
            self.bytes = min(self.bytes, batch.size // 2 + 1)
        else:
            self.rows = min(self.rows, (len(batch.rows) + 1) // 2)


def pack(operations: Sequence[Operation], room: Room) -> list[Batch]:
    """The batches of `operations`, in the order in which they must be sent.

    A batch holds rows of one endpoint and envelope. Rows that share an identity keep their order: they
    stand behind each other in one batch, or where the endpoint wants a name only once, in later ones.
    A row that is larger than the room has a batch of its own.
    """
    packing = _Packing(room, shared_names(operations))
    for operation in operations:
        packing.add(operation)
    return packing.batches


def shared_names(operations: Iterable[Operation]) -> set[Name]:
    """The names that more than one of `operations` has. All others say nothing about their order."""
    counts = Counter(chain.from_iterable([row.names for row in operations]))
    return {name for name, count in counts.items() if count > 1} if len(counts) < counts.total() else set()


class _Open:
    """Batches of one endpoint and envelope that still have room.

    Attributes:
        numbers: theirs, ascending.
        most: how many rows each may hold.
    """

    def __init__(self, endpoint: Endpoint, envelope: Envelope, room: Room) -> None:
        self.endpoint = endpoint
        self.envelope = envelope
        self.numbers: list[int] = []
        self.most = min(room.rows, endpoint.max_rows or room.rows)


class _Packing:
    def __init__(self, room: Room, shared: AbstractSet[Name]) -> None:
        self.batches: list[Batch] = []
        self._room = room
        self._shared = shared
        self._last: dict[Name, int] = {}
        self._kinds: dict[tuple[Endpoint, Envelope], _Open] = {}
        self._kind: _Open | None = None

    def add(self, row: Operation) -> None:
        names = () if row.names.isdisjoint(self._shared) else row.names & self._shared
        open_ = self._open(row)
        number = self._place(row, open_, self._earliest(names, once=row.endpoint.once))
        batch = self.batches[number]
        batch.add(row)
        for name in names:
            self._last[name] = number
        if len(batch.rows) >= open_.most:
            open_.numbers.remove(number)

    def _open(self, row: Operation) -> _Open:
        """Those for `row`. Mostly those for the last one, and comparing takes longer than looking."""
        kind = self._kind
        if kind is None or kind.endpoint is not row.endpoint or kind.envelope is not row.envelope:
            new = _Open(row.endpoint, row.envelope, self._room)
            kind = self._kind = self._kinds.setdefault((row.endpoint, row.envelope), new)
        return kind

    def _place(self, row: Operation, open_: _Open, earliest: int) -> int:
        numbers = open_.numbers
        for number in numbers[bisect_left(numbers, earliest) :]:
            if self.batches[number].fits(row):
                return number
            numbers.remove(number)
        self.batches.append(Batch(row.endpoint, row.envelope, self._room.bytes))
        numbers.append(len(self.batches) - 1)
        return numbers[-1]

    def _earliest(self, names: Iterable[Name], *, once: bool) -> int:
        """The first batch that `names` may be in."""
        latest = max((self._last[name] for name in names if name in self._last), default=-1) if names else -1
        return latest + 1 if once else latest
