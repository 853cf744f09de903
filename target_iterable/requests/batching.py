"""Packing: as few requests as the limits, the envelopes and the order of each identity allow."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain
from math import inf
from threading import Lock
from typing import Final

from iterable_api.facts.limits import MAX_BODY_BYTES
from target_iterable.core.operation import Batch, Endpoint, Envelope, Name, Operation

FIRST_ROWS: Final = 1000
"""So many rows have always been taken. More is not documented, nor forbidden."""
_COMMA: Final = 1
"""Bytes between two rows."""
_QUICK: Final = 10
_SLOW: Final = 60
"""Seconds. An answer that took longer followed a timeout, or is near one."""


@dataclass
class AdaptiveBatchSize:
    """How much one request may hold. Threads may share it.

    The rows double while answers are clean and quick. When Iterable says that it was too much, or takes very long,
    rows or bytes halve, and stay so for the rest of the run.

    Attributes:
        max_rows: how many rows there may ever be; None where only the bytes count.
        is_final: whether the rows grow no more.
    """

    rows: int
    bytes: int = MAX_BODY_BYTES
    max_rows: int | None = None
    is_final: bool = True
    _lock: Lock = field(default_factory=Lock, repr=False)

    @classmethod
    def initial(cls, most: int | None) -> AdaptiveBatchSize:
        """The room before Iterable has said anything."""
        rows = min(FIRST_ROWS, most or FIRST_ROWS)
        return cls(rows, max_rows=most, is_final=rows == most)

    def fits(self, batch: Batch) -> bool:
        """Whether `batch` fits as it is."""
        return len(batch.rows) <= self.rows and batch.size < self.bytes

    def on_success(self, batch: Batch, seconds: float) -> None:
        """Learn that Iterable has taken `batch`, and how long that took."""
        with self._lock:
            if seconds > _SLOW:
                self._halve_rows(batch)
            elif not self.is_final:
                most = min(self.max_rows or inf, batch.endpoint.max_rows or inf)
                if seconds < _QUICK and self.rows <= len(batch.rows):
                    self.rows = int(min(2 * self.rows, most))
                self.is_final = seconds >= _QUICK or self.rows >= most or 2 * batch.size > self.bytes

    def on_too_large(self, batch: Batch, *, by_bytes: bool) -> None:
        """Learn that `batch` was too large. Unless it is known to be `by_bytes`, the measure that was fuller counts."""
        with self._lock:
            if by_bytes or batch.size / self.bytes > len(batch.rows) / self.rows:
                self.is_final = True
                self.bytes = min(self.bytes, batch.size // 2 + 1)
            else:
                self._halve_rows(batch)

    def _halve_rows(self, batch: Batch) -> None:
        self.is_final = True
        self.rows = min(self.rows, (len(batch.rows) + 1) // 2)


def pack(
    operations: Sequence[Operation], batch_size: AdaptiveBatchSize, shared: set[Name] | None = None
) -> list[Batch]:
    """The batches of `operations`, in the order in which they must be sent.

    A batch holds rows of one endpoint and envelope. Rows that share an identity keep their order: they
    stand behind each other in one batch, or where the endpoint wants a name only once, in later ones.
    A row that is larger than the room has a batch of its own. `shared` are the `shared_names`, if they are known.
    """
    shared = shared_names(operations) if shared is None else shared
    if not shared and _are_alike(operations):
        return _cut(operations, batch_size)
    packing = _Packing(batch_size, shared)
    for operation in operations:
        packing.add(operation)
    return packing.batches


def _are_alike(operations: Sequence[Operation]) -> bool:
    """Whether all of them have, to the very object, one endpoint and one envelope."""
    return len({(id(row.endpoint), id(row.envelope)) for row in operations}) == 1


def _cut(rows: Sequence[Operation], batch_size: AdaptiveBatchSize) -> list[Batch]:
    """Rows of one kind, whose order does not matter, cut where a request is full."""
    endpoint, envelope = rows[0].endpoint, rows[0].envelope
    most = min(batch_size.rows, endpoint.max_rows or batch_size.rows)
    ends = [0, *accumulate([len(row.part) + _COMMA for row in rows])]
    batches: list[Batch] = []
    start = 0
    while start < len(rows):
        batch = Batch(endpoint, envelope, batch_size.bytes)
        full = bisect_left(ends, ends[start] + batch_size.bytes - batch.size + _COMMA) - 1
        stop = max(start + 1, min(full, start + most))
        batch.extend(rows[start:stop], ends[stop] - ends[start] - _COMMA)
        batches.append(batch)
        start = stop
    return batches


def shared_names(operations: Iterable[Operation]) -> set[Name]:
    """The names that more than one of `operations` has. All others say nothing about their order."""
    names = list(chain.from_iterable([row.names for row in operations]))
    if len(set(names)) == len(names):
        return set()
    return {name for name, count in Counter(names).items() if count > 1}


class _Open:
    """Batches of one endpoint and envelope that still have room.

    Attributes:
        numbers: theirs, ascending.
        most: how many rows each may hold.
    """

    def __init__(self, endpoint: Endpoint, envelope: Envelope, batch_size: AdaptiveBatchSize) -> None:
        self.endpoint = endpoint
        self.envelope = envelope
        self.numbers: list[int] = []
        self.most = min(batch_size.rows, endpoint.max_rows or batch_size.rows)


class _Packing:
    def __init__(self, batch_size: AdaptiveBatchSize, shared: set[Name]) -> None:
        self.batches: list[Batch] = []
        self._batch_size = batch_size
        self._shared = shared
        self._last: dict[Name, int] = {}
        self._kinds: dict[tuple[Endpoint, Envelope], _Open] = {}
        self._kind: _Open | None = None

    def add(self, row: Operation) -> None:
        names = self._shared.intersection(row.names) if self._shared else ()
        open_ = self._open(row)
        number = self._place(row, open_, self._earliest(names, once=row.endpoint.unique_names))
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
            new = _Open(row.endpoint, row.envelope, self._batch_size)
            kind = self._kind = self._kinds.setdefault((row.endpoint, row.envelope), new)
        return kind

    def _place(self, row: Operation, open_: _Open, earliest: int) -> int:
        numbers = open_.numbers
        if earliest < 0 and numbers and self.batches[numbers[0]].fits(row):
            return numbers[0]
        for number in numbers[bisect_left(numbers, earliest) :]:
            if self.batches[number].fits(row):
                return number
            numbers.remove(number)
        self.batches.append(Batch(row.endpoint, row.envelope, self._batch_size.bytes))
        numbers.append(len(self.batches) - 1)
        return numbers[-1]

    def _earliest(self, names: Iterable[Name], *, once: bool) -> int:
        """The first batch that `names` may be in."""
        latest = max((self._last[name] for name in names if name in self._last), default=-1) if names else -1
        return latest + 1 if once else latest
