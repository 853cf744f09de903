"""The clock of the sandbox. All code reads this one, so that tests can advance the time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from time import time_ns
from typing import Final

from pyrate_limiter import AbstractClock

_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 9998
"""Messages can be scheduled a year ahead, and Python's times end with the year 9999."""


def milliseconds(moment: datetime) -> int:
    """Epoch milliseconds of a time."""
    return int(moment.timestamp() * 1000)


_FIRST_MS: Final = milliseconds(datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC))
_END_MS: Final = milliseconds(datetime(_LAST_YEAR + 1, 1, 1, tzinfo=UTC))


def checked(parameter: str, moment_ms: float) -> int:
    """Return a time in epoch milliseconds to which the clock can be moved.

    Raises:
        ValueError: it can not; the message names the parameter.
    """
    if not _FIRST_MS <= moment_ms < _END_MS:
        raise ValueError(f"{parameter}: the clock goes from the year {_FIRST_YEAR} to the year {_LAST_YEAR}")
    return int(moment_ms)


class Clock(AbstractClock):
    """Time of the machine plus an offset."""

    def __init__(self) -> None:
        self._advanced_ms = 0

    def now(self) -> int:
        """Epoch milliseconds."""
        return time_ns() // 1_000_000 + self._advanced_ms

    def seconds(self) -> int:
        """Epoch seconds, as Iterable stores times."""
        return self.now() // 1000

    def moment(self) -> datetime:
        """Now, in UTC and whole seconds, as Iterable writes times."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    def advance(self, by: timedelta) -> None:
        """Move the clock on by a duration.

        Raises:
            ValueError: it would leave the years that it can show.
        """
        by_ms = int(by.total_seconds() * 1000)
        checked("advance", self.now() + by_ms)
        self._advanced_ms += by_ms

    def set(self, moment: datetime) -> None:
        """Set the clock to `moment`, which may lie before or after now; it keeps running from there.

        Raises:
            ValueError: it lies outside the years that the clock can show.
        """
        self._advanced_ms += checked("set", milliseconds(moment)) - self.now()

    @contextmanager
    def at(self, moment_ms: int) -> Iterator[None]:
        """Set the clock to a time in epoch milliseconds within the `with` block."""
        by = moment_ms - self.now()
        self._advanced_ms += by
        try:
            yield
        finally:
            self._advanced_ms -= by


class StoppedClock(Clock):
    """Clock that moves only when it is advanced or set."""

    def __init__(self, start: datetime) -> None:
        super().__init__()
        self._start_ms = checked("start", milliseconds(start))

    def now(self) -> int:
        """Epoch milliseconds."""
        return self._start_ms + self._advanced_ms
