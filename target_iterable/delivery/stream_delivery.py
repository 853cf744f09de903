"""The delivery of one stream: what waits, what was sent, and what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress

from iterable_api.errors import IterableError
from target_iterable.config.delivery_options import Options
from target_iterable.core.operation import Batch, BatchResult, Operation, RowResults
from target_iterable.core.rejection import RejectReason
from target_iterable.core.removal_stops import RunEnding
from target_iterable.core.source import InputMessage
from target_iterable.delivery.buffer import Buffer, BufferLevel
from target_iterable.delivery.errors import (
    DeliveryFailedError,
    batch_failed,
    fields_dropped,
    is_postponed,
    lookup_failed,
    too_many_rejects,
)
from target_iterable.delivery.history import StreamHistory
from target_iterable.field_types.registry import FieldTypes
from target_iterable.ledger.errors import LedgerError
from target_iterable.mirror.mirror import RemovalContext
from target_iterable.project.user_lookup import UserLookup
from target_iterable.reporting.audit_log import AuditLog
from target_iterable.reporting.dead_letter_file import DeadLetterFile
from target_iterable.reporting.deleted_rows import REJECTED, SKIPPED, DeletedRows
from target_iterable.reporting.log_once import OnceLogger
from target_iterable.reporting.singer_metrics import VerdictCounters
from target_iterable.reporting.stream_counts import StreamCounts
from target_iterable.requests.batching import AdaptiveBatchSize, pack, shared_names
from target_iterable.requests.failure_isolation import FailureIsolator
from target_iterable.requests.flush_policy import FlushPolicy, width
from target_iterable.requests.grouping import grouped
from target_iterable.requests.scheduler import DependencyScheduler
from target_iterable.requests.sender import Sender


class StreamDelivery:
    """Outlives the sinks of its stream: the SDK makes a new sink whenever the schema changes."""

    def __init__(
        self,
        sender: Sender,
        types: FieldTypes,
        rejects: DeadLetterFile,
        options: Options,
        history: StreamHistory,
        *,
        audit: AuditLog,
        waiting: BufferLevel,
    ) -> None:
        self.stream = sender.stream
        self.counts = StreamCounts(http_stats=sender.http_stats, is_mirror=history.mirror.is_active)
        self._deleted = DeletedRows(self.counts.deleted)
        self._sender = sender
        self._dead_letters = rejects
        self._audit = audit
        self._options = options
        self._deduplication = history.deduplication
        self._idempotency = history.idempotency
        self.mirror = history.mirror
        self._batch_size = AdaptiveBatchSize.initial(options.max_rows)
        self._flush_policy = FlushPolicy(self._batch_size)
        self._failure_isolator = FailureIsolator(sender, types, self._batch_size, trims=options.drops_misfits)
        self._user_lookup = UserLookup(sender.client)
        self._buffer_level = waiting
        self._buffer = Buffer()
        self._verdict_counters = VerdictCounters(self.stream)
        self._log_once = OnceLogger(self.stream)
        self._looks_ahead = True

    @property
    def allows_reading_ahead(self) -> bool:
        """Whether more may be read while a load is sent."""
        return not self.mirror.is_active

    def add(self, operation: Operation, source: InputMessage) -> None:
        """Take over one record, to be sent with the next load.

        Raises:
            RecordRefusedError: if it is too large to be sent at all.
        """
        operation.check_size()
        self._buffer.rows.append(operation)
        operation.source = source
        self._buffer_level.add(len(operation.part))
        self._buffer_level.is_high = self._buffer_level.is_high or self.is_flush_due

    def expect_deleted(self, operation: Operation, verdict: str) -> None:
        """The row of the last record is deleted in the source; `verdict` is what to call it when it is taken."""
        self._deleted.expect(operation, verdict)

    def count_deleted(self, verdict: str) -> None:
        """Count that the last record, which is refused or passed over, is of a row that the source has deleted."""
        self._buffer.deleted[verdict] += 1

    @property
    def is_flush_due(self) -> bool:
        """Whether so many rows wait that they are worth sending."""
        rows = self._buffer.rows
        return bool(rows) and len(rows) >= self._flush_policy.rows_worth_sending(rows[-1])

    @property
    def is_growing(self) -> bool:
        """Whether what is on its way will say how much may be sent next."""
        return not self._batch_size.is_final

    @property
    def rows_until_flush(self) -> int:
        """So many rows more may wait until it is time to send them; one at least."""
        rows = self._buffer.rows
        return max(1, (self._flush_policy.rows_worth_sending(rows[-1]) if rows else self._batch_size.rows) - len(rows))

    def add_all(self, operations: Sequence[Operation]) -> None:
        """Take over many records of one bulk endpoint, whose operations know them, and fit into a request."""
        self._buffer.rows += operations
        self._buffer_level.add(sum([len(row.part) for row in operations]))
        self._buffer_level.is_high = self._buffer_level.is_high or self.is_flush_due

    def reject(self, reject_reason: RejectReason, source: InputMessage) -> None:
        """Reject one record that cannot be sent, with the next load. Each reason is told once, then only counted."""
        self._buffer.rejected.append((reject_reason, source))
        self._buffer_level.add(len(source.record))
        self._log_once.log_rejection(reject_reason)

    def skip(self) -> None:
        """Count one record that the route does not want, with the next load."""
        self._buffer.skipped += 1

    def count_already_written(self) -> None:
        """Count one record that is written already, with the next load."""
        self._buffer.already_written += 1

    def prefetch(self) -> None:
        """Look up what waits while what was taken before is still being sent.

        What depends on that cannot be looked up before, and then nothing behind it can.

        Raises:
            LedgerError: if that fails.
        """
        rows = self._buffer.rows
        self._looks_ahead = self._looks_ahead and not any(row.only_for or row.idempotency_key for row in rows)
        if self._looks_ahead:
            self._deduplication.prefetch(rows)

    def take_buffer(self) -> Buffer:
        """What waits. Nothing may be on its way meanwhile: these records count as read from here on."""
        load, self._buffer = self._buffer, Buffer()
        self.counts.read += len(load)
        return load

    def drain(self, load: Buffer) -> None:
        """Send a load, in the order of each identity, and bring the rejects and the ledger to the disk.

        Raises:
            PostponedError: if Iterable takes no more today.
            DeliveryFailedError: if a batch failed as a whole; it and those that were not begun yet are unsent.
            RejectsNotWrittenError: if rejects could not be stored.
            AuditNotWrittenError: if what was taken away could not be stored.
            LedgerError: if what was accepted could not be looked up or stored.
            TooManyRejectsError: if more records are rejected than is allowed.
            FieldsDroppedError: if Iterable dropped fields, and the settings do not bear it.
        """
        waiting = load.rows
        self.counts.unchanged += load.skipped
        self.counts.written += load.already_written
        self.counts.deleted.update(load.deleted)
        for reject_reason, source in load.rejected:
            self._reject(reject_reason, source, None)
        with self._clock():
            self.mirror.persist_claims()
            try:
                while waiting and self._reason_to_stop() is None:
                    ready, waiting = self._split_ready(waiting)
                    self._deliver(self._changed(ready))
            finally:
                self._audit.flush()
                self._dead_letters.flush()
                self._deduplication.commit()
                self._idempotency.commit()
                self.mirror.commit()
                self._verdict_counters.update(self.counts)
        if (reason := self._reason_to_stop()) is not None:
            raise reason
        if self.counts.unsent:
            raise DeliveryFailedError(f"Stream {self.stream!r}: the records do not add up: {self.counts}")

    def remove_missing(self, version: int, stop: Callable[[], bool]) -> None:
        """Remove what has left the source, now that all of `version` was read and delivered; until `stop` says so.

        Raises:
            RemovalFailedError: if that is too much, or failed.
            LedgerError: if the ledger cannot be read or written.
            AuditNotWrittenError: if the audit log cannot be written.
        """
        context = RemovalContext(
            self._deduplication, lambda rows: self._removed(rows, stop), self.counts, self._audit, stop
        )
        with self._clock():
            self.mirror.remove_missing(version, context)

    def record_ending(self, ending: RunEnding) -> None:
        """Find out why what has left the source was not removed, now that the run has ended so."""
        self.counts.removal_stop = self.mirror.removal_stop(ending)
        self._log_once.log_removal_stop(self.counts.removal_stop)

    def _removed(self, rows: Sequence[Operation], stop: Callable[[], bool]) -> Iterator[BatchResult]:
        """What becomes of `rows`, which are no records. What is about nobody is removed already."""
        nobody = Batch(rows[0].endpoint, rows[0].envelope) if rows else None
        try:
            unknown_users = self._user_lookup.unknown_users(rows)
        except IterableError as error:
            if nobody:
                yield BatchResult(nobody, error=error)
            return
        if unknown_users and nobody:
            yield BatchResult(nobody, RowResults(skipped=list(unknown_users)))
        yield from self._results(_without([*rows], unknown_users), stop)

    def close(self) -> None:
        """Write the last metrics. What still waits is unsent."""
        self.take_buffer()
        # Whatever cannot be kept now counts as new the next time.
        with suppress(LedgerError):
            self._deduplication.close()
        self._verdict_counters.update(self.counts)
        self._verdict_counters.close()
        self._sender.close()
        self._dead_letters.close()
        self._audit.close()
        self.counts.audit_path, self.counts.audited = self._audit.path, self._audit.entries

    def _split_ready(self, rows: list[Operation]) -> tuple[list[Operation], list[Operation]]:
        """Those of `rows` that may be sent now, and those that must wait until these are settled."""
        sifted = self._idempotency.filter_rows(rows)
        self._count_unchanged(sifted.already_done)
        for row, reject_reason in sifted.rejected.items():
            self._reject(reject_reason, row.source, None)
            self._audit.record_rejected(row, reject_reason)
            self._log_once.log_rejection(reject_reason)
        self._deleted.record(sifted.rejected, REJECTED)
        ready, held = self._user_lookup.defer(sifted.ready)
        return ready, [*held, *sifted.deferred]

    def _count_unchanged(self, rows: Collection[Operation]) -> None:
        self.counts.unchanged += len(rows)
        self._deleted.record(rows, SKIPPED)

    def _send_batch(self, batch: Batch) -> BatchResult:
        """Runs in many threads."""
        return self._failure_isolator.deliver(batch, self._idempotency.reserve(batch.rows))

    def _changed(self, rows: list[Operation]) -> list[Operation]:
        """Those of `rows` that say more than what was accepted last."""
        unchanged = self._deduplication.unchanged(rows)
        self._count_unchanged(unchanged)
        return _without(rows, unchanged)

    def _deliver(self, rows: list[Operation]) -> None:
        failures: list[BatchResult] = []
        for outcome in self._results(self._about_known_users(rows), lambda: self._reason_to_stop() is not None):
            self._audit.record_result(outcome, self._deleted.removals_in(outcome.batch.rows))
            self._idempotency.record(outcome)
            self.mirror.record_result(outcome)
            self._count(outcome.results)
            if outcome.error is not None:
                failures.append(outcome)
        if failures:
            raise self._failure(min(failures, key=is_postponed))

    def _results(self, rows: Sequence[Operation], stop: Callable[[], bool]) -> Iterator[BatchResult]:
        """What becomes of `rows`; none are begun any more after a failure, or when it is time to stop."""
        shared = shared_names(rows)
        batches = pack(grouped(rows, shared), self._batch_size, shared)
        narrowest = min((self._options.max_in_flight or width(batch.endpoint) for batch in batches), default=1)
        schedule = DependencyScheduler(batches, self._send_batch, narrowest, shared)
        for outcome in schedule:
            self._deduplication.record(outcome)
            yield outcome
            if outcome.error is not None or stop():
                schedule.stop()

    def _reason_to_stop(self) -> DeliveryFailedError | None:
        """Why nothing more may be sent, although all that was sent has its verdict."""
        if self._options.max_rejects.is_exceeded(self.counts.rejected, self.counts.read):
            return too_many_rejects(self.stream, self.counts, self._options.max_rejects)
        if self.counts.dropped_fields and not self._options.allows_dropped_fields:
            return fields_dropped(self.stream, self.counts)
        return None

    def _about_known_users(self, rows: list[Operation]) -> list[Operation]:
        """`rows` without those that are meant for users who exist, and whose user does not."""
        try:
            unknown_users = self._user_lookup.unknown_users(rows)
        except IterableError as error:
            raise lookup_failed(self.stream, error) from error
        self._skip_rows(unknown_users)
        return _without(rows, unknown_users)

    def _skip_rows(self, rows: Collection[Operation]) -> None:
        """Count records that there is nothing to do about."""
        self.mirror.record_skipped(rows)
        self._count_unchanged(rows)
        if rows:
            self._log_once.log_unknown_users()

    def _failure(self, outcome: BatchResult) -> DeliveryFailedError:
        if is_postponed(outcome):
            self._log_once.log_postponed(outcome.error)
        return batch_failed(self.stream, outcome)

    def _count(self, results: RowResults) -> None:
        self.counts.created_fields |= results.created_fields
        self.counts.dropped_fields |= results.dropped_fields
        for paths in results.trimmed.values():
            self.counts.trimmed_fields.update(paths)
        self.counts.written += len(results.written)
        self._deleted.record(results.written)
        self._deleted.record((row for row, _ in results.rejected), REJECTED)
        self._user_lookup.record_written(results.written)
        self._skip_rows(results.skipped)
        for row, reject_reason in results.rejected:
            self._reject(reject_reason, row.source, row.endpoint.path)
        self._log_once.log_results(results)

    def _reject(self, reject_reason: RejectReason, source: InputMessage | None, endpoint: str | None) -> None:
        if source is None:
            raise DeliveryFailedError(f"Stream {self.stream!r}: nobody knows which record was rejected")
        self.counts.reasons[reject_reason.code] += 1
        self._dead_letters.add(source, reject_reason, endpoint)

    @contextmanager
    def _clock(self) -> Iterator[None]:
        started = time.monotonic()
        try:
            yield
        finally:
            self.counts.seconds += time.monotonic() - started


def _without(rows: list[Operation], others: Collection[Operation]) -> list[Operation]:
    return [row for row in rows if row not in others] if others else rows
