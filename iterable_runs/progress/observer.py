"""Progress as an observer of a run."""

from __future__ import annotations

import logging
import os
import sys
import time
from contextlib import suppress
from dataclasses import replace
from threading import Event, RLock, Thread
from typing import Final

from iterable_runs.progress.lines import log_progress
from iterable_runs.progress.screen import Redirection, Screen
from iterable_runs.progress.terminal import TerminalLock, is_for_drawing, is_in_foreground, size_of
from iterable_runs.progress.tracking import ProgressTracker, RunProgress
from iterable_runs.store.facts import RunStart
from iterable_runs.store.writer import News

LINES_SECONDS: Final = 30
"""Seconds between two lines about a stream."""
_FRAME_SECONDS: Final = 0.5


class ProgressObserver:
    """Shows how a run gets on.

    Args:
        lines_seconds: seconds between two lines about a stream, where nothing is drawn.
    """

    def __init__(self, lines_seconds: float = LINES_SECONDS) -> None:
        self._lines_seconds = lines_seconds
        self._live: LiveDisplay | None = None

    def on_start(self, run: RunStart) -> None:
        """Begin to draw, if there is a terminal."""
        self._plugin = run.plugin
        self._logger = logging.getLogger(run.plugin)
        self._tracker = ProgressTracker(run)
        self._last_lines_at = run.started_at
        if is_for_drawing(sys.stderr, os.environ) and self._logger.isEnabledFor(logging.INFO):
            self._live = LiveDisplay(run.plugin)

    def on_snapshot(self, news: News) -> None:
        """Show it."""
        progress = self._tracker.update(news)
        if self._live is not None and self._live.show(progress):
            return
        if news.at - self._last_lines_at >= self._lines_seconds * 1_000_000:
            self._last_lines_at = news.at
            log_progress(self._logger, self._plugin, progress)

    def on_end(self, news: News) -> None:
        """Leave the terminal as it was."""
        del news
        if self._live is not None:
            self._live.end()


class LiveDisplay:
    """Draws on the terminal, in a thread that keeps the time going between two snapshots."""

    def __init__(self, plugin: str) -> None:
        # Imported here: it takes a third of a second, which only runs on a terminal need.
        from iterable_runs.progress.display import rendered  # noqa: PLC0415

        self._rendered = rendered
        self._plugin = plugin
        self._stream = sys.stderr
        self._screen = Screen(self._stream)
        self._turn = TerminalLock(self._stream)
        self._lock = RLock()
        self._progress: RunProgress | None = None
        self._shown_at = 0.0
        self._has_ended = Event()
        self._redirection = Redirection(self._screen)
        Thread(target=self._keep_drawing, name="live-progress", daemon=True).start()

    def show(self, progress: RunProgress) -> bool:
        """Show it, if it is this process that draws. Returns whether it is."""
        if not (self._turn.acquire() and is_in_foreground(self._stream)):
            with self._lock:
                self._progress = None
            self._screen.clear()
            return False
        with self._lock:
            self._progress, self._shown_at = progress, time.monotonic()
        self._draw()
        return True

    def end(self) -> None:
        """Erase what was drawn, and let another process draw."""
        self._has_ended.set()
        with self._lock:
            self._progress = None
            self._screen.clear()
        self._redirection.end()
        self._turn.release()

    def _keep_drawing(self) -> None:
        while not self._has_ended.wait(_FRAME_SECONDS):
            with suppress(OSError, ValueError):  # the terminal has been closed
                self._draw()

    def _draw(self) -> None:
        with self._lock:
            if self._progress is not None and is_in_foreground(self._stream):
                passed = time.monotonic() - self._shown_at
                progress = replace(self._progress, seconds=self._progress.seconds + passed)
                self._screen.draw(self._rendered(self._plugin, progress, *size_of(self._stream)))
