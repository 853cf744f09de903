"""What a run of one of our plugins has come to, as the run history has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from iterable_runs.queries.answers import Run
from iterable_runs.queries.errors import HistoryError
from iterable_runs.queries.filters import RunFilter
from iterable_runs.queries.history import History
from iterable_runs.store.places import DEFAULT_PLACE
from iterable_runs.store.totals import Totals

_PAGE: Final = 50


@dataclass(frozen=True)
class Numbers:
    """The numbers of a run.

    Attributes:
        plugin: its name.
        run: its id in the run history.
        error: the sentence that it ended with; it has no secrets and nothing personal.
        seconds: how long it took.
        rows: stream -> rows read of it; streams without any are left out.
        reject_reasons: code -> rejected records.
        status: how it stands, as a key of `iterable_runs.presentation.statuses.STATUSES`.
    """

    plugin: str
    run: str
    error: str
    seconds: float
    totals: Totals
    rows: Mapping[str, int] = field(default_factory=dict)
    reject_reasons: Mapping[str, int] = field(default_factory=dict)
    status: str = ""

    @property
    def rejected_share(self) -> float:
        """The share of the records read that were rejected, of 1."""
        return (self.totals.rejected or 0) / self.totals.read if self.totals.read else 0.0


def numbers_of(plugin: str, config: Mapping[str, Any], folder: Path, since: datetime) -> Numbers | None:
    """The numbers of the run of a plugin that took place in a folder; None if it has left no trace.

    Args:
        plugin: its name.
        config: its settings. It notes itself where `run_history` says.
        folder: where it ran, and nothing else of its kind.
        since: a moment before it began, in UTC.
    """
    place = str(config.get("run_history", DEFAULT_PLACE))
    if not place:
        return None
    history = History(place if "://" in place else str(folder / place))
    try:
        found = next((run for run in _runs(history, plugin, since) if run.directory == str(folder)), None)
        return None if found is None else _numbers(history, found)
    except HistoryError:
        return None  # a run goes on without a history, and so does what asks for it
    finally:
        history.close()


def _runs(history: History, plugin: str, since: datetime) -> Iterator[Run]:
    mark: str | None = None
    while True:
        page = history.runs(RunFilter(plugin), _PAGE, before=mark)
        for run in page.runs:
            if run.started < since:
                return
            yield run
        mark = page.older
        if mark is None:
            return


def _numbers(history: History, run: Run) -> Numbers:
    streams = history.streams(run.id)
    reasons: dict[str, int] = {}
    for one in history.reject_counts(run.id):
        reasons[one.code] = reasons.get(one.code, 0) + one.count
    return Numbers(
        run.plugin,
        run.id,
        run.error,
        round(run.seconds, 3),
        run.totals,
        {stream.name: stream.totals.read for stream in streams if stream.totals.read},
        reasons,
        run.kind,
    )
