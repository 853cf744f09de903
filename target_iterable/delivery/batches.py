"""Packing: as few requests as the limits, the envelopes and the order of each identity allow."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable

from target_iterable.delivery.operations import Batch, Endpoint, Envelope, Name, Operation


def pack(operations: Iterable[Operation], max_rows: int) -> list[Batch]:
    """The batches of `operations`, in the order in which they must be sent.

    A batch holds rows of one endpoint and envelope. Rows that share a name keep their order: they
    stand behind each other in one batch, or where the endpoint wants a name only once, in later ones.
    """
    packing = _Packing(max_rows)
    for operation in operations:
        packing.add(operation)
    return packing.batches


class _Packing:
    def __init__(self, max_rows: int) -> None:
        self.batches: list[Batch] = []
        self._max_rows = max_rows
        self._last: dict[Name, int] = {}
        # Numbers of the batches that still have room, by what their rows share; ascending.
        self._open: defaultdict[tuple[Endpoint, Envelope], list[int]] = defaultdict(list)

    def add(self, row: Operation) -> None:
        number = self._place(row)
        self.batches[number].add(row)
        for name in row.names:
            self._last[name] = number
        if len(self.batches[number].rows) >= self._most(row.endpoint):
            self._open[row.endpoint, row.envelope].remove(number)

    def _place(self, row: Operation) -> int:
        candidates = self._open[row.endpoint, row.envelope]
        for number in candidates[bisect_left(candidates, self._earliest(row)) :]:
            if self.batches[number].fits(row):
                return number
            candidates.remove(number)
        self.batches.append(Batch(row.endpoint, row.envelope))
        candidates.append(len(self.batches) - 1)
        return candidates[-1]

    def _earliest(self, row: Operation) -> int:
        latest = max((self._last[name] for name in row.names if name in self._last), default=-1)
        return latest + 1 if row.endpoint.once else latest

    def _most(self, endpoint: Endpoint) -> int:
        return min(self._max_rows, endpoint.max_rows or self._max_rows)
