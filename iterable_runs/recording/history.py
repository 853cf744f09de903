"""The observer that writes the run history."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import replace
from typing import Final

from iterable_runs.recording.notes import MAX_WAITING
from iterable_runs.store.databases import HistoryNotWrittenError
from iterable_runs.store.facts import IdentityFacts, RequestFacts, RunStart
from iterable_runs.store.writer import HistoryWriter, News

_FAILURES_BEFORE_WARNING: Final = 2
"""The lock of another process is often gone at the next attempt."""

_logger: Final = logging.getLogger(__name__)


class HistoryObserver:
    """Writes each snapshot into the run history. A history that cannot be written costs one warning, not the run.

    What could not be written is written with a later snapshot, as soon as the database is back.

    Args:
        place: the path of a SQLite file, or the URL of a PostgreSQL database.
        days: how long runs are kept.
    """

    def __init__(self, place: str, days: int) -> None:
        self._place = place
        self._days = days
        self._writer: HistoryWriter | None = None
        self._failures = 0
        self._has_warned = False
        self._has_old_runs = True
        self._requests: deque[tuple[int, RequestFacts]] = deque(maxlen=MAX_WAITING)
        self._identities: deque[IdentityFacts] = deque(maxlen=MAX_WAITING)

    def on_start(self, run: RunStart) -> None:
        """Remember the run; its first snapshot opens the history."""
        self._run = run

    def on_snapshot(self, news: News) -> None:
        """Write it, and remove runs that are too old."""
        if self._is_written(news):
            self._remove_old_runs(news.at)

    def on_end(self, news: News) -> None:
        """Write it, and close the history."""
        if not self._is_written(news):
            self._warn("and neither could the end of the run")
        self._close()

    def _is_written(self, news: News) -> bool:
        self._requests += news.requests
        self._identities += news.identities
        whole = replace(news, requests=[*self._requests], identities=[*self._identities])
        # An open connection may be one of a server, or of a file, that is there no more: then a new one is made.
        if not any(self._write(whole) for _ in range(1 + (self._writer is not None))):
            self._failures += 1
            if self._failures == _FAILURES_BEFORE_WARNING:
                self._warn("and is tried again every few seconds")
            return False
        self._requests.clear()
        self._identities.clear()
        self._failures = 0
        return True

    def _write(self, news: News) -> bool:
        try:
            if self._writer is None:
                self._writer = HistoryWriter(self._place, self._run)
            self._writer.write(news)
        except HistoryNotWrittenError as error:
            self._last_error = error
            self._close()
            return False
        return True

    def _remove_old_runs(self, now: int) -> None:
        """Remove a few of them: with each snapshot some more, so that no run has to wait for it."""
        if self._writer is not None and self._has_old_runs:
            try:
                self._has_old_runs = self._writer.remove_old_runs(now, self._days)
            except HistoryNotWrittenError as error:
                _logger.debug("Old runs could not be removed from the run history (%s).", error)

    def _warn(self, what: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            _logger.warning(
                "The run history (`run_history`) could not be written (%s), %s. The run itself goes on as usual.",
                self._last_error,
                what,
            )

    def _close(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
