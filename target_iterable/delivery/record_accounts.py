"""Accounts of one stream: every record ends in a count, every reject in a file, every removal in the audit log."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from target_iterable.core.operation import BatchResult, Operation
from target_iterable.core.rejection import RejectReason
from target_iterable.core.source import Source
from target_iterable.delivery.buffer import Buffer
from target_iterable.delivery.errors import DeliveryFailedError
from target_iterable.reporting.audit_log import AuditLog
from target_iterable.reporting.dead_letter_file import DeadLetterFile
from target_iterable.reporting.deleted_rows import REJECTED, SKIPPED, DeletedRows
from target_iterable.reporting.identity_notes import IdentityNotes
from target_iterable.reporting.log_once import OnceLogger
from target_iterable.reporting.singer_metrics import VerdictCounters
from target_iterable.reporting.stream_counts import StreamCounts


class RecordAccounts:
    """Counts, rejects, removals and messages of one stream.

    Methods that give records their verdicts return how many.

    Attributes:
        counts: counts of all records.
        audit: audit log of all removals.
        deleted: records about rows that the source has deleted.
        log_once: logger of the stream.
    """

    def __init__(
        self,
        stream: str,
        counts: StreamCounts,
        dead_letters: DeadLetterFile,
        audit: AuditLog,
        identities: IdentityNotes | None = None,
    ) -> None:
        self.counts = counts
        self.audit = audit
        self.deleted = DeletedRows(counts.deleted)
        self.log_once = OnceLogger(stream)
        self._stream = stream
        self._dead_letters = dead_letters
        self._identities = identities
        self._verdict_counters = VerdictCounters(stream)

    def record_buffer(self, buffer: Buffer) -> int:
        """Account for the records of a buffer of which nothing is sent."""
        self.counts.unchanged += buffer.skipped
        self.counts.written += buffer.already_written
        self.counts.deleted.update(buffer.deleted)
        for reject_reason, source in buffer.rejected:
            self._reject(reject_reason, source)
        return buffer.skipped + buffer.already_written + len(buffer.rejected)

    def record_unchanged(self, rows: Collection[Operation]) -> int:
        """Account for rows that are not sent, as nothing would change."""
        self.counts.unchanged += len(rows)
        self.deleted.record(rows, SKIPPED)
        if self._identities is not None:
            self._identities.add_unchanged(rows)
        return len(rows)

    def record_skipped(self, rows: Collection[Operation]) -> int:
        """Account for rows with nothing to do, as they are about unknown users."""
        if rows:
            self.log_once.log_unknown_users()
        return self.record_unchanged(rows)

    def record_rejected(self, rejected: Mapping[Operation, RejectReason]) -> int:
        """Account for rows that must not be sent: row -> reason."""
        for row, reject_reason in rejected.items():
            self._reject(reject_reason, row.source, row=row)
            self.audit.record_rejected(row, reject_reason)
            self.log_once.log_rejection(reject_reason)
        self.deleted.record(rejected, REJECTED)
        return len(rejected)

    def record_removals(self, result: BatchResult) -> None:
        """Enter removals of a batch into the audit log. Call this before `record_result`, which ends their tracking.

        Raises:
            AuditLogNotWrittenError: if removals that can happen only once could not be stored.
        """
        self.audit.record_result(result, self.deleted.removals_in(result.batch.rows))

    def record_result(self, result: BatchResult) -> int:
        """Account for all rows of a batch that have a result."""
        results, counts = result.results, self.counts
        counts.created_fields |= results.created_fields
        counts.dropped_fields |= results.dropped_fields
        for paths in results.trimmed.values():
            counts.trimmed_fields.update(paths)
        counts.written += len(results.written)
        if self._identities is not None:
            self._identities.add_written(results.written)
        self.deleted.record(results.written)
        self.deleted.record((row for row, _ in results.rejected), REJECTED)
        skipped = self.record_skipped(results.skipped)
        for row, reject_reason in results.rejected:
            self._reject(reject_reason, row.source, row.endpoint.path, row)
        self.log_once.log_results(results)
        return len(results.written) + skipped + len(results.rejected)

    def record_removed(self, result: BatchResult) -> None:
        """Note the members that a batch of removals has removed."""
        if self._identities is not None:
            self._identities.add_removals(result)

    def flush(self) -> None:
        """Store all removals and rejects.

        Raises:
            AuditLogNotWrittenError: if removals could not be stored.
            DeadLettersNotWrittenError: if rejects could not be stored.
        """
        self.audit.flush()
        self._dead_letters.flush()
        self.counts.rejects_path = self._dead_letters.path

    def update_metrics(self) -> None:
        """Emit what was counted since the last call as Singer metrics."""
        self._verdict_counters.update(self.counts)

    def close(self) -> None:
        """Emit the last metrics, and close the files."""
        self.update_metrics()
        self._verdict_counters.close()
        self._dead_letters.close()
        self.audit.close()
        self.counts.audit_path, self.counts.audited = self.audit.path, self.audit.entries

    def _reject(
        self,
        reject_reason: RejectReason,
        source: Source | None,
        endpoint: str | None = None,
        row: Operation | None = None,
    ) -> None:
        if source is None:
            raise DeliveryFailedError(f"Stream {self._stream!r}: nobody knows which record was rejected")
        self.counts.reasons[reject_reason.code] += 1
        if reject_reason.field is not None:
            self.counts.reject_fields.setdefault(reject_reason.code, set()).add(reject_reason.field)
        self._dead_letters.add(source, reject_reason, endpoint)
        if self._identities is not None:
            self._identities.add_rejected(reject_reason, source, row)
