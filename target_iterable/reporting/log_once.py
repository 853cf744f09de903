"""What the log says of the records of a stream: each thing once, and what is only counted, as a number."""

from __future__ import annotations

import logging
from collections import Counter

from target_iterable.core.operation import RowResults
from target_iterable.core.rejection import RejectReason
from target_iterable.core.removal_stops import RemovalStop
from target_iterable.reporting.stream_counts import in_brackets


class OnceLogger:
    """For one stream. It names codes, columns and fields, never values."""

    def __init__(self, stream: str) -> None:
        self._told: set[tuple[str, str]] = set()
        self._logger = logging.getLogger(f"target-iterable.{stream}")

    def log_rejection(self, reject_reason: RejectReason) -> None:
        """A record was rejected before it was sent."""
        told = f"{reject_reason.code}: {reject_reason.reason}"
        self._once("A record is rejected: %s. Others like it are only counted.", told)

    def log_results(self, results: RowResults) -> None:
        """Iterable has answered."""
        if reasons := Counter(reject_reason.code for _, reject_reason in results.rejected):
            total = len(results.written) + reasons.total()
            self._logger.warning("Iterable rejected %d of %d records%s.", reasons.total(), total, in_brackets(reasons))
        for field in sorted(results.dropped_fields):
            self._once("Iterable drops the field %r: the project does not know it and takes no new fields.", field)
        for field in sorted(frozenset().union(*results.trimmed.values())):
            self._once("Records go without their field %r where it is not of the type that Iterable keeps.", field)

    def log_unknown_users(self) -> None:
        """Records are about users who do not exist, and must not make any."""
        self._once("Records about users whom Iterable does not know are left out, and count as %s.", "unchanged")

    def log_postponed(self, why: object) -> None:
        """Iterable takes no more today."""
        self._logger.warning("%s State does not move past what is left, and the rest of the input is passed over.", why)

    def log_removal_stop(self, stopped: RemovalStop | None) -> None:
        """What has left the source was not removed."""
        if stopped is not None and stopped.should_log:
            self._logger.warning("%s", stopped)

    def _once(self, message: str, what: str) -> None:
        if (message, what) not in self._told:
            self._told.add((message, what))
            self._logger.warning(message, what)
