"""A region at the bottom of the terminal, below all that is written there.

The cursor rests at the first column of the region. So whoever writes a line first erases the region (`ERASE`), and the
line stands where it was; the region is drawn again below it. That holds for other processes, too: those of ours erase
it, and a line of any other goes to the blank line with which the region begins.
"""

from __future__ import annotations

import logging
import sys
from threading import RLock
from typing import Any, Final, TextIO

from iterable_runs.progress.terminal import is_in_foreground

ERASE: Final = "\r\x1b[J"
"""To the first column, and erase from there to the end of the screen."""


class Screen:
    """Writes to a terminal. Any thread may use it.

    Args:
        stream: the standard error, which is a terminal.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = RLock()
        self._region = ""

    def draw(self, region: str) -> None:
        """Draw the region, in place of what it was."""
        with self._lock:
            self._region = _parked(region)
            self._put(ERASE + self._region)

    def write(self, lines: str) -> None:
        """Write lines above the region, and above that of another process."""
        with self._lock:
            self._put(ERASE + lines + self._region if is_in_foreground(self._stream) else lines)

    def clear(self) -> None:
        """Erase the region, for good."""
        with self._lock:
            if self._region:
                self._region = ""
                self._put(ERASE)

    def _put(self, text: str) -> None:
        # In one go: terminals keep what two processes write at the same time apart.
        self._stream.write(text)
        self._stream.flush()


def _parked(region: str) -> str:
    """The region with a blank line before it, and the way of the cursor back to its beginning."""
    lines = ["", *region.rstrip("\n").split("\n")]
    return "\n".join(lines) + f"\r\x1b[{len(lines) - 1}A"


class LinesAbove:
    """Takes the place of the standard error: whole lines go above the region.

    What is asked of it beside `write` and `flush` is that of the standard error itself.
    """

    def __init__(self, screen: Screen, stream: TextIO) -> None:
        self._screen = screen
        self._stream = stream
        self._lock = RLock()
        self._begun = ""

    def write(self, text: str) -> int:
        """Write text. The beginning of a line waits for its end."""
        with self._lock:
            lines, end, self._begun = (self._begun + text).rpartition("\n")
            if end:
                self._screen.write(lines + end)
        return len(text)

    def flush(self) -> None:
        """Whole lines have been written already."""

    def finish(self) -> None:
        """Write what waits."""
        with self._lock:
            if self._begun:
                self.write("\n")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Redirection:
    """Sends what this process writes to its standard error, the log included, above the region of a screen."""

    def __init__(self, screen: Screen) -> None:
        self._stream = sys.stderr
        self._lines: Any = LinesAbove(screen, self._stream)
        self._handlers = [
            handler
            for handler in logging.getLogger().handlers
            if isinstance(handler, logging.StreamHandler) and handler.stream is self._stream
        ]
        for handler in self._handlers:
            handler.setStream(self._lines)
        sys.stderr = self._lines

    def end(self) -> None:
        """Let all go to the standard error again."""
        self._lines.finish()
        for handler in self._handlers:
            handler.setStream(self._stream)
        if sys.stderr is self._lines:
            sys.stderr = self._stream
