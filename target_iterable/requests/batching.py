"""Batching: as few requests as the limits, the envelopes and the order of each identity allow."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate, chain
from math import inf
from operator import attrgetter
from threading import Lock
from typing import Final, Generic, TypeVar

from iterable_api.facts.limits import MAX_BODY_BYTES
from target_iterable.core.operation import Batch, Endpoint, Envelope, Name, Operation

FIRST_ROWS: Final = 1000
"""Rows in the first batch: known to be accepted. The maximum is not documented."""
_T = TypeVar("_T")
_part: Final = attrgetter("part")
_KIND: Final = (attrgetter("endpoint"), attrgetter("envelope"))
_COMMA: Final = 1
"""Bytes between two rows."""
_QUICK_SECONDS: Final = 10
"""Seconds within which a response must come for the batch size to grow."""
_SLOW_SECONDS: Final = 60
"""Seconds. A response that took longer followed a timeout, or is near one."""


@dataclass
class AdaptiveBatchSize:
    """Limits of one request. Threads may share it.

    The number of rows doubles while responses are clean and quick. When Iterable says that a batch was too large, or
    takes very long, rows or bytes halve, and stay so for the rest of the run.

    Attributes:
        rows: rows that a batch may hold now.
        bytes: bytes that a body must stay below.
        max_rows: limit of `rows` by the settings; None if there is none.
        is_final: whether `rows` grows no more.
    """

    rows: int
    bytes: int = MAX_BODY_BYTES
    max_rows: int | None = None
    is_final: bool = True
    _lock: Lock = field(default_factory=Lock, repr=False)

    @classmethod
    def initial(cls, max_rows: int | None) -> AdaptiveBatchSize:
        """Return the limits before any response."""
        rows = min(FIRST_ROWS, max_rows or FIRST_ROWS)
        return cls(rows, max_rows=max_rows, is_final=rows == max_rows)

    def fits(self, batch: Batch) -> bool:
        """Whether `batch` is within the limits."""
        return len(batch.rows) <= self.rows and batch.size < self.bytes

    def rows_of(self, endpoint: Endpoint) -> int:
        """Return how many rows a request to `endpoint` may hold now."""
        return min(self.rows, endpoint.max_rows or self.rows)

    def on_success(self, batch: Batch, seconds: float) -> None:
        """Learn that Iterable has accepted `batch` in so many seconds."""
        with self._lock:
            if seconds > _SLOW_SECONDS:
                self._halve_rows(batch)
            elif not self.is_final:
                max_rows = min(self.max_rows or inf, batch.endpoint.max_rows or inf)
                if seconds < _QUICK_SECONDS and self.rows <= len(batch.rows):
                    self.rows = int(min(2 * self.rows, max_rows))
                self.is_final = seconds >= _QUICK_SECONDS or self.rows >= max_rows or 2 * batch.size > self.bytes

    def on_too_large(self, batch: Batch, *, by_bytes: bool) -> None:
        """Learn that `batch` was too large: in bytes if `by_bytes`, else in the measure closer to its limit."""
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
    """Pack `operations` into batches, in the order in which these must be sent.

    A batch holds rows of one endpoint and envelope. Rows that share a name keep their order: they are in one batch, or
    in later ones where the endpoint wants unique names. A row beyond the limits gets a batch of its own.

    Args:
        operations: rows in their order.
        batch_size: limits of a batch.
        shared: `shared_names` of the rows, if they are known.
    """
    shared = shared_names(operations) if shared is None else shared
    if not shared:
        return [batch for rows in by_kind(operations) for batch in _slice(rows, batch_size)]
    packing = _Packing(batch_size, shared)
    for operation in operations:
        packing.add(operation)
    return packing.batches


def by_kind(operations: Iterable[Operation]) -> Collection[Sequence[Operation]]:
    """Group rows by their endpoint and envelope, in the order of their first rows."""
    if isinstance(operations, Sequence) and all(len({*map(id, map(of, operations))}) == 1 for of in _KIND):
        return [operations]
    kinds = _Kinds[list[Operation]]()
    for row in operations:
        kinds.setdefault(row, list).append(row)
    return kinds.values()


class _Kinds(Generic[_T]):
    """Values by endpoint and envelope. Most rows of a kind have the same objects, which are found fastest."""

    def __init__(self) -> None:
        self._by_id: dict[tuple[int, int], _T] = {}
        self._by_value: dict[tuple[Endpoint, Envelope], _T] = {}

    def setdefault(self, row: Operation, make: Callable[[], _T]) -> _T:
        """Return the value of the kind of `row`, which must outlive this object; `make` makes a missing one."""
        ids = id(row.endpoint), id(row.envelope)
        found = self._by_id.get(ids)
        if found is None:
            kind = row.endpoint, row.envelope
            if kind not in self._by_value:
                self._by_value[kind] = make()
            found = self._by_id[ids] = self._by_value[kind]
        return found

    def values(self) -> Collection[_T]:
        """Return all values, in the order of the first rows of their kinds."""
        return self._by_value.values()


def _slice(rows: Sequence[Operation], batch_size: AdaptiveBatchSize) -> list[Batch]:
    """Slice rows of one endpoint and envelope, whose order does not matter, where a request is full."""
    endpoint, envelope = rows[0].endpoint, rows[0].envelope
    max_rows = batch_size.rows_of(endpoint)
    offsets = [0, *accumulate(map(_COMMA.__add__, map(len, map(_part, rows))))]
    batches: list[Batch] = []
    start = 0
    while start < len(rows):
        batch = Batch(endpoint, envelope, batch_size.bytes)
        last_fitting = bisect_left(offsets, offsets[start] + batch_size.bytes - batch.size + _COMMA) - 1
        stop = max(start + 1, min(last_fitting, start + max_rows))
        batch.extend(rows[start:stop], offsets[stop] - offsets[start] - _COMMA)
        batches.append(batch)
        start = stop
    return batches


def shared_names(operations: Iterable[Operation]) -> set[Name]:
    """Return the names that more than one of `operations` has. Only these restrict the order of rows."""
    names = list(chain.from_iterable([row.names for row in operations]))
    if len(set(names)) == len(names):
        return set()
    return {name for name, count in Counter(names).items() if count > 1}


class _OpenBatches:
    """Batches of one endpoint and envelope that are not full.

    Attributes:
        numbers: indexes of the batches, ascending.
        max_rows: rows that each may hold.
    """

    def __init__(self, endpoint: Endpoint, batch_size: AdaptiveBatchSize) -> None:
        self.numbers: list[int] = []
        self.max_rows = batch_size.rows_of(endpoint)


class _Packing:
    def __init__(self, batch_size: AdaptiveBatchSize, shared: set[Name]) -> None:
        self.batches: list[Batch] = []
        self._batch_size = batch_size
        self._shared = shared
        self._last: dict[Name, int] = {}
        self._open_by_kind = _Kinds[_OpenBatches]()

    def add(self, row: Operation) -> None:
        names = self._shared.intersection(row.names) if self._shared else ()
        open_batches = self._open_by_kind.setdefault(row, partial(_OpenBatches, row.endpoint, self._batch_size))
        number = self._batch_for(row, open_batches, self._earliest(names, unique_names=row.endpoint.unique_names))
        batch = self.batches[number]
        batch.add(row)
        for name in names:
            self._last[name] = number
        if len(batch.rows) >= open_batches.max_rows:
            open_batches.numbers.remove(number)

    def _batch_for(self, row: Operation, open_batches: _OpenBatches, earliest: int) -> int:
        numbers = open_batches.numbers
        if earliest < 0 and numbers and self.batches[numbers[0]].fits(row):
            return numbers[0]
        for number in numbers[bisect_left(numbers, earliest) :]:
            if self.batches[number].fits(row):
                return number
            numbers.remove(number)
        self.batches.append(Batch(row.endpoint, row.envelope, self._batch_size.bytes))
        numbers.append(len(self.batches) - 1)
        return numbers[-1]

    def _earliest(self, names: Iterable[Name], *, unique_names: bool) -> int:
        """Return the number of the first batch that a row with `names` may be in."""
        latest = max((self._last[name] for name in names if name in self._last), default=-1) if names else -1
        return latest + 1 if unique_names else latest
