"""The requests of a run, by the stream that is read while they are made."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from singer_sdk import Tap

from iterable_api.http.client import Attempt
from iterable_runs.store.facts import RequestFacts
from tap_iterable.reporting.read_counts import ReadCounts


class Traffic:
    """Counts the requests of streams, which are read one after the other. Requests before the first are of none.

    Attributes:
        on_request: called with each attempt, if anybody wants to know.
    """

    on_request: Callable[[RequestFacts], None] | None = None

    def __init__(self) -> None:
        self._stream: str | None = None
        self._counts: ReadCounts | None = None

    @property
    def is_recorded(self) -> bool:
        """Whether the run is recorded: only then what costs time is counted."""
        return self.on_request is not None

    @contextmanager
    def of(self, stream: str, counts: ReadCounts) -> Iterator[None]:
        """Count the requests of a stream, as long as the context lasts."""
        before = self._stream, self._counts
        self._stream, self._counts = stream, counts
        try:
            with counts.timed():
                yield
        finally:
            self._stream, self._counts = before

    def record_attempt(self, attempt: Attempt) -> None:
        """Count one attempt. `IterableClient` calls this."""
        if self._counts is not None:
            self._counts.http_stats.add_attempt(attempt)
        if self.on_request is not None:
            milliseconds = round(attempt.seconds * 1000)
            request = (attempt.method, attempt.path, attempt.status, milliseconds, attempt.number, self._stream)
            self.on_request(RequestFacts(time.time_ns() // 1000, *request))

    def record_answer(self, size: int) -> None:
        """Count the bytes of an answer. `IterableClient` calls this."""
        if self._counts is not None:
            self._counts.http_stats.bytes += size


class TrafficTap(Tap):
    """The part of the tap that its streams use to count requests."""

    traffic: Traffic


def traffic_of(tap: Tap) -> Traffic:
    """The traffic of a tap; of another tap than ours, one that nobody looks at."""
    return tap.traffic if isinstance(tap, TrafficTap) else Traffic()
