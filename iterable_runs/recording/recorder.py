"""The recorder of a run: a thread that looks every few seconds how the run stands, and tells observers of it."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from iterable_runs.recording.notes import RunNotes
from iterable_runs.recording.observers import RunObserver
from iterable_runs.store.facts import RunEnd, RunStart, StreamFacts
from iterable_runs.store.writer import News

SNAPSHOT_SECONDS: Final = 3.0
END_SECONDS: Final = 5.0
"""How long the end of a run waits for observers. A database or a server that stands still must not hold it up."""
_SAMPLES: Final = 300
"""A sample is kept for the charts when this part of the time of the run has passed since the last one."""

Snapshot = Callable[[], Sequence[StreamFacts]]

_logger: Final = logging.getLogger(__name__)


def now_in_microseconds() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1000


class RunRecorder:
    """Records one run.

    Args:
        run: what is known of the run.
        snapshot: returns all streams as they are now. It is called by the recorder's thread while others work on.
        observers: told by the same thread.
        interval: seconds between two snapshots.

    Attributes:
        run: what is known of the run.
        notes: takes requests and identities.
        streams: all streams, as they were at the last snapshot, and at last as the run has left them.
    """

    def __init__(
        self, run: RunStart, snapshot: Snapshot, observers: Sequence[RunObserver], interval: float = SNAPSHOT_SECONDS
    ) -> None:
        self.run = run
        self.notes = RunNotes()
        self._snapshot = snapshot
        self._observers = list(observers)
        self._interval = interval
        self.streams: Sequence[StreamFacts] = ()
        self._last_sample = run.started_at
        self._has_ended = threading.Event()
        self._end: RunEnd | None = None
        self._has_warned = False
        self._thread = threading.Thread(target=self._record, name="run-recorder", daemon=True)

    def start(self) -> None:
        """Begin to record."""
        self._thread.start()

    def end(self, end: RunEnd, timeout: float = END_SECONDS) -> None:
        """Tell all observers of the end, and return when they are done, or after `timeout` seconds."""
        self._end = end
        self._has_ended.set()
        self._thread.join(timeout)
        if self._thread.is_alive():
            _logger.warning("The end of the run is not recorded yet, and is not waited for any longer.")

    def _record(self) -> None:
        if hasattr(signal, "pthread_sigmask"):
            # The main thread must get the signals: they interrupt its waits.
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        self._tell(lambda observer: observer.on_start(self.run))
        while not self._has_ended.is_set():
            self._tell_news(self._news(None))
            self._has_ended.wait(self._interval)
        self._tell_news(self._news(self._end))
        if self.notes.left_out:
            _logger.info("%d requests and identities were too many to be noted.", self.notes.left_out)

    def _tell_news(self, news: News) -> None:
        self._tell(lambda observer: observer.on_snapshot(news) if news.end is None else observer.on_end(news))

    def _news(self, end: RunEnd | None) -> News:
        # What was noted is taken first: it must not be ahead of the counts by more than a moment.
        noted = self.notes.take()
        try:
            self.streams = self._snapshot()
        except Exception as error:  # it must not end the run
            level = logging.DEBUG if self._has_warned else logging.WARNING
            self._has_warned = True
            _logger.log(level, "How the run stands could not be told (%s).", type(error).__name__)
            _logger.debug("This is where it happened.", exc_info=error)
        now = now_in_microseconds()
        is_sample = end is not None or self._is_sample(now)
        return News(now, self.streams, noted.requests, noted.identities, is_sample=is_sample, end=end)

    def _is_sample(self, now: int) -> bool:
        """Whether to keep the sums for the charts: often at the beginning, and less often in a long run."""
        is_due = now - self._last_sample >= (now - self.run.started_at) / _SAMPLES
        if is_due:
            self._last_sample = now
        return is_due

    def _tell(self, call: Callable[[RunObserver], None]) -> None:
        for observer in [*self._observers]:
            try:
                call(observer)
            except Exception as error:  # it must not end the run, either
                self._observers.remove(observer)
                _logger.warning(
                    "%s of the run has failed (%s), and is left out from here on.",
                    type(observer).__name__,
                    type(error).__name__,
                )
                _logger.debug("This is where it happened.", exc_info=error)
