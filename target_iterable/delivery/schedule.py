"""Several requests at once, and yet nothing overtakes anything about the same identity."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from target_iterable.delivery.isolation import Outcome
from target_iterable.delivery.operations import Batch, Name


def settle_all(batches: Sequence[Batch], settle: Callable[[Batch], Outcome], width: int) -> Iterator[Outcome]:
    """The outcomes of `batches`, as they come; at most `width` are on their way at a time.

    A batch waits for those before it that share an identity with it. After an outcome with an error no
    batch is begun any more; those that are on their way are finished.
    """
    waits_for = _predecessors(batches)
    waiting, running, done = list(range(len(batches))), dict[Future[Outcome], int](), set[int]()
    with ThreadPoolExecutor(width) as pool:
        while waiting or running:
            ready = [number for number in waiting if waits_for[number] <= done][: width - len(running)]
            waiting = [number for number in waiting if number not in ready]
            running |= {pool.submit(settle, batches[number]): number for number in ready}
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                done.add(running.pop(future))
                outcome = future.result()
                if outcome.error is not None:
                    waiting = []
                yield outcome


def _predecessors(batches: Sequence[Batch]) -> list[set[int]]:
    """Per batch the last ones before it that hold one of its identities; these in turn wait for theirs."""
    last: dict[Name, int] = {}
    predecessors: list[set[int]] = []
    for number, batch in enumerate(batches):
        names = {name for row in batch.rows for name in row.identities}
        predecessors.append({last[name] for name in names if name in last})
        last |= dict.fromkeys(names, number)
    return predecessors
