"""What time it is in the sandbox. Everything asks the one clock, so that a test can pass a day in no time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from time import time_ns

from pyrate_limiter import AbstractClock


class Clock(AbstractClock):
    """The time of the machine, plus what the clock was advanced by."""

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
        """Let time pass."""
        self._advanced_ms += int(by.total_seconds() * 1000)

    def set(self, moment: datetime) -> None:
        """Let it be `moment`, before or after now; from there time passes as before."""
        self._advanced_ms += int(moment.timestamp() * 1000) - self.now()

    @contextmanager
    def at(self, moment_ms: int) -> Iterator[None]:
        """Let it be a time in epoch milliseconds for as long as this lasts."""
        by = moment_ms - self.now()
        self._advanced_ms += by
        try:
            yield
        finally:
            self._advanced_ms -= by


class StoppedClock(Clock):
    """A clock that moves only when it is advanced."""

    def __init__(self, start: datetime) -> None:
        super().__init__()
        self._start_ms = int(start.timestamp() * 1000)

    def now(self) -> int:
        """Epoch milliseconds."""
        return self._start_ms + self._advanced_ms
