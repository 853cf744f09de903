"""Mirroring of one stream: removal from Iterable of members that have left the source. Interface."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias

from iterable_api.plugin.threshold import Threshold
from target_iterable.core.operation import BatchResult, Operation
from target_iterable.core.removal_stops import RemovalStop, RunEnding
from target_iterable.ledger.deduplication import Deduplication
from target_iterable.reporting.stream_counts import StreamCounts

if TYPE_CHECKING:
    from target_iterable.reporting.audit_log import AuditLog


MAX_SHRINKAGE: Final = Threshold(10, is_percentage=True)
"""Default of `max_shrinkage`: how many members fewer than before may come."""


@dataclass(frozen=True)
class RemovalPolicy:
    """Settings of a route about removals.

    Attributes:
        action: removal as the audit log calls it; empty if missing members are only counted.
        keeps_shared: whether a member stays as long as another mirrored stream has it.
        max_removals: removals allowed at once.
        at_end: whether the input holds all of the stream when it has come to its end.
        needs_declaration: whether that end must be declared.
        max_shrinkage: how many members fewer than before may come where nothing declares the end.
        allows_empty: whether the source may be empty.
        is_dry_run: whether removals are only planned; then too many of them are no reason to stop.
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
        """Whether missing members are removed."""
        return bool(self.action)


DeliverRows: TypeAlias = Callable[[Sequence[Operation]], Iterator[BatchResult]]
"""Function that delivers rows and yields the results of their batches."""


@dataclass(frozen=True)
class RemovalContext:
    """Collaborators of a removal.

    Attributes:
        deduplication: contents to be invalidated with the removed members.
        deliver: sends the removals.
        counts: counts of the stream.
        audit: audit log of the stream.
        should_stop: tells whether the run is to end.
    """

    deduplication: Deduplication
    deliver: DeliverRows
    counts: StreamCounts
    audit: AuditLog
    should_stop: Callable[[], bool]


class Mirror(ABC):
    """Membership of one stream: the members that it has put into Iterable, and those that its source still has.

    `names` are the identifiers of a record, the one used for its removal first. `version` is the record's, or None.

    Attributes:
        is_active: whether the stream is mirrored. Then each record must be seen when it is delivered, so nothing is
            read ahead.
        make_removal: makes the operation that removes the member with a name; raises RecordRejectedError if none can.
    """

    is_active: ClassVar[bool]
    make_removal: Callable[[str], Operation]

    @abstractmethod
    def record_rows(self, rows: Sequence[Operation], names: Sequence[Sequence[str]], version: int | None) -> None:
        """Record that the source has records of one version, and that `rows` are about to be delivered for them.

        `names` has the names of each.
        """

    @abstractmethod
    def record_seen(self, names: Sequence[str], version: int | None) -> None:
        """Record that the source has a record of which nothing is delivered."""

    @abstractmethod
    def count_tombstone(self) -> None:
        """Count a record that only says that the source has deleted its row."""

    @abstractmethod
    def may_remove(self, names: Sequence[str]) -> bool:
        """Tell whether a member may be removed because the source has deleted its row.

        Raises:
            LedgerError: if the ledger cannot be read.
        """

    @abstractmethod
    def record_removal(self, row: Operation, names: Sequence[str]) -> None:
        """Record that `row`, which is about to be delivered, removes the member with these names."""

    @abstractmethod
    def count_unnamed(self) -> None:
        """Count a record without an identifier: it may be about any member that seems to be missing."""

    @abstractmethod
    def record_state(self, state: Any) -> None:
        """Record the value of a STATE message, which has come behind all records so far."""

    @abstractmethod
    def is_complete_at(self, version: int) -> bool:
        """Record an ACTIVATE_VERSION, and tell whether it proves that all of the version was read."""

    @abstractmethod
    def version_at_end(self) -> int | None:
        """Return the version that the input held as a whole, now that it has ended; None if that is not proved."""

    @abstractmethod
    def persist_claims(self) -> None:
        """Store the names of this load before it is sent.

        Raises:
            LedgerError: if they cannot be stored; then nothing may be sent.
        """

    @abstractmethod
    def record_result(self, result: BatchResult) -> None:
        """Record the result of a batch."""

    @abstractmethod
    def record_skipped(self, rows: Collection[Operation]) -> None:
        """Record rows that have put nothing into Iterable."""

    @abstractmethod
    def commit(self) -> None:
        """Store the recorded results.

        Raises:
            LedgerError: if the ledger cannot be written.
        """

    @abstractmethod
    def removal_stop(self, ending: RunEnding) -> RemovalStop | None:
        """Return the reason why missing members were not removed in a run that ends so; None if nothing stays."""

    @abstractmethod
    def remove_missing(self, version: int, context: RemovalContext) -> None:
        """Remove the members that are not in `version`, all of which is in Iterable by now.

        Raises:
            TooManyRemovalsError: if there are more than the route allows.
            RemovalFailedError: if a request failed as a whole.
            LedgerError: if the ledger cannot be read or written.
            AuditLogNotWrittenError: if the audit log cannot be written.
        """
