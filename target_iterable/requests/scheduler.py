"""Several requests at once, and yet nothing overtakes anything about the same identity."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from heapq import heappop, heappush

from target_iterable.core.operation import Batch, BatchResult, Name
from target_iterable.requests.batching import shared_names


class DependencyScheduler:
    """Settles batches, at most `width` at a time. A batch waits for those before it that share an identity with it.

    Of those that need not wait, the first begins. The time that this takes grows with the number of rows only,
    also where each row is a batch of its own. `shared` are the `shared_names` of all rows, if they are known.
    """

    def __init__(
        self,
        batches: Sequence[Batch],
        settle: Callable[[Batch], BatchResult],
        width: int,
        shared: set[Name] | None = None,
    ) -> None:
        self._batches = batches
        self._deliver = settle
        self._width = width
        self._order = _order(batches, shared)
        self._ready: list[int] = []
        self._stopped = False

    def __iter__(self) -> Iterator[BatchResult]:
        """The outcomes, as they come."""
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
        """Begin no more batches; the outcomes of those that are on their way still come."""
        self._stopped = True

    def _next(self, free: int) -> Iterable[int]:
        """The batches to begin now that `free` more may be on their way."""
        if self._stopped:
            return ()
        for number in self._order.get_ready():
            heappush(self._ready, number)
        return [heappop(self._ready) for _ in range(min(free, len(self._ready)))]


def _order(batches: Sequence[Batch], shared: set[Name] | None) -> TopologicalSorter[int]:
    """Per batch, it waits for the last ones before it that hold one of its identities; these in turn for theirs."""
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
