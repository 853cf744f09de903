"""The windows that a stream has still to read, in order: joined where little comes, and halved where one breaks."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Final, NamedTuple

from iterable_runs.presentation import formats
from tap_iterable.export.patience import Taken
from tap_iterable.export.windows import Window, windows

_NEVER: Final = timedelta(days=10**6)
"""Longer than any window may be."""
_WIDEST: Final = 4
"""How many times as long as the last window the next one may be."""


class _Mark(NamedTuple):
    """When a window was finished: the seconds that had passed, and how much of the time range was read."""

    seconds: float
    read: timedelta


class WindowQueue:
    """Gives each moment once; what replaces a window that failed takes its place.

    So the windows that were read cover the range exactly once, also after failures.

    Args:
        windows: the windows, in any order, without overlaps.
        joinable: whether a window may be asked for together with the next one.
        seconds_per_window: the time that the limits cost for each window, at least.
        at_once: how many windows the limits let through before the first one has to wait.
        now: gives seconds.
    """

    def __init__(
        self,
        windows: Iterable[Window],
        joinable: Callable[[Window], bool] = lambda _: False,
        seconds_per_window: float = 0.0,
        at_once: int = 1,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._todo: deque[Window] = deque()
        self.replace(windows)
        self._joinable = joinable
        self._seconds_per_window = seconds_per_window
        self._at_once = at_once
        self._width = timedelta(0)
        self._too_wide: list[Window] = []
        self._now = now
        self._began = now()
        self._rows = 0
        self._read = timedelta(0)
        self._marks: list[_Mark] = [_Mark(0.0, timedelta(0))]
        self.done = 0

    def __iter__(self) -> Iterator[Window]:
        """The windows in order. Call `finished`, `halve` or `cut` for each window before the next one is taken."""
        # Queues of all streams are made together, long before the last one is read.
        self._began = self._now()
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
        self._marks.append(_Mark(self._now() - self._began, self._read))
        return self._progress()

    @property
    def seconds_left(self) -> float:
        """How long the rest takes, at the pace of the later half of what was read, or by the limits if that is longer.

        The first windows say little: they are small, and the limits let them through at once.
        """
        left = self._span_left
        if not left or not self._read:
            return 0.0
        last = self._marks[-1]
        half = next(mark for mark in reversed(self._marks) if mark.read <= last.read / 2)
        pace = (last.seconds - half.seconds) / (last.read - half.read).total_seconds()
        waiting = max(0, self.done + self._requests_left() - self._at_once) * self._seconds_per_window
        return max(left.total_seconds() * pace, waiting - last.seconds)

    @property
    def share_done(self) -> float:
        """How much of the time that the windows take has passed, of 1, as it seems now."""
        passed, left = self._marks[-1].seconds, self.seconds_left
        return passed / (passed + left) if left else 1.0

    @property
    def _span_left(self) -> timedelta:
        return sum((window.end - window.start for window in self._todo), timedelta(0))

    def _requests_left(self) -> int:
        """How many windows are left when they are joined as far as the last one allows."""
        requests, joined = 0, _NEVER
        for window in self._todo:
            span = window.end - window.start
            joined = joined + span if self._joinable(window) else _NEVER
            if joined > max(self._width, span) or requests == 0:
                requests += 1
                joined = span if self._joinable(window) else _NEVER
        return requests

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
        passed, left = max(self._marks[-1].seconds, 0.001), self._span_left
        words = f"{formats.number(self._rows)} rows so far, {formats.number(round(self._rows / passed))} a second"
        if not left:
            return words
        share = formats.share(left / (left + self._read))
        return f"{words}; {share} of the time range is left, about {formats.span(self.seconds_left)}"
