"""Packing: as few requests as the limits, the envelopes and the order of each identity allow."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

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


def pack(operations: Iterable[Operation], room: Room) -> list[Batch]:
    """The batches of `operations`, in the order in which they must be sent.

    A batch holds rows of one endpoint and envelope. Rows that share an identity keep their order: they
    stand behind each other in one batch, or where the endpoint wants a name only once, in later ones.
    A row that is larger than the room has a batch of its own.
    """
    packing = _Packing(room)
    for operation in operations:
        packing.add(operation)
    return packing.batches


class _Packing:
    def __init__(self, room: Room) -> None:
        self.batches: list[Batch] = []
        self._room = room
        self._last: dict[Name, int] = {}
        # Numbers of the batches that still have room, by what their rows share; ascending.
        self._open: defaultdict[tuple[Endpoint, Envelope], list[int]] = defaultdict(list)

    def add(self, row: Operation) -> None:
        identities = row.identities
        number = self._place(row, self._earliest(identities, once=row.endpoint.once))
        self.batches[number].add(row)
        for name in identities:
            self._last[name] = number
        if len(self.batches[number].rows) >= self._most(row.endpoint):
            self._open[row.endpoint, row.envelope].remove(number)

    def _place(self, row: Operation, earliest: int) -> int:
        candidates = self._open[row.endpoint, row.envelope]
        for number in candidates[bisect_left(candidates, earliest) :]:
            if self.batches[number].fits(row):
                return number
            candidates.remove(number)
        self.batches.append(Batch(row.endpoint, row.envelope, self._room.bytes))
        candidates.append(len(self.batches) - 1)
        return candidates[-1]

    def _earliest(self, identities: Iterable[Name], *, once: bool) -> int:
        latest = max((self._last[name] for name in identities if name in self._last), default=-1)
        return latest + 1 if once else latest

    def _most(self, endpoint: Endpoint) -> int:
        return min(self._room.rows, endpoint.max_rows or self._room.rows)
