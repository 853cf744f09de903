"""The clock of the sandbox. All code reads this one, so that tests can advance the time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from time import time_ns

from pyrate_limiter import AbstractClock


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
        """Move the clock on by a duration."""
        self._advanced_ms += int(by.total_seconds() * 1000)

    def set(self, moment: datetime) -> None:
        """Set the clock to `moment`, which may lie before or after now; it keeps running from there."""
        self._advanced_ms += int(moment.timestamp() * 1000) - self.now()

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
        self._start_ms = int(start.timestamp() * 1000)

    def now(self) -> int:
        """Epoch milliseconds."""
        return self._start_ms + self._advanced_ms
