"""Records that make something happen once for their key: which are done, and which may be sent.

What does no harm when it happens again is kept when it was accepted. Anything else happens at most once: see
`once_per_key`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from target_iterable.core.operation import BatchResult, Operation
from target_iterable.core.rejection import RejectReason


class FilteredRows(NamedTuple):
    """Rows by what is known of what they ask for.

    Attributes:
        ready: may be sent.
        already_done: it has happened.
        rejected: must not be sent, and why.
        deferred: what becomes of the ready ones decides.
    """

    ready: list[Operation]
    already_done: list[Operation]
    rejected: dict[Operation, RejectReason]
    deferred: list[Operation]


class NoIdempotency:
    """For streams whose records may all be sent again."""

    def filter_rows(self, rows: list[Operation]) -> FilteredRows:
        """`rows`, which are about to be sent in this order. Those of a person stay in order."""
        return FilteredRows(rows, [], {}, [])

    def reserve(self, rows: Sequence[Operation]) -> Mapping[Operation, RejectReason]:
        """Called right before a request with `rows` is sent, by the thread that does; those that it must not hold."""
        del rows
        return {}

    def record(self, outcome: BatchResult) -> None:
        """Learn what became of a batch."""

    def commit(self) -> None:
        """Bring to the disk what was noted."""
