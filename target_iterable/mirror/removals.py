"""Removing from Iterable what has left the source of a stream."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from iterable_api.errors import DailyCapReachedError, IterableError
from target_iterable.core.operation import Operation
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.core.removal_stops import CAPPED, FEWER, TOO_MANY, RemovalStop, RunEnding
from target_iterable.mirror.errors import RemovalFailedError, TooManyRemovalsError
from target_iterable.mirror.membership_table import Count, Member
from target_iterable.mirror.mirror import RemovalContext
from target_iterable.reporting.audit_log import AuditReason
from target_iterable.reporting.stream_counts import StreamCounts

if TYPE_CHECKING:
    from target_iterable.mirror.stream_mirror import StreamMirror


class Removals:
    """Those of one stream."""

    def __init__(self, mirror: StreamMirror, means: RemovalContext) -> None:
        self._mirror = mirror
        self._memory = means.memory
        self._settle = means.settle
        self._tally = means.tally
        self._audit = means.audit
        self._stop = means.stop

    def carry_out(self, stream: str, version: int) -> None:
        """See `NoMirror.remove_left`."""
        count = self._mirror.count(version)
        if self._has_shrunk(stream, count):
            return
        self._tally.left += count.left
        self._check(stream, count)
        for members in self._mirror.left(version):
            error = None if self._stop() else self._settled(members, version)
            is_ending = self._stop() and self._tally.to_remove
            if is_ending or isinstance(error, DailyCapReachedError):
                _tell_rest(stream, self._tally, "The run is to end." if error is None else str(error))
                self._note_rest(CAPPED if error else RunEnding.INTERRUPTED.value)
                return
            if error is not None:
                self._note_rest(RunEnding.FAILED.value)
                raise RemovalFailedError(
                    f"Stream {stream!r}: {self._tally.to_remove} of {self._tally.left} that have left the source are "
                    f"not removed yet. {str(error).rstrip('.')}. Run again when the cause is gone."
                ) from error
        self._mirror.finish(version)

    def _has_shrunk(self, stream: str, count: Count) -> bool:
        """Whether so few have come that it is rather the tap that has ended too early."""
        terms, came = self._mirror.terms, self._mirror.total() - count.left
        fewer = count.before - came
        if not (terms.removes and self._mirror.is_assumed and terms.max_shrinkage.exceeded(fewer, count.before, few=1)):
            return False
        stopped = RemovalStop(FEWER, count.left, count.before)
        if terms.plans:
            self._tally.objection = f"Stream {stream!r}: {stopped}"
            return False
        self._mirror.stop(stopped)
        return True

    def _check(self, stream: str, count: Count) -> None:
        terms = self._mirror.terms
        if not terms.removes or not terms.allowance.exceeded(count.left, count.before, few=0):
            return
        self._tally.objection = (
            f"Stream {stream!r}: {count.left} of {count.before} have left the source, more than `max_removals` "
            f"({terms.allowance}) allows."
        )
        if not terms.plans:
            self._mirror.stop(RemovalStop(TOO_MANY, count.left, count.before, is_told=True))
            raise TooManyRemovalsError(
                f"{self._tally.objection} Nothing was removed, and state has not moved. If the source is right, set "
                f"`max_removals` of the route to {count.left} for one run, and run again."
            )

    def _note_rest(self, code: str) -> None:
        self._mirror.stop(RemovalStop(code, self._tally.to_remove, self._tally.left, is_told=True))

    def _settled(self, members: Sequence[Member], version: int) -> IterableError | None:
        """Remove what no other stream has, if the route says so; the error that ended it."""
        if not self._mirror.terms.removes:
            self._mirror.drop([member.key for member in members])
            return None
        others = self._mirror.elsewhere(members)
        self._mirror.drop(others.keys())
        self._tally.shared.update(others.values())
        rows = dict(self._rows((member for member in members if member.key not in others), version))
        reasons = {row: AuditReason(version, member.last) for row, member in rows.items()}
        removed, error = self._delivered(reasons)
        # First what tells of it, then what keeps it from being done again.
        self._audit.flush()
        self._memory.forget(removed)
        self._mirror.drop([rows[row].key for row in removed])
        self._tally.removed += len(removed)
        return error

    def _rows(self, members: Iterator[Member], version: int) -> Iterator[tuple[Operation, Member]]:
        for member in members:
            try:
                yield self._operation(member), member
            except RecordRejectedError as error:
                self._tally.not_removed[error.code] += 1
                identity = json.loads(member.name) if member.name else None
                reason = AuditReason(version, member.last)
                self._audit.impossible(identity, self._mirror.terms.action, error.refusal, reason)

    def _operation(self, member: Member) -> Operation:
        if member.name is None:
            raise RecordRejectedError("unreadableName", "the ledger holds a name that cannot be read with this key")
        return self._mirror.removal(member.name)

    def _delivered(self, reasons: dict[Operation, AuditReason]) -> tuple[list[Operation], IterableError | None]:
        action, rows = self._mirror.terms.action, list(reasons)
        done = self._memory.unchanged(rows)
        removed, error = list(done), None
        for row in done:
            self._audit.gone(row, action, reasons[row])
        for outcome in self._settle([row for row in rows if row not in done]):
            self._audit.removed(outcome, action, reasons)
            removed += [*outcome.verdicts.written, *outcome.verdicts.skipped]
            self._tally.not_removed.update(refusal.code for _, refusal in outcome.verdicts.rejected)
            error = error or outcome.error
        self._memory.keep()
        return removed, error


def _tell_rest(stream: str, tally: StreamCounts, why: str) -> None:
    logging.getLogger(f"target-iterable.{stream}").warning(
        "%d of %d that have left the source are not removed yet. %s The next complete version goes on.",
        tally.to_remove,
        tally.left,
        why,
    )
