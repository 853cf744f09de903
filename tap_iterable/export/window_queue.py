"""The windows that a stream has still to read, in order; a window that does not come whole is halved."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator

from tap_iterable.export.windows import Window


class WindowQueue:
    """Gives each window once; the halves of a failed window take its place.

    So the windows that were read cover the range exactly once, also after failures.
    """

    def __init__(self, windows: Iterable[Window]) -> None:
        self._todo = deque(windows)
        self._began = time.monotonic()
        self._rows = 0
        self.done = 0

    def __iter__(self) -> Iterator[Window]:
        """The windows in order. Call `finished` or `halve` for each window before the next one is taken."""
        while self._todo:
            yield self._todo.popleft()

    @property
    def left(self) -> int:
        """Number of windows that are still to be read."""
        return len(self._todo)

    def halve(self, window: Window, error: Exception) -> tuple[Window, Window]:
        """Put the two halves of `window` first, and return them.

        Raises:
            Exception: `error`, if the window is one second long: then nothing smaller can be asked for.
        """
        halves = window.halves()
        if halves is None:
            raise error
        self._todo.extendleft(reversed(halves))
        return halves

    def finished(self, rows: int) -> str:
        """Count a window that was read, with its rows, and describe the progress in words."""
        self.done += 1
        self._rows += rows
        passed = max(time.monotonic() - self._began, 0.001)
        to_go = passed / self.done * len(self._todo)
        return (
            f"Window {self.done} of {self.done + len(self._todo)}, {self._rows / passed:,.0f} rows a second, "
            f"about {to_go:.0f} s to go"
        )
