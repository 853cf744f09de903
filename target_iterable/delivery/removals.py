"""Removing from Iterable what has left the source of a stream."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from iterable_api.errors import DailyCapReachedError, IterableError
from target_iterable.delivery.failures import RemovalFailedError, TooManyRemovalsError
from target_iterable.delivery.members import Count, Member
from target_iterable.delivery.memory import Memory
from target_iterable.delivery.mirror import Settle
from target_iterable.delivery.operations import Operation
from target_iterable.delivery.refusal import RecordRefusedError
from target_iterable.delivery.tally import Tally

if TYPE_CHECKING:
    from target_iterable.delivery.member_mirror import MemberMirror


class Removals:
    """Those of one stream. `settle` delivers rows; `stop` says whether the run is to end."""

    def __init__(
        self,
        mirror: MemberMirror,
        memory: Memory,
        settle: Settle,
        tally: Tally,
        stop: Callable[[], bool],
    ) -> None:
        self._mirror = mirror
        self._memory = memory
        self._settle = settle
        self._tally = tally
        self._stop = stop

    def carry_out(self, stream: str, version: int) -> None:
        """See `Mirror.remove_left`."""
        count = self._mirror.count(version)
        self._tally.left += count.left
        self._check(stream, count)
        for members in self._mirror.left(version):
            error = None if self._stop() else self._settled(members)
            is_ending = self._stop() and self._tally.to_remove
            if is_ending or isinstance(error, DailyCapReachedError):
                _tell_rest(stream, self._tally, "The run is to end." if error is None else str(error))
                return
            if error is not None:
                raise RemovalFailedError(
                    f"Stream {stream!r}: {self._tally.to_remove} of {self._tally.left} that have left the source are "
                    f"not removed yet. {str(error).rstrip('.')}. Run again when the cause is gone."
                ) from error
        self._mirror.finish(version)

    def _check(self, stream: str, count: Count) -> None:
        terms = self._mirror.terms
        if not terms.removes or not terms.allowance.exceeded(count.left, count.before, few=0):
            return
        self._tally.objection = (
            f"Stream {stream!r}: {count.left} of {count.before} have left the source, more than `max_removals` "
            f"({terms.allowance}) allows."
        )
        if not terms.plans:
            raise TooManyRemovalsError(
                f"{self._tally.objection} Nothing was removed, and state has not moved. If the source is right, set "
                f"`max_removals` of the route to {count.left} for one run, and run again."
            )

    def _settled(self, members: Sequence[Member]) -> IterableError | None:
        """Remove what no other stream has, if the route says so; the error that ended it."""
        if not self._mirror.terms.removes:
            self._mirror.drop([member.key for member in members])
            return None
        others = self._mirror.elsewhere(members)
        self._mirror.drop(others.keys())
        self._tally.shared.update(others.values())
        rows = dict(self._rows(member for member in members if member.key not in others))
        removed, error = self._delivered(list(rows))
        self._memory.forget(removed)
        self._mirror.drop([rows[row].key for row in removed])
        self._tally.removed += len(removed)
        return error

    def _rows(self, members: Iterator[Member]) -> Iterator[tuple[Operation, Member]]:
        for member in members:
            try:
                yield self._mirror.removal(member.name), member
            except RecordRefusedError as error:
                self._tally.not_removed[error.code] += 1

    def _delivered(self, rows: list[Operation]) -> tuple[list[Operation], IterableError | None]:
        done = self._memory.unchanged(rows)
        removed, error = list(done), None
        for outcome in self._settle([row for row in rows if row not in done]):
            removed += [*outcome.verdicts.written, *outcome.verdicts.skipped]
            self._tally.not_removed.update(refusal.code for _, refusal in outcome.verdicts.rejected)
            error = error or outcome.error
        self._memory.keep()
        return removed, error


def _tell_rest(stream: str, tally: Tally, why: str) -> None:
    logging.getLogger(f"target-iterable.{stream}").warning(
        "%d of %d that have left the source are not removed yet. %s The next complete version goes on.",
        tally.to_remove,
        tally.left,
        why,
    )
