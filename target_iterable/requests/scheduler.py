"""Scheduler: several requests at a time, while batches about the same identity keep their order."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from graphlib import TopologicalSorter
from heapq import heappop, heappush
from typing import Protocol

from target_iterable.core.operation import Batch, BatchResult, Name
from target_iterable.requests.batching import shared_names
from target_iterable.requests.reservation_window import ReservationWindow


class Reserver(Protocol):
    """Reserves batches before they are sent; see `Idempotency`."""

    def reserve(self, batches: Sequence[Batch]) -> None:
        """Reserve batches, which may be sent when this returns."""

    def release(self, batches: Sequence[Batch]) -> None:
        """Release batches that were reserved and will not be sent."""


class DependencyScheduler:
    """Executor of batches, at most `width` at a time. A batch waits for earlier ones that share a name with it.

    Of the batches that need not wait, the first one starts. The cost grows with the number of rows only, also where
    each row is a batch of its own. `shared` are the `shared_names` of all rows, if they are known. With a `reserver`,
    batches are reserved before they start, as many together and as far ahead as the `window` says.

    Several schedulers may share a `pool`, which then bounds how many batches are on their way in all. `waiting` is a
    context for the times in which nothing is done but wait for results.
    """

    def __init__(
        self,
        batches: Sequence[Batch],
        deliver: Callable[[Batch], BatchResult],
        width: int,
        shared: set[Name] | None = None,
        *,
        reserver: Reserver | None = None,
        window: ReservationWindow | None = None,
        pool: Executor | None = None,
        waiting: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._batches = batches
        self._deliver = deliver
        self._width = width
        self._order = _order(batches, shared)
        self._reserver = reserver
        self._window = window or ReservationWindow(width)
        self._pool = pool
        self._waiting = waiting
        self._running: dict[Future[BatchResult], int] = {}
        self._ready: list[int] = []
        self._stopped = False

    def __iter__(self) -> Generator[BatchResult]:
        """Yield the results as they come. No further batch is sent when the iterator is closed."""
        with ThreadPoolExecutor(self._width) if self._pool is None else nullcontext(self._pool) as pool:
            try:
                yield from self._results(pool)
            finally:
                self.stop()
                with self._waiting():
                    wait(self._running)

    def stop(self) -> None:
        """Start no more batches; results of started ones still come."""
        self._stopped = True
        cancelled = [number for future, number in self._running.items() if future.cancel()]
        self._running = {future: number for future, number in self._running.items() if not future.cancelled()}
        if cancelled and self._reserver is not None:
            self._reserver.release([self._batches[number] for number in cancelled])

    def _results(self, pool: Executor) -> Generator[BatchResult]:
        answered = 0
        while self._order.is_active():
            if self._window.is_due(len(self._running)):
                self._window.adapt(answered)
                answered = 0
                self._start(pool)
            if not self._running:
                return
            with self._waiting():
                done = wait(self._running, return_when=FIRST_COMPLETED).done
            for future in done:
                self._order.done(self._running.pop(future))
                answered += 1
                yield future.result()

    def _start(self, pool: Executor) -> None:
        """Start the next batches, when they are reserved."""
        numbers = self._next(self._window.size - len(self._running))
        if numbers and self._reserver is not None:
            self._reserver.reserve([self._batches[number] for number in numbers])
        for number in numbers:
            self._running[pool.submit(self._deliver, self._batches[number])] = number

    def _next(self, free: int) -> Sequence[int]:
        """Return the batches to start when `free` more may be under way."""
        if self._stopped:
            return ()
        for number in self._order.get_ready():
            heappush(self._ready, number)
        return [heappop(self._ready) for _ in range(min(free, len(self._ready)))]


def _order(batches: Sequence[Batch], shared: set[Name] | None) -> TopologicalSorter[int]:
    """Make the graph of dependencies: each batch waits for the last earlier ones that share a name with it."""
    order: TopologicalSorter[int] = TopologicalSorter()
    last: dict[Name, int] = {}
    if shared is None:
        shared = shared_names([row for batch in batches for row in batch.rows])
    for number, batch in enumerate(batches):
        names = {name for row in batch.rows for name in shared.intersection(row.names)} if shared else set()
        order.add(number, *{last[name] for name in names if name in last})
        last |= dict.fromkeys(names, number)
    order.prepare()
    return order
