"""Logger of a stream that logs each message once; repetitions are only counted elsewhere."""

from __future__ import annotations

import logging
from collections import Counter

from target_iterable.core.operation import RowResults
from target_iterable.core.rejection import UNREADABLE_LINE, RejectReason
from target_iterable.core.removal_stops import RemovalStop
from target_iterable.reporting.stream_counts import in_brackets


class OnceLogger:
    """Logger of one stream. Messages name codes, columns and fields, never values."""

    def __init__(self, stream: str) -> None:
        self._logged: set[tuple[str, str]] = set()
        self._logger = logging.getLogger(f"target-iterable.{stream}")

    def log_rejection(self, reject_reason: RejectReason) -> None:
        """Log that a record was rejected before it was sent."""
        text = f"{reject_reason.code}: {reject_reason.reason}"
        # Its reason has the number of the line.
        alike = UNREADABLE_LINE if reject_reason.code == UNREADABLE_LINE else text
        self._log_once("A record is rejected: %s. Others like it are only counted.", text, alike)

    def log_results(self, results: RowResults) -> None:
        """Log rejections, dropped fields and trimmed fields of a response."""
        if reasons := Counter(reject_reason.code for _, reject_reason in results.rejected):
            total = len(results.written) + reasons.total()
            self._logger.warning("Iterable rejected %d of %d records%s.", reasons.total(), total, in_brackets(reasons))
        for field in sorted(results.dropped_fields):
            self._log_once("Iterable drops the field %r: the project does not know it and takes no new fields.", field)
        for field in sorted(frozenset().union(*results.trimmed.values())):
            self._log_once("Records go without their field %r where it is not of the type that Iterable keeps.", field)

    def log_unknown_users(self) -> None:
        """Log that records about unknown users are skipped."""
        self._log_once("Records about users whom Iterable does not know are left out, and count as %s.", "unchanged")

    def log_postponed(self, reason: object) -> None:
        """Log that Iterable takes no more today."""
        self._logger.warning(
            "%s State does not move past what is left, and the rest of the input is passed over.", reason
        )

    def log_removal_stop(self, stop: RemovalStop | None) -> None:
        """Log the reason why missing members were not removed."""
        if stop is not None and stop.should_log:
            self._logger.warning("%s", stop)

    def _log_once(self, message: str, argument: str, alike: str = "") -> None:
        """Log a message, unless one was logged with the same argument, or one that is `alike`."""
        if (message, alike or argument) not in self._logged:
            self._logged.add((message, alike or argument))
            self._logger.warning(message, argument)
