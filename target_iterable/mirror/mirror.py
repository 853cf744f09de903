"""What has left the source of a stream is removed; here is what all streams know of that, and most do not do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias

from target_iterable.core.operation import BatchResult, Operation
from target_iterable.core.removal_stops import RemovalStop, RunEnding
from target_iterable.core.threshold import Threshold
from target_iterable.ledger.no_deduplication import NoDeduplication
from target_iterable.reporting.stream_counts import StreamCounts

if TYPE_CHECKING:
    from target_iterable.reporting.audit_log import AuditLog


MAX_SHRINKAGE: Final = Threshold(10, share=True)
"""How many fewer than before may come, unless the route says otherwise."""


@dataclass(frozen=True)
class RemovalPolicy:
    """What a route says of removing.

    Attributes:
        action: what is done with what has left the source, as the audit log calls it; empty if it is only counted.
        keeps_shared: whether it stays as long as another mirrored stream has it.
        max_removals: how much may be removed at once.
        at_end: whether the input holds all of the stream when it has come to its end.
        needs_declaration: whether that end must be declared.
        max_shrinkage: how many fewer than before may come where nothing declares the end.
        allows_empty: whether the source may be empty.
        is_dry_run: whether it is only planned; then too many removals are no reason to stop.
    """

    action: str
    keeps_shared: bool
    max_removals: Threshold
    at_end: bool = False
    needs_declaration: bool = False
    max_shrinkage: Threshold = MAX_SHRINKAGE
    allows_empty: bool = False
    is_dry_run: bool = False

    @property
    def removes(self) -> bool:
        """Whether what has left the source is removed."""
        return bool(self.action)


DeliverRows: TypeAlias = Callable[[Sequence[Operation]], Iterator[BatchResult]]
"""Delivers rows."""


@dataclass(frozen=True)
class RemovalContext:
    """What a removal needs.

    Attributes:
        deduplication: forgets what is removed.
        deliver: delivers rows.
        counts: counts it.
        audit: tells of it.
        stop: says whether the run is to end.
    """

    deduplication: NoDeduplication
    deliver: DeliverRows
    counts: StreamCounts
    audit: AuditLog
    stop: Callable[[], bool]


class NoMirror:
    """For streams that are not mirrored.

    The names are those by which the removal knows what a record is about, the best one first. A version is None where
    the record has none.

    Attributes:
        is_active: whether it must see each record when it is delivered, and so nothing may be read ahead.
        make_removal: makes the operation that removes what is so named; may refuse.
    """

    is_active: ClassVar[bool] = False
    make_removal: Callable[[str], Operation]

    def record_row(self, row: Operation, names: Sequence[str], version: int | None) -> None:
        """A record is in the source, and `row` is about to be delivered."""

    def record_seen(self, names: Sequence[str], version: int | None) -> None:
        """A record is in the source, and cannot be delivered."""

    def count_tombstone(self) -> None:
        """A record has come that only says that the source has deleted its row."""

    def may_remove(self, names: Sequence[str]) -> bool:
        """Whether the source's saying that it has deleted a row is enough to remove what is so named."""
        del names
        return True

    def record_removal(self, row: Operation, names: Sequence[str]) -> None:
        """`row`, which is about to be delivered, removes what is so named."""

    def count_unnamed(self) -> None:
        """Nobody can say what a record is about."""

    def record_state(self, state: Any) -> None:
        """A STATE has come behind the records so far."""

    def is_complete_at(self, version: int) -> bool:
        """Whether an ACTIVATE_VERSION says that all of a version has been read."""
        del version
        return False

    def version_at_end(self) -> int | None:
        """The version that the input held, now that it has come to its end by itself; None if that proves nothing."""

    def persist_claims(self) -> None:
        """Called before what was claimed is delivered."""

    def record_result(self, outcome: BatchResult) -> None:
        """Learn what became of a batch."""

    def record_skipped(self, rows: Collection[Operation]) -> None:
        """They put nothing into Iterable."""

    def commit(self) -> None:
        """Bring to the disk what was noted."""

    def removal_stop(self, ending: RunEnding) -> RemovalStop | None:
        """Why what has left the source was not removed, now that the run has ended; None if it was, or need not be."""
        del ending
        return None

    def remove_missing(self, version: int, context: RemovalContext) -> None:
        """Remove what is not in `version`, all of which is in Iterable by now.

        Raises:
            TooManyRemovalsError: if that is more than the route allows.
            RemovalFailedError: if a request failed as a whole.
            LedgerError: if the ledger cannot be read or written.
            AuditNotWrittenError: if the audit log cannot be written.
        """
