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
    fields_dropped,
    may_pass,
    not_delivered,
    not_looked_up,
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
        past: StreamHistory,
        *,
        audit: AuditLog,
        waiting: BufferLevel,
    ) -> None:
        self.stream = sender.stream
        self.tally = StreamCounts(traffic=sender.traffic, is_mirror=past.mirror.watches)
        self._deleted = DeletedRows(self.tally.deleted)
        self._sender = sender
        self._rejects = rejects
        self._audit = audit
        self._options = options
        self._memory = past.memory
        self._once = past.once
        self.mirror = past.mirror
        self._room = AdaptiveBatchSize.to_begin_with(options.max_rows)
        self._pace = FlushPolicy(self._room)
        self._isolation = FailureIsolator(sender, types, self._room, trims=options.trims)
        self._existence = UserLookup(sender.client)
        self._waiting = waiting
        self._load = Buffer()
        self._meters = VerdictCounters(self.stream)
        self._telling = OnceLogger(self.stream)
        self._looks_ahead = True

    @property
    def bears_reading_on(self) -> bool:
        """Whether more may be read while a load is sent."""
        return not self.mirror.watches

    def add(self, operation: Operation, source: InputMessage) -> None:
        """Take over one record, to be sent with the next load.

        Raises:
            RecordRefusedError: if it is too large to be sent at all.
        """
        operation.must_fit()
        self._load.rows.append(operation)
        operation.source = source
        self._waiting.add(len(operation.part))
        self._waiting.is_much = self._waiting.is_much or self.has_enough

    def expect_deleted(self, operation: Operation, verdict: str) -> None:
        """The row of the last record is deleted in the source; `verdict` is what to call it when it is taken."""
        self._deleted.expect(operation, verdict)

    def note_deleted(self, verdict: str) -> None:
        """Count that the last record, which is refused or passed over, is of a row that the source has deleted."""
        self._load.deleted[verdict] += 1

    @property
    def has_enough(self) -> bool:
        """Whether so many rows wait that they are worth sending."""
        rows = self._load.rows
        return bool(rows) and len(rows) >= self._pace.enough(rows[-1])

    @property
    def is_growing(self) -> bool:
        """Whether what is on its way will say how much may be sent next."""
        return not self._room.is_known

    @property
    def wanted(self) -> int:
        """So many rows more may wait until it is time to send them; one at least."""
        rows = self._load.rows
        return max(1, (self._pace.enough(rows[-1]) if rows else self._room.rows) - len(rows))

    def add_all(self, operations: Sequence[Operation]) -> None:
        """Take over many records of one bulk endpoint, whose operations know them, and fit into a request."""
        self._load.rows += operations
        self._waiting.add(sum([len(row.part) for row in operations]))
        self._waiting.is_much = self._waiting.is_much or self.has_enough

    def refuse(self, refusal: RejectReason, source: InputMessage) -> None:
        """Reject one record that cannot be sent, with the next load. Each reason is told once, then only counted."""
        self._load.refused.append((refusal, source))
        self._waiting.add(len(source.record))
        self._telling.refused(refusal)

    def pass_over(self) -> None:
        """Count one record that the route does not want, with the next load."""
        self._load.passed_over += 1

    def note_done(self) -> None:
        """Count one record that is written already, with the next load."""
        self._load.done += 1

    def look_ahead(self) -> None:
        """Look up what waits while what was taken before is still being sent.

        What depends on that cannot be looked up before, and then nothing behind it can.

        Raises:
            LedgerError: if that fails.
        """
        rows = self._load.rows
        self._looks_ahead = self._looks_ahead and not any(row.only_for or row.once for row in rows)
        if self._looks_ahead:
            self._memory.look_ahead(rows)

    def take(self) -> Buffer:
        """What waits. Nothing may be on its way meanwhile: these records count as read from here on."""
        load, self._load = self._load, Buffer()
        self.tally.read += len(load)
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
        self.tally.unchanged += load.passed_over
        self.tally.written += load.done
        self.tally.deleted.update(load.deleted)
        for refusal, source in load.refused:
            self._reject(refusal, source, None)
        with self._clock():
            self.mirror.begin()
            try:
                while waiting and self._reason_to_stop() is None:
                    ready, waiting = self._ready(waiting)
                    self._deliver(self._news(ready))
            finally:
                self._audit.flush()
                self._rejects.flush()
                self._memory.keep()
                self._once.keep()
                self.mirror.keep()
                self._meters.show(self.tally)
        if (reason := self._reason_to_stop()) is not None:
            raise reason
        if self.tally.unsent:
            raise DeliveryFailedError(f"Stream {self.stream!r}: the records do not add up: {self.tally}")

    def remove_left(self, version: int, stop: Callable[[], bool]) -> None:
        """Remove what has left the source, now that all of `version` was read and delivered; until `stop` says so.

        Raises:
            RemovalFailedError: if that is too much, or failed.
            LedgerError: if the ledger cannot be read or written.
            AuditNotWrittenError: if the audit log cannot be written.
        """
        means = RemovalContext(self._memory, lambda rows: self._removed(rows, stop), self.tally, self._audit, stop)
        with self._clock():
            self.mirror.remove_left(version, means)

    def note_ending(self, ending: RunEnding) -> None:
        """Find out why what has left the source was not removed, now that the run has ended so."""
        self.tally.stopped = self.mirror.stopped(ending)
        self._telling.stopped(self.tally.stopped)

    def _removed(self, rows: Sequence[Operation], stop: Callable[[], bool]) -> Iterator[BatchResult]:
        """What becomes of `rows`, which are no records. What is about nobody is removed already."""
        nobody = Batch(rows[0].endpoint, rows[0].envelope) if rows else None
        try:
            strangers = self._existence.strangers(rows)
        except IterableError as error:
            if nobody:
                yield BatchResult(nobody, error=error)
            return
        if strangers and nobody:
            yield BatchResult(nobody, RowResults(skipped=list(strangers)))
        yield from self._outcomes(_without([*rows], strangers), stop)

    def close(self) -> None:
        """Write the last metrics. What still waits is unsent."""
        self.take()
        # Whatever cannot be kept now counts as new the next time.
        with suppress(LedgerError):
            self._memory.close()
        self._meters.show(self.tally)
        self._meters.close()
        self._sender.close()
        self._rejects.close()
        self._audit.close()
        self.tally.audit_path, self.tally.audited = self._audit.path, self._audit.entries

    def _ready(self, rows: list[Operation]) -> tuple[list[Operation], list[Operation]]:
        """Those of `rows` that may be sent now, and those that must wait until these are settled."""
        sifted = self._once.sift(rows)
        self._leave(sifted.done)
        for row, refusal in sifted.refused.items():
            self._reject(refusal, row.source, None)
            self._audit.refused(row, refusal)
            self._telling.refused(refusal)
        self._deleted.settle(sifted.refused, REJECTED)
        ready, held = self._existence.hold(sifted.ready)
        return ready, [*held, *sifted.later]

    def _leave(self, rows: Collection[Operation]) -> None:
        self.tally.unchanged += len(rows)
        self._deleted.settle(rows, SKIPPED)

    def _settle(self, batch: Batch) -> BatchResult:
        """Runs in many threads."""
        return self._isolation.settle(batch, self._once.begin(batch.rows))

    def _news(self, rows: list[Operation]) -> list[Operation]:
        """Those of `rows` that say more than what was accepted last."""
        unchanged = self._memory.unchanged(rows)
        self._leave(unchanged)
        return _without(rows, unchanged)

    def _deliver(self, rows: list[Operation]) -> None:
        failures: list[BatchResult] = []
        for outcome in self._outcomes(self._meant_for_somebody(rows), lambda: self._reason_to_stop() is not None):
            self._audit.settled(outcome, self._deleted.removals_in(outcome.batch.rows))
            self._once.note(outcome)
            self.mirror.note(outcome)
            self._count(outcome.verdicts)
            if outcome.error is not None:
                failures.append(outcome)
        if failures:
            raise self._failure(min(failures, key=may_pass))

    def _outcomes(self, rows: Sequence[Operation], stop: Callable[[], bool]) -> Iterator[BatchResult]:
        """What becomes of `rows`; none are begun any more after a failure, or when it is time to stop."""
        shared = shared_names(rows)
        batches = pack(grouped(rows, shared), self._room, shared)
        narrowest = min((self._options.max_in_flight or width(batch.endpoint) for batch in batches), default=1)
        schedule = DependencyScheduler(batches, self._settle, narrowest, shared)
        for outcome in schedule:
            self._memory.note(outcome)
            yield outcome
            if outcome.error is not None or stop():
                schedule.stop()

    def _reason_to_stop(self) -> DeliveryFailedError | None:
        """Why nothing more may be sent, although all that was sent has its verdict."""
        if self._options.allowance.exceeded(self.tally.rejected, self.tally.read):
            return too_many_rejects(self.stream, self.tally, self._options.allowance)
        if self.tally.dropped_fields and not self._options.bears_dropped_fields:
            return fields_dropped(self.stream, self.tally)
        return None

    def _meant_for_somebody(self, rows: list[Operation]) -> list[Operation]:
        """`rows` without those that are meant for users who exist, and whose user does not."""
        try:
            strangers = self._existence.strangers(rows)
        except IterableError as error:
            raise not_looked_up(self.stream, error) from error
        self._leave_out(strangers)
        return _without(rows, strangers)

    def _leave_out(self, rows: Collection[Operation]) -> None:
        """Count records that there is nothing to do about."""
        self.mirror.withdraw(rows)
        self._leave(rows)
        if rows:
            self._telling.left_out()

    def _failure(self, outcome: BatchResult) -> DeliveryFailedError:
        if may_pass(outcome):
            self._telling.postponed(outcome.error)
        return not_delivered(self.stream, outcome)

    def _count(self, verdicts: RowResults) -> None:
        self.tally.created_fields |= verdicts.created_fields
        self.tally.dropped_fields |= verdicts.dropped_fields
        for paths in verdicts.trimmed.values():
            self.tally.trimmed_fields.update(paths)
        self.tally.written += len(verdicts.written)
        self._deleted.settle(verdicts.written)
        self._deleted.settle((row for row, _ in verdicts.rejected), REJECTED)
        self._existence.note(verdicts.written)
        self._leave_out(verdicts.skipped)
        for row, refusal in verdicts.rejected:
            self._reject(refusal, row.source, row.endpoint.path)
        self._telling.answered(verdicts)

    def _reject(self, refusal: RejectReason, source: InputMessage | None, endpoint: str | None) -> None:
        if source is None:
            raise DeliveryFailedError(f"Stream {self.stream!r}: nobody knows which record was rejected")
        self.tally.reasons[refusal.code] += 1
        self._rejects.add(source, refusal, endpoint)

    @contextmanager
    def _clock(self) -> Iterator[None]:
        started = time.monotonic()
        try:
            yield
        finally:
            self.tally.seconds += time.monotonic() - started


def _without(rows: list[Operation], others: Collection[Operation]) -> list[Operation]:
    return [row for row in rows if row not in others] if others else rows
