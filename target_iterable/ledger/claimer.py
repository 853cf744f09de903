"""Claims of streams that leave nothing out, so that no other stream takes its old contents for current ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from threading import Lock
from typing import ClassVar

from target_iterable.core.operation import BatchResult, Operation
from target_iterable.ledger.deduplication import Deduplication
from target_iterable.ledger.deduplicator import RowHasher
from target_iterable.ledger.ledger import Ledger


@dataclass(frozen=True, eq=False)
class _Claimed:
    """Rows of one load, and the keys that were claimed for them."""

    rows: Sequence[Operation]
    keys: AbstractSet[bytes]


class Claimer(Deduplication):
    """Deduplication for which all rows count as changed.

    Keys are claimed before their rows are sent, and become tombstones when all of a load have a result. So streams with
    `skip_unchanged` send the same things again. What was accepted is not stored, since nobody looks it up here.
    """

    row_memory: ClassVar[int] = 300

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._hasher = RowHasher(ledger)
        # Held also while the ledger is written: no tombstone may overtake a claim that is made at the same moment.
        self._lock = Lock()
        # Key to the number of loads that have claimed it and are not done.
        self._open_loads: Counter[bytes] = Counter()
        # By the id of the list: the next load may be prefetched before the last one is done.
        self._prefetched: dict[int, _Claimed] = {}
        self._examined: list[_Claimed] = []

    def prefetch(self, rows: Sequence[Operation]) -> None:
        """Claim the keys of `rows` before `unchanged` is called with the same list.

        Raises:
            LedgerError: if the ledger cannot be written.
        """
        self._prefetched[id(rows)] = self._claim(rows)

    def unchanged(self, rows: Sequence[Operation]) -> AbstractSet[Operation]:
        """Claim the keys of `rows`, and return no rows.

        Raises:
            LedgerError: if the ledger cannot be written.
        """
        prefetched = self._prefetched.pop(id(rows), None)
        self._examined.append(self._claim(rows) if prefetched is None else prefetched)
        return frozenset()

    def record(self, result: BatchResult) -> None:
        """Do nothing: keys stay claimed until `commit`."""

    def commit(self, rows: Iterable[Operation] | None = None) -> None:
        """Put tombstones under the keys of `rows`, by default of all, unless another load has claimed them, too.

        Raises:
            LedgerError: if the ledger cannot be written.
        """
        with self._lock:
            done = self._examined if rows is None else self._examined_of({*rows})
            self._examined = [claimed for claimed in self._examined if claimed not in done]
            for claimed in done:
                self._open_loads.subtract(claimed.keys)
            keys = {key for claimed in done for key in claimed.keys if not self._open_loads[key]}
            for key in keys:
                del self._open_loads[key]
            self._ledger.invalidate(keys)

    def close(self) -> None:
        """Do so for all other rows, too, prefetched ones included.

        Raises:
            LedgerError: if the ledger cannot be written.
        """
        self._examined += self._prefetched.values()
        self._prefetched.clear()
        self.commit()

    def invalidate(self, rows: Collection[Operation]) -> None:
        """Put tombstones in place of the contents that `rows` have removed.

        Raises:
            LedgerError: if the ledger cannot be written.
        """
        self._ledger.invalidate(self._hasher.keys(rows))

    def _claim(self, rows: Sequence[Operation]) -> _Claimed:
        keys = self._hasher.keys(rows)
        with self._lock:
            self._open_loads.update(keys)
            self._ledger.claim(keys)
        return _Claimed(rows, keys)

    def _examined_of(self, load: AbstractSet[Operation]) -> list[_Claimed]:
        """Return what was examined of a load: all rows of one claim are of the same load."""
        return [claimed for claimed in self._examined if not claimed.rows or claimed.rows[0] in load]
