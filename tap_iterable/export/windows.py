"""Half-open time windows on whole seconds, in UTC: what one export request asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

SECOND: Final = timedelta(seconds=1)


class OversizeError(Exception):
    """A window holds more than comes in one piece; its halves may do."""


@dataclass(frozen=True)
class Window:
    """From `start`, inclusive, to `end`, exclusive. Iterable's bounds mean the same."""

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
    """`moment` in UTC with its fraction cut off: exports know no fractions."""
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
    """Windows of at most `size` for what `covered` leaves free of [start, end).

    `covered` must lie in the range, in order, without overlaps.
    """
    uncovered: list[Window] = []
    for window in (*covered, Window(whole_second(end), whole_second(end))):
        uncovered += windows(start, window.start, size)
        start = window.end
    return uncovered
