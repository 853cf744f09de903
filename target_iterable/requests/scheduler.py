"""Scheduler: several requests at a time, while batches about the same identity keep their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from heapq import heappop, heappush

from target_iterable.core.operation import Batch, BatchResult, Name
from target_iterable.requests.batching import shared_names


class DependencyScheduler:
    """Executor of batches, at most `width` at a time. A batch waits for earlier ones that share a name with it.

    Of the batches that need not wait, the first one starts. The cost grows with the number of rows only, also where
    each row is a batch of its own. `shared` are the `shared_names` of all rows, if they are known.
    """

    def __init__(
        self,
        batches: Sequence[Batch],
        deliver: Callable[[Batch], BatchResult],
        width: int,
        shared: set[Name] | None = None,
    ) -> None:
        self._batches = batches
        self._deliver = deliver
        self._width = width
        self._order = _order(batches, shared)
        self._ready: list[int] = []
        self._stopped = False

    def __iter__(self) -> Iterator[BatchResult]:
        """Yield the results as they come."""
        running: dict[Future[BatchResult], int] = {}
        with ThreadPoolExecutor(self._width) as pool:
            while self._order.is_active():
                for number in self._next(self._width - len(running)):
                    running[pool.submit(self._deliver, self._batches[number])] = number
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    self._order.done(running.pop(future))
                    yield future.result()

    def stop(self) -> None:
        """Start no more batches; results of started ones still come."""
        self._stopped = True

    def _next(self, free: int) -> Iterable[int]:
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
