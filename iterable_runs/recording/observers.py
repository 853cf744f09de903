"""What is told of a run while it goes on."""

from __future__ import annotations

from typing import Protocol

from iterable_runs.store.facts import RunStart
from iterable_runs.store.writer import News


class RunObserver(Protocol):
    """Told of one run, in this order, always by the same thread: an observer needs no lock, and may take its time.

    While it takes longer than the time between two snapshots, the other observers wait. One that raises an error is
    named in the log, and is told nothing more; the run goes on.
    """

    def on_start(self, run: RunStart) -> None:
        """The run has begun."""

    def on_snapshot(self, news: News) -> None:
        """How the run stands: at once after its start, unless it has ended by then, and then every few seconds."""

    def on_end(self, news: News) -> None:
        """The run has ended, as `news.end` says. A run that is killed does not come here."""
