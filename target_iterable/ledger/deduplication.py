"""Deduplication of one stream: leaving out records that equal the last accepted ones. Interface and null object."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import ClassVar

from target_iterable.core.operation import BatchResult, Operation


class Deduplication(ABC):
    """Comparison of rows with the last accepted ones.

    The calls for a row come in this order: `prefetch` (at most once), `unchanged`, `record` (unless it was unchanged or
    never sent), `commit`. Several loads of rows may be between these calls at a time, if no two of them are about the
    same identity.

    Attributes:
        row_memory: bytes of memory that it takes for each row until `commit`.
    """

    row_memory: ClassVar[int] = 0

    @abstractmethod
    def prefetch(self, rows: Sequence[Operation]) -> None:
        """Compute `unchanged` for these rows in advance, while earlier ones are still being sent."""

    @abstractmethod
    def unchanged(self, rows: Sequence[Operation]) -> AbstractSet[Operation]:
        """Return the rows whose content equals the last accepted one. `rows` are in the order of sending."""

    @abstractmethod
    def record(self, result: BatchResult) -> None:
        """Record the result of a batch. Results about the same identity come in the order of their rows."""

    @abstractmethod
    def commit(self, rows: Iterable[Operation] | None = None) -> None:
        """Store the recorded results. Those of `rows`, by default of all, that were never sent are not accepted."""

    @abstractmethod
    def close(self) -> None:
        """Store the recorded results, and release rows that will not be sent any more."""

    @abstractmethod
    def invalidate(self, rows: Collection[Operation]) -> None:
        """Forget the contents that `rows` have removed: the next record about the same things counts as changed."""


class NoDeduplication(Deduplication):
    """Null object: all rows count as changed, and nothing is stored."""

    def prefetch(self, rows: Sequence[Operation]) -> None:
        """Do nothing."""

    def unchanged(self, rows: Sequence[Operation]) -> AbstractSet[Operation]:
        """Return no rows."""
        del rows
        return frozenset()

    def record(self, result: BatchResult) -> None:
        """Do nothing."""

    def commit(self, rows: Iterable[Operation] | None = None) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

    def invalidate(self, rows: Collection[Operation]) -> None:
        """Do nothing."""
