"""Counts of one stream that is read."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from iterable_api.facts import timestamps
from iterable_api.http.http_stats import HttpStats
from iterable_runs.store.totals import Totals

_T = TypeVar("_T")


@dataclass
class ReadCounts:
    """Counts since the start of the run. One thread counts, and another one may look.

    Attributes:
        batched: rows in files of BATCH messages; other rows are counted by the writer of messages.
        windows: windows that were read; None for streams without windows.
        share_done: how much of the time that the stream takes has passed, of 1; None where that is not known.
        jobs: those of the windows that export jobs have read.
        malformed: lines that are no records; None for streams that keep none.
        newest: when the newest event happened, in RFC 3339; empty as long as there is none.
    """

    http_stats: HttpStats = field(default_factory=HttpStats)
    batched: int = 0
    windows: int | None = None
    share_done: float | None = None
    jobs: int | None = None
    malformed: int | None = None
    newest: str = ""
    _seconds: float = 0.0
    _began: float | None = None

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Take the time in which the stream is read."""
        self._began = time.monotonic()
        try:
            yield
        finally:
            self._seconds, self._began = self.seconds, None

    @property
    def seconds(self) -> float:
        """Seconds that the stream was read for, so far."""
        return self._seconds + (0.0 if (began := self._began) is None else time.monotonic() - began)

    def counting(self, rows: Iterable[_T]) -> Iterator[_T]:
        """The rows, counted as rows of a file."""
        for row in rows:
            self.batched += 1
            yield row

    def add_window(self, *, by_job: bool) -> None:
        """Count a window that was read."""
        self.windows = (self.windows or 0) + 1
        self.jobs = (self.jobs or 0) + by_job

    def add_malformed(self, lines: int) -> None:
        """Count lines that are no records."""
        self.malformed = (self.malformed or 0) + lines

    def see(self, moments: Iterable[Any]) -> None:
        """Look at when events happened; values that are no texts say nothing."""
        found = [*moments]
        try:
            newest = max(found, default="")
        except TypeError:
            newest = max((moment for moment in found if moment.__class__ is str), default="")
        if newest.__class__ is str:
            self.newest = max(self.newest, newest)

    def totals(self, rows: int, now: datetime | None = None) -> Totals:
        """The sums, with so many rows beside those in files."""
        newest = timestamps.parse(self.newest)
        lag = None if newest is None else ((now or datetime.now(UTC)) - newest).total_seconds()
        return Totals(
            read=rows + self.batched,
            requests=self.http_stats.requests,
            retries=self.http_stats.retries,
            bytes=self.http_stats.bytes,
            limit_share=self.http_stats.limit_share(self.seconds),
            windows=self.windows,
            jobs=self.jobs,
            malformed=self.malformed,
            lag_seconds=None if lag is None else max(0.0, lag),
        )
