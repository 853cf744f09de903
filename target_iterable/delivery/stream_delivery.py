"""Delivery of one stream: it buffers records, sends them, and accounts for every one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress

from iterable_api.errors import IterableError
from target_iterable.config.delivery_options import DeliveryOptions
from target_iterable.core.operation import Batch, BatchResult, Operation, RowResults
from target_iterable.core.rejection import RejectReason
from target_iterable.core.removal_stops import RunEnding
from target_iterable.core.source import Source
from target_iterable.delivery.buffer import START, Buffer, BufferLevel, Checkpoint
from target_iterable.delivery.errors import (
    DeliveryFailedError,
    batch_failed,
    fields_dropped,
    is_postponed,
    too_many_rejects,
)
from target_iterable.delivery.history import StreamHistory
from target_iterable.delivery.load_size import LoadSize
from target_iterable.delivery.record_accounts import RecordAccounts
from target_iterable.delivery.row_selection import RowSelection, without
from target_iterable.delivery.row_sender import RowSender
from target_iterable.field_types.registry import FieldTypes
from target_iterable.ledger.errors import LedgerError
from target_iterable.mirror.mirror import RemovalContext
from target_iterable.project.user_lookup import UserLookup
from target_iterable.reporting.audit_log import AuditLog
from target_iterable.reporting.dead_letter_file import DeadLetterFile
from target_iterable.reporting.distinct_things import DistinctThings
from target_iterable.reporting.identity_notes import IdentityNotes
from target_iterable.reporting.stream_counts import StreamCounts
from target_iterable.requests.sender import Sender


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
        self._options = options
        self._sender = sender
        self._accounts = RecordAccounts(self.stream, self.counts, rejects, audit, identities)
        self._user_lookup = UserLookup(sender.client)
        self._selection = RowSelection(self.stream, history, self._user_lookup, self._accounts)
        self._row_sender = RowSender(sender, types, options, history)
        self._load_size = LoadSize(self._row_sender.batch_size, is_mirror=self.mirror.is_active)
        self._buffer_level = buffer_level
        self._buffer = Buffer()
        self._held_back = Buffer()
        self._may_prefetch = True

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
        return not self._row_sender.batch_size.is_final and len(self._buffer.envelopes) <= 1

    @property
    def rows_until_flush(self) -> int:
        """How many more rows to buffer before the next flush; at least 1."""
        rows, level = self._buffer.rows, self._buffer_level
        wanted = self._rows_worth_sending - len(rows) if rows else self._row_sender.batch_size.rows
        return max(1, min(wanted, level.max_rows - level.rows))

    @property
    def _rows_worth_sending(self) -> int:
        return self._load_size.rows_worth_sending(self._buffer.rows[-1], len(self._buffer.envelopes))

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
        self._buffer.add(operations)
        self._buffer_level.add(sum([len(row.part) for row in operations]), len(operations))
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
        self._may_prefetch = self._may_prefetch and not any(row.only_for or row.idempotency_key for row in rows)
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

    def take_buffer(self, checkpoint: Checkpoint = START) -> Buffer:
        """Return the buffer, whose records count as read, and begin another one with what is held back."""
        buffer, self._buffer, self._held_back = self._buffer, self._held_back or Buffer(behind=checkpoint), Buffer()
        self._buffer_level.add(self._buffer.size, len(self._buffer))
        self.counts.read += len(buffer)
        return buffer

    def drain(self, buffer: Buffer) -> None:
        """Send a buffer in the order of each identity, and store rejects, removals and results.

        Raises:
            PostponedError: if Iterable takes no more today.
            DeliveryFailedError: if a batch failed as a whole; it is unsent, and so are batches that were not started.
            DeadLettersNotWrittenError: if rejects could not be stored.
            AuditLogNotWrittenError: if removals could not be stored.
            LedgerError: if the ledger cannot be read or written.
            TooManyRejectsError: if more records are rejected than allowed.
            FieldsDroppedError: if Iterable dropped fields, and the settings forbid it.
        """
        self._accounts.record_buffer(buffer)
        self.counts.distinct.count(waiting := buffer.rows)
        with self._timed():
            self.mirror.persist_claims()
            try:
                while waiting and self._reason_to_stop() is None:
                    selected, waiting = self._selection.select(waiting)
                    self._load_size.record(len(buffer.rows), len(selected))
                    self._send(selected)
            finally:
                self._accounts.flush()
                self._history.deduplication.commit()
                self._history.idempotency.commit()
                self.mirror.commit()
                self._accounts.update_metrics()
        if (reason := self._reason_to_stop()) is not None:
            raise reason
        if self.counts.unsent:
            raise DeliveryFailedError(f"Stream {self.stream!r}: the records do not add up: {self.counts}")

    def remove_missing(self, version: int, should_stop: Callable[[], bool]) -> None:
        """Remove missing members, now that all of `version` was read and delivered; until `should_stop`.

        Raises:
            RemovalFailedError: if there are too many, or a request failed.
            LedgerError: if the ledger cannot be read or written.
            AuditLogNotWrittenError: if the audit log cannot be written.
        """
        context = RemovalContext(
            self._history.deduplication,
            lambda rows: self._send_removals(rows, should_stop),
            self.counts,
            self._accounts.audit,
            should_stop,
        )
        with self._timed():
            self.mirror.remove_missing(version, context)

    def record_ending(self, ending: RunEnding) -> None:
        """Find out why missing members were not removed in a run that has ended so."""
        self.counts.removal_stop = self.mirror.removal_stop(ending)
        self._accounts.log_once.log_removal_stop(self.counts.removal_stop)

    def close(self) -> None:
        """Emit the last metrics, and close the files. Rows that are still buffered are unsent."""
        while self._buffer:
            self.take_buffer()
        # Contents that cannot be stored now count as changed the next time.
        with suppress(LedgerError):
            self._history.deduplication.close()
        self._sender.close()
        self._accounts.close()

    def _send(self, rows: Sequence[Operation]) -> None:
        failures: list[BatchResult] = []
        with closing(self._row_sender.send(rows, lambda: self._reason_to_stop() is not None)) as results:
            for result in results:
                self._accounts.record_removals(result)
                self._history.idempotency.record(result)
                self.mirror.record_result(result)
                self._user_lookup.record_written(result.results.written)
                self._accounts.record_result(result)
                if result.error is not None:
                    failures.append(result)
        if failures:
            raise self._failure(min(failures, key=is_postponed))

    def _send_removals(self, rows: Sequence[Operation], should_stop: Callable[[], bool]) -> Iterator[BatchResult]:
        """Yield the results of removals, which have no source record; rows about unknown users count as removed."""
        if not rows:
            return
        unsent = Batch(rows[0].endpoint, rows[0].envelope)
        try:
            looked_up = self._user_lookup.look_up(rows)
        except IterableError as error:
            yield BatchResult(unsent, error=error)
            return
        left_out = looked_up.unknown | looked_up.unclear.keys()
        if left_out:
            results = RowResults(skipped=list(looked_up.unknown), rejected=list(looked_up.unclear.items()))
            yield BatchResult(unsent, results)
        for result in self._row_sender.send(without([*rows], left_out), should_stop):
            self._accounts.record_removed(result)
            yield result

    def _reason_to_stop(self) -> DeliveryFailedError | None:
        """Return the error that forbids sending more, although all rows that were sent have a result."""
        if self._options.max_rejects.is_exceeded(self.counts.rejected, self.counts.read):
            return too_many_rejects(self.stream, self.counts, self._options.max_rejects)
        if self.counts.dropped_fields and not self._options.allows_dropped_fields:
            return fields_dropped(self.stream, self.counts)
        return None

    def _failure(self, result: BatchResult) -> DeliveryFailedError:
        if is_postponed(result):
            self._accounts.log_once.log_postponed(result.error)
        return batch_failed(self.stream, result)

    @contextmanager
    def _timed(self) -> Iterator[None]:
        started = time.monotonic()
        try:
            yield
        finally:
            self.counts.seconds += time.monotonic() - started
