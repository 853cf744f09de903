"""What a stream knows of records that were accepted before, so that the same need not be sent again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet

from target_iterable.core.operation import BatchResult, Operation


class NoDeduplication:
    """Remembers nothing: every record is news."""

    def unchanged(self, rows: Sequence[Operation]) -> AbstractSet[Operation]:
        """Those of `rows`, which are about to be sent in this order, that say only what was last accepted."""
        del rows
        return frozenset()

    def prefetch(self, rows: Sequence[Operation]) -> None:
        """Do all of `unchanged` for these rows that can be done while those before them are still being sent."""

    def record(self, outcome: BatchResult) -> None:
        """Learn what became of a batch. Outcomes about the same identity come in the order of their rows."""

    def commit(self) -> None:
        """Bring to the disk what was noted."""

    def close(self) -> None:
        """Nothing more is sent."""

    def invalidate(self, rows: Collection[Operation]) -> None:
        """What `rows` changed is as if it never had been: whatever comes next about it is news."""
