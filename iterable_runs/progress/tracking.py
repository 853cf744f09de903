"""Rates and times left, from snapshots of a run."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from iterable_runs.store.facts import RunStart, StreamFacts
from iterable_runs.store.totals import Totals, total_of
from iterable_runs.store.writer import News

_MICROSECONDS: Final = 1_000_000
_RECENT: Final = 15 * _MICROSECONDS
"""Rates are those of the last seconds; a stream without news for so long is waiting, or done."""


@dataclass(frozen=True)
class StreamProgress:
    """How a stream gets on.

    Attributes:
        rate: records a second, lately.
        seconds_left: None where that is not known.
        is_active: whether something has happened lately.
    """

    name: str
    totals: Totals
    rate: float = 0.0
    seconds_left: float | None = None
    is_active: bool = False


@dataclass(frozen=True)
class RunProgress:
    """How a run gets on.

    Attributes:
        seconds: since its start.
        begun: streams of which something has come.
        waiting: number of the other ones.
    """

    seconds: float
    begun: Sequence[StreamProgress] = ()
    waiting: int = 0

    @property
    def totals(self) -> Totals:
        """The sums of all streams."""
        return total_of([stream.totals for stream in self.begun])

    @property
    def rate(self) -> float:
        """Records a second, lately."""
        return sum(stream.rate for stream in self.begun)

    @property
    def active(self) -> Sequence[StreamProgress]:
        """Streams of which something has come lately."""
        return [stream for stream in self.begun if stream.is_active]


class ProgressTracker:
    """Follows one run."""

    def __init__(self, run: RunStart) -> None:
        self._began_at = self._last_at = run.started_at
        self._streams: dict[str, _Track] = {}

    def update(self, news: News) -> RunProgress:
        """How the run gets on, with one more snapshot."""
        for stream in news.streams:
            if stream.name not in self._streams and _has_begun(stream):
                self._streams[stream.name] = _Track(self._last_at)
        self._last_at = news.at
        found = [
            self._streams[stream.name].update(stream, news.at)
            for stream in news.streams
            if stream.name in self._streams
        ]
        return RunProgress((news.at - self._began_at) / _MICROSECONDS, found, len(news.streams) - len(found))


class _Track:
    """One stream.

    Args:
        began_at: when it began, or the last snapshot before that.
    """

    def __init__(self, began_at: int) -> None:
        self._began_at = began_at
        self._changed_at = began_at
        self._seen: tuple[int | None, ...] = ()
        self._reads: deque[tuple[int, int]] = deque([(began_at, 0)])
        self._share: float | None = None
        self._ends_at: float | None = None

    def update(self, stream: StreamFacts, at: int) -> StreamProgress:
        """How it gets on."""
        totals = stream.totals
        # The lag, and the share of the limit, change by themselves.
        seen = totals.read, totals.written, totals.requests, totals.bytes
        if seen != self._seen:
            self._seen, self._changed_at = seen, at
        self._reads.append((at, totals.read))
        while len(self._reads) > 2 and at - self._reads[1][0] >= _RECENT:  # noqa: PLR2004 (two make a rate)
            self._reads.popleft()
        (first_at, first), (last_at, last) = self._reads[0], self._reads[-1]
        rate = (last - first) / max((last_at - first_at) / _MICROSECONDS, 1)
        return StreamProgress(
            stream.name, totals, rate, self._seconds_left(stream.share_done, at), at - self._changed_at < _RECENT
        )

    def _seconds_left(self, share: float | None, at: int) -> float | None:
        """The seconds until the moment that the share promised when it last changed."""
        if share is None or share <= 0:
            return None
        if share != self._share or self._ends_at is None:
            self._share, self._ends_at = share, at + (at - self._began_at) * (1 - share) / share
        return max(0.0, (self._ends_at - at) / _MICROSECONDS)


def _has_begun(stream: StreamFacts) -> bool:
    return bool(stream.totals.read or stream.totals.requests or stream.totals.rejected)
