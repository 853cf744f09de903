"""Several requests at once, and yet nothing overtakes anything about the same identity."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from target_iterable.delivery.isolation import Outcome
from target_iterable.delivery.operations import Batch, Name


class Schedule:
    """Settles batches, at most `width` at a time. A batch waits for those before it that share an identity with it."""

    def __init__(self, batches: Sequence[Batch], settle: Callable[[Batch], Outcome], width: int) -> None:
        self._batches = batches
        self._settle = settle
        self._width = width
        self._waiting = list(range(len(batches)))
        self._waits_for = _predecessors(batches)
        self._done: set[int] = set()

    def __iter__(self) -> Iterator[Outcome]:
        """The outcomes, as they come."""
        running: dict[Future[Outcome], int] = {}
        with ThreadPoolExecutor(self._width) as pool:
            while self._waiting or running:
                for number in self._next(self._width - len(running)):
                    running[pool.submit(self._settle, self._batches[number])] = number
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    self._done.add(running.pop(future))
                    yield future.result()

    def stop(self) -> None:
        """Begin no more batches; the outcomes of those that are on their way still come."""
        self._waiting = []

    def _next(self, free: int) -> list[int]:
        ready = [number for number in self._waiting if self._waits_for[number] <= self._done][:free]
        self._waiting = [number for number in self._waiting if number not in ready]
        return ready


def _predecessors(batches: Sequence[Batch]) -> list[set[int]]:
    """Per batch the last ones before it that hold one of its identities; these in turn wait for theirs."""
    last: dict[Name, int] = {}
    predecessors: list[set[int]] = []
    for number, batch in enumerate(batches):
        names = {name for row in batch.rows for name in row.identities}
        predecessors.append({last[name] for name in names if name in last})
        last |= dict.fromkeys(names, number)
    return predecessors
