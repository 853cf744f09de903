"""What is known of a run at its end, as far as alerts need it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from iterable_runs.store.facts import RunEnd, RunStart, StreamFacts
from iterable_runs.store.statuses import FAILED, SUCCEEDED
from iterable_runs.store.totals import Totals, total_of


@dataclass(frozen=True)
class Ending:
    """A run that has ended.

    Attributes:
        streams: all of its streams, as they ended.
        newest_at: the moment of the newest row that this run or one before has read, in microseconds since 1970; None
            where none is known.
    """

    run: RunStart
    end: RunEnd
    streams: Sequence[StreamFacts]
    newest_at: int | None = None

    @property
    def totals(self) -> Totals:
        """The sums over its streams."""
        return total_of([stream.totals for stream in self.streams])

    @property
    def has_failed(self) -> bool:
        """Whether it ended with an error."""
        return self.end.status == FAILED

    @property
    def has_succeeded(self) -> bool:
        """Whether it has done everything. A run that was interrupted has neither failed nor succeeded."""
        return self.end.status == SUCCEEDED
