"""Half-open time windows on whole seconds, in UTC. An export request asks for one window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

SECOND: Final = timedelta(seconds=1)


class OversizeError(Exception):
    """The answer for a window is too large; those for its halves may not be."""


@dataclass(frozen=True)
class Window:
    """A time range from `start`, inclusive, to `end`, exclusive, as Iterable reads the bounds of an export."""

    start: datetime
    end: datetime

    def halves(self) -> tuple[Window, Window] | None:
        """Two windows that make up this one, or None if it is one second long."""
        middle = self.start + (self.end - self.start) // 2
        middle = middle.replace(microsecond=0)
        if middle <= self.start:
            return None
        return Window(self.start, middle), Window(middle, self.end)


def whole_second(moment: datetime) -> datetime:
    """`moment` in UTC, without its fraction: bounds of exports have none."""
    return moment.astimezone(UTC).replace(microsecond=0)


def windows(start: datetime, end: datetime, size: timedelta) -> list[Window]:
    """Windows of at most `size` that cover [start, end) exactly once, in order; none if it is empty."""
    return list(_windows(whole_second(start), whole_second(end), max(size, SECOND)))


def _windows(start: datetime, end: datetime, size: timedelta) -> Iterator[Window]:
    while start < end:
        stop = min(whole_second(start + size), end)
        yield Window(start, stop)
        start = stop


def gaps(start: datetime, end: datetime, covered: Iterable[Window], size: timedelta) -> list[Window]:
    """Windows of at most `size` for what `covered` does not cover of [start, end).

    `covered` must lie in the range, in order, without overlaps.
    """
    uncovered: list[Window] = []
    for window in (*covered, Window(whole_second(end), whole_second(end))):
        uncovered += windows(start, window.start, size)
        start = window.end
    return uncovered
