"""The windows that a stream has still to read, in order: joined where little comes, and halved where one breaks."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Final

from iterable_runs.presentation import formats
from tap_iterable.export.patience import Taken
from tap_iterable.export.windows import Window, windows

_WIDEST: Final = 4
"""How many times as long as the last window the next one may be."""


class WindowQueue:
    """Gives each moment once; what replaces a window that failed takes its place.

    So the windows that were read cover the range exactly once, also after failures.

    Args:
        windows: the windows, in any order, without overlaps.
        joinable: whether a window may be asked for together with the next one.
        seconds_per_window: the time that the limits cost for each window, at least.
    """

    def __init__(
        self,
        windows: Iterable[Window],
        joinable: Callable[[Window], bool] = lambda _: False,
        seconds_per_window: float = 0.0,
    ) -> None:
        self._todo: deque[Window] = deque()
        self.replace(windows)
        self._joinable = joinable
        self._seconds_per_window = seconds_per_window
        self._width = timedelta(0)
        self._too_wide: list[Window] = []
        self._began = time.monotonic()
        self._rows = 0
        self._read = timedelta(0)
        self.done = 0

    def __iter__(self) -> Iterator[Window]:
        """The windows in order. Call `finished`, `halve` or `cut` for each window before the next one is taken."""
        while self._todo:
            yield self._next()

    @property
    def left(self) -> tuple[Window, ...]:
        """The windows that are still to be read, some of which may be joined."""
        return tuple(self._todo)

    def halve(self, window: Window, error: Exception) -> tuple[Window, Window]:
        """Put the two halves of `window` first, and return them.

        Raises:
            Exception: `error`, if the window is one second long: then nothing smaller can be asked for.
        """
        halves = window.halves()
        if halves is None:
            raise error
        self._width = timedelta(0)
        self._todo.extendleft(reversed(halves))
        return halves

    def cut(self, window: Window, size: timedelta) -> None:
        """Put windows of at most `size` in the place of `window`; at most half of it is asked for at once again."""
        self._width = timedelta(0)
        self._too_wide.append(window)
        self._todo.extendleft(reversed(windows(window.start, window.end, size)))

    def replace(self, windows: Iterable[Window]) -> None:
        """Put `windows`, in any order, in the place of all that are still to be read."""
        self._todo = deque(sorted(windows, key=lambda window: window.start))

    def finished(self, window: Window, rows: int, taken: Taken) -> str:
        """Count a window that was read, with its rows, and describe the progress in words."""
        self.done += 1
        self._rows += rows
        length = window.end - window.start
        self._read += length
        self._width = length * min(taken.room, _WIDEST)
        return self._progress()

    def _next(self) -> Window:
        """The next window, with those after it that fit into what is known to come whole and soon."""
        window = self._todo.popleft()
        self._too_wide = [wide for wide in self._too_wide if wide.end > window.start]
        width = min([self._width, *((wide.end - wide.start) / 2 for wide in self._too_wide)])
        while (
            self._todo
            and self._todo[0].start == window.end
            and self._todo[0].end - window.start <= width
            and self._joinable(window)
            and self._joinable(self._todo[0])
        ):
            window = Window(window.start, self._todo.popleft().end)
        return window

    def _progress(self) -> str:
        passed = max(time.monotonic() - self._began, 0.001)
        left = sum((window.end - window.start for window in self._todo), timedelta(0))
        words = f"{self._rows:,} rows so far, {self._rows / passed:,.0f} a second"
        if not left:
            return words
        to_go = max(passed * (left / self._read), len(self._todo) * self._seconds_per_window)
        return f"{words}; {left / (left + self._read):.0%} of the time range is left, about {formats.span(to_go)}"
