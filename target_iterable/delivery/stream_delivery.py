"""Delivery of one stream: it buffers records, sends them, and accounts for every one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import chain
from typing import Final

from target_iterable.config.delivery_options import DeliveryOptions
from target_iterable.core.operation import Operation
from target_iterable.core.rejection import RejectReason
from target_iterable.core.removal_stops import RunEnding
from target_iterable.core.source import Source
from target_iterable.delivery.buffer import ROW_MEMORY, START, Buffer, BufferLevel, Checkpoint, memory_of
from target_iterable.delivery.history import StreamHistory
from target_iterable.delivery.record_accounts import RecordAccounts
from target_iterable.delivery.send_window import LoadFacts
from target_iterable.delivery.stream_sending import StreamSending
from target_iterable.field_types.registry import FieldTypes
from target_iterable.ledger.errors import LedgerError
from target_iterable.reporting.audit_log import AuditLog
from target_iterable.reporting.dead_letter_file import DeadLetterFile
from target_iterable.reporting.distinct_things import DistinctThings
from target_iterable.reporting.identity_notes import IdentityNotes
from target_iterable.reporting.stream_counts import StreamCounts
from target_iterable.requests.flush_policy import FlushPolicy
from target_iterable.requests.sender import Sender

_REQUESTS_ALONE: Final = 2
"""Requests of a load during which no other one is sent, so that at least so many are on their way."""


class StreamDelivery:
    """Delivery that outlives the sinks of its stream: the SDK makes a new sink whenever the schema changes.

    A record goes through these stages: it is buffered; `RowSelection` leaves it out if nothing is to be sent;
    `RowSender` sends it; and `RecordAccounts` counts its result.

    Attributes:
        stream: name of the stream.
        counts: counts of its records.
        mirror: membership of the stream, if it is mirrored.
    """

    def __init__(
        self,
        sender: Sender,
        types: FieldTypes,
        rejects: DeadLetterFile,
        options: DeliveryOptions,
        history: StreamHistory,
        *,
        audit: AuditLog,
        buffer_level: BufferLevel,
        identities: IdentityNotes | None = None,
    ) -> None:
        self.stream = sender.stream
        self.counts = StreamCounts(
            http_stats=sender.http_stats,
            is_mirror=history.mirror.is_active,
            distinct=DistinctThings(prefers_address=options.prefers_address),
        )
        self.mirror = history.mirror
        self._history = history
        self._accounts = RecordAccounts(self.stream, self.counts, rejects, audit, identities)
        self._sending = StreamSending(sender, types, options, history, self._accounts)
        self._flush_policy = FlushPolicy(self._sending.batch_size)
        self._buffer_level = buffer_level
        self._row_memory = ROW_MEMORY + history.deduplication.row_memory
        self._buffer = Buffer(row_memory=self._row_memory)
        self._held_back = Buffer()
        self._may_prefetch = True
        self._requests_of_load = _REQUESTS_ALONE if self.mirror.is_active else 1

    @property
    def allows_reading_ahead(self) -> bool:
        """Whether more records may be read while a buffer is sent."""
        return not self.mirror.is_active

    @property
    def is_flush_due(self) -> bool:
        """Whether enough rows are buffered to send them."""
        return bool(self._buffer.rows) and len(self._buffer.rows) >= self._rows_worth_sending

    @property
    def is_growing(self) -> bool:
        """Whether the batch size is still being ramped up, and decides how large the next batches are."""
        return not self._sending.batch_size.is_final and len(self._buffer.envelopes) <= 1

    @property
    def rows_until_flush(self) -> int:
        """How many more rows to buffer before the next flush; at least 1."""
        rows, level = self._buffer.rows, self._buffer_level
        wanted = self._rows_worth_sending - len(rows) if rows else self._sending.batch_size.rows
        return max(1, min(wanted, level.max_rows - level.rows))

    @property
    def _rows_worth_sending(self) -> int:
        buffer = self._buffer
        most = buffer.rows_of_requests(self._requests_of_load)
        return self._flush_policy.rows_worth_sending(buffer.rows[-1], len(buffer.envelopes), most)

    def add(self, operation: Operation, source: Source) -> None:
        """Buffer the operation of one record.

        Raises:
            RecordRejectedError: if it is too large to be sent at all.
        """
        operation.check_size()
        operation.source = source
        self.add_all([operation])

    def add_all(self, operations: Sequence[Operation]) -> None:
        """Buffer operations of one bulk endpoint that have their source, and fit into a request."""
        size = self._buffer.add(operations)
        memory = memory_of(size, len(operations), self._row_memory) if len(self._buffer.envelopes) == 1 else 0
        self._buffer_level.add(size, len(operations), memory)
        self._buffer_level.is_high = self._buffer_level.is_high or self.is_flush_due

    def expect_deleted(self, operation: Operation, verdict: str) -> None:
        """Register that the source has deleted the row of `operation`; `verdict` is its result if it is accepted."""
        self._accounts.deleted.expect(operation, verdict)

    def count_deleted(self, verdict: str) -> None:
        """Count, with the next buffer, a record without an operation whose row the source has deleted."""
        self._buffer.deleted[verdict] += 1

    def reject(self, reject_reason: RejectReason, source: Source) -> None:
        """Reject, with the next buffer, a record that cannot be sent. Each reason is logged once."""
        self._buffer.rejected.append((reject_reason, source))
        self._buffer_level.add(len(source.record))
        self._accounts.log_once.log_rejection(reject_reason)

    def skip(self) -> None:
        """Count, with the next buffer, a record that the route does not want."""
        self._buffer.skipped += 1

    def count_already_written(self) -> None:
        """Count, with the next buffer, a record that is written already."""
        self._buffer.already_written += 1

    def prefetch(self) -> None:
        """Prefetch ledger state of the buffered rows while the previous buffer is sent.

        Rows that depend on results of the previous buffer cannot be prefetched, and then no row behind them can.

        Raises:
            LedgerError: if the ledger cannot be read or written.
        """
        rows = self._buffer.rows
        self._may_prefetch = self._may_prefetch and self._buffer.may_be_held
        if self._may_prefetch:
            self._history.deduplication.prefetch(rows)

    @property
    def buffer(self) -> Buffer:
        """The records that wait."""
        return self._buffer

    def record_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Record a STATE message, which has come behind all records so far."""
        if not self._buffer:
            self._buffer.behind = checkpoint

    def hold_back(self) -> bool:
        """Hold small groups of rows back when the next buffer is taken; return whether there are any."""
        self._held_back = Buffer() if self.mirror.is_active else self._buffer.hold_back()
        return bool(self._held_back)

    def facts_of_load(self) -> LoadFacts:
        """Return what is to be known of the buffer as the next load."""
        rows = self._buffer.rows
        memory = self._buffer.memory + sum(len(source.record) for _, source in self._buffer.rejected)
        if len(self._buffer.envelopes) != 1 or self.mirror.is_active or not self._buffer.may_be_held:
            return LoadFacts(None, frozenset(), memory)
        endpoint = rows[-1].endpoint
        return LoadFacts(
            self.stream,
            frozenset(chain.from_iterable([row.names for row in rows])),
            memory,
            -(-len(rows) // self._sending.batch_size.rows_of(endpoint)),
            self._flush_policy.requests_worth_sending(endpoint),
        )

    def record_admission(self, *, joined: bool) -> None:
        """Fit the size of loads: where they cannot be sent together, each must have several requests."""
        self._requests_of_load = 1 if joined else _REQUESTS_ALONE

    def take_buffer(self, checkpoint: Checkpoint = START) -> Buffer:
        """Return the buffer, and begin another one with what is held back."""
        emptied = Buffer(behind=checkpoint, row_memory=self._row_memory)
        buffer, self._buffer, self._held_back = self._buffer, self._held_back or emptied, Buffer()
        self._buffer_level.add(self._buffer.size, len(self._buffer))
        return buffer

    def drain(self, buffer: Buffer) -> None:
        """Send a buffer; see `StreamSending`."""
        before = self.counts.unchanged
        self._sending.drain(buffer)
        self._flush_policy.record_load(len(buffer.rows), self.counts.unchanged - before - buffer.skipped)

    def remove_missing(self, version: int, should_stop: Callable[[], bool]) -> None:
        """Remove members that are missing; see `StreamSending`."""
        self._sending.remove_missing(version, should_stop)

    def record_ending(self, ending: RunEnding) -> None:
        """Find out why missing members were not removed in a run that has ended so."""
        self.counts.removal_stop = self.mirror.removal_stop(ending)
        self._accounts.log_once.log_removal_stop(self.counts.removal_stop)

    def close(self) -> None:
        """Emit the last metrics, and close the files. Rows that are still buffered are unsent."""
        while self._buffer:
            self.counts.read += len(self.take_buffer())
        self._sending.close()
        # Contents that cannot be stored now count as changed the next time.
        with suppress(LedgerError):
            self._history.deduplication.close()
        self._accounts.close()
