"""Removal from Iterable of the members that have left the source of a stream."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from iterable_api.errors import DailyCapReachedError, IterableError
from target_iterable.core.operation import Operation
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.core.removal_stops import DAILY_CAP, FEWER_THAN_USUAL, TOO_MANY, RemovalStop, RunEnding
from target_iterable.mirror.errors import RemovalFailedError, TooManyRemovalsError
from target_iterable.mirror.members import Member, VersionCount
from target_iterable.mirror.mirror import RemovalContext
from target_iterable.reporting.audit_log import AuditReason
from target_iterable.reporting.stream_counts import StreamCounts

if TYPE_CHECKING:
    from target_iterable.mirror.stream_mirror import StreamMirror


class Removals:
    """Removals of one stream."""

    def __init__(self, mirror: StreamMirror, context: RemovalContext) -> None:
        self._mirror = mirror
        self._deduplication = context.deduplication
        self._deliver = context.deliver
        self._counts = context.counts
        self._audit = context.audit
        self._should_stop = context.should_stop

    def run(self, stream: str, version: int) -> None:
        """Remove the members that are missing from `version`.

        Raises:
            TooManyRemovalsError: if there are more than the route allows.
            RemovalFailedError: if a request failed as a whole.
            LedgerError: if the ledger cannot be read or written.
            AuditLogNotWrittenError: if the audit log cannot be written.
        """
        count = self._mirror.count(version)
        if self._has_shrunk(stream, count):
            return
        self._counts.missing += count.missing
        self._check_max_removals(stream, count)
        for members in self._mirror.missing_members(version):
            error = None if self._should_stop() else self._remove(members, version)
            is_ending = self._should_stop() and self._counts.to_remove
            if is_ending or isinstance(error, DailyCapReachedError):
                _log_remaining(stream, self._counts, "The run is to end." if error is None else str(error))
                self._record_remaining(DAILY_CAP if error else RunEnding.INTERRUPTED.value)
                return
            if error is not None:
                self._record_remaining(RunEnding.FAILED.value)
                raise RemovalFailedError(
                    f"Stream {stream!r}: {self._counts.to_remove} of {self._counts.missing} that have left the source "
                    f"are not removed yet. {str(error).rstrip('.')}. Run again when the cause is gone."
                ) from error
        self._mirror.complete_version(version)

    def _has_shrunk(self, stream: str, count: VersionCount) -> bool:
        """Whether so few members have come that the tap has probably ended too early."""
        policy, present = self._mirror.policy, self._mirror.member_count() - count.missing
        fewer = count.before - present
        if not (
            policy.removes
            and self._mirror.is_assumed
            and policy.max_shrinkage.is_exceeded(fewer, count.before, minimum=1)
        ):
            return False
        stop = RemovalStop(FEWER_THAN_USUAL, count.missing, count.before)
        if policy.is_dry_run:
            self._counts.objection = f"Stream {stream!r}: {stop}"
            return False
        self._mirror.record_stop(stop)
        return True

    def _check_max_removals(self, stream: str, count: VersionCount) -> None:
        policy = self._mirror.policy
        if not policy.removes or not policy.max_removals.is_exceeded(count.missing, count.before, minimum=0):
            return
        self._counts.objection = (
            f"Stream {stream!r}: {count.missing} of {count.before} have left the source, more than `max_removals` "
            f"({policy.max_removals}) allows."
        )
        if not policy.is_dry_run:
            self._mirror.record_stop(RemovalStop(TOO_MANY, count.missing, count.before, is_logged=True))
            raise TooManyRemovalsError(
                f"{self._counts.objection} Nothing was removed, and state has not moved. If the source is right, set "
                f"`max_removals` of the route to {count.missing} for one run, and run again."
            )

    def _record_remaining(self, code: str) -> None:
        self._mirror.record_stop(RemovalStop(code, self._counts.to_remove, self._counts.missing, is_logged=True))

    def _remove(self, members: Sequence[Member], version: int) -> IterableError | None:
        """Remove the members that no other stream has, if the route says so; return the error that ended it."""
        if not self._mirror.policy.removes:
            self._mirror.delete([member.key for member in members])
            return None
        others = self._mirror.kept_by_others(members)
        self._mirror.delete(others.keys())
        self._counts.shared.update(others.values())
        rows = dict(self._rows((member for member in members if member.key not in others), version))
        reasons = {row: AuditReason(version, member.last_version) for row, member in rows.items()}
        removed, error = self._deliver_removals(reasons)
        # The audit log comes first: once the members are deleted, no later run would record their removal.
        self._audit.flush()
        self._deduplication.invalidate(removed)
        self._mirror.delete([rows[row].key for row in removed])
        self._counts.removed += len(removed)
        return error

    def _rows(self, members: Iterator[Member], version: int) -> Iterator[tuple[Operation, Member]]:
        for member in members:
            try:
                yield self._operation(member), member
            except RecordRejectedError as error:
                self._counts.not_removed[error.code] += 1
                identity = json.loads(member.name) if member.name else None
                reason = AuditReason(version, member.last_version)
                self._audit.record_impossible(identity, self._mirror.policy.action, error.reject_reason, reason)

    def _operation(self, member: Member) -> Operation:
        if member.name is None:
            raise RecordRejectedError("unreadableName", "the ledger holds a name that cannot be read with this key")
        return self._mirror.make_removal(member.name)

    def _deliver_removals(self, reasons: dict[Operation, AuditReason]) -> tuple[list[Operation], IterableError | None]:
        action, rows = self._mirror.policy.action, list(reasons)
        unchanged = self._deduplication.unchanged(rows)
        removed, error = list(unchanged), None
        for row in unchanged:
            self._audit.record_already_gone(row, action, reasons[row])
        for result in self._deliver([row for row in rows if row not in unchanged]):
            self._audit.record_removals(result, action, reasons)
            removed += [*result.results.written, *result.results.skipped]
            self._counts.not_removed.update(reject_reason.code for _, reject_reason in result.results.rejected)
            error = error or result.error
        self._deduplication.commit()
        return removed, error


def _log_remaining(stream: str, counts: StreamCounts, reason: str) -> None:
    logging.getLogger(f"target-iterable.{stream}").warning(
        "%d of %d that have left the source are not removed yet. %s The next complete version goes on.",
        counts.to_remove,
        counts.missing,
        reason,
    )
