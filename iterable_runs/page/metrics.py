"""`GET /metrics`: the last run of each pipeline, for Prometheus. There is no personal data in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from iterable_runs.presentation.statuses import STATUSES
from iterable_runs.presentation.totals import COLUMNS, Column
from iterable_runs.queries.answers import Run
from iterable_runs.queries.history import History

_LABELS: Final = ("plugin", "pipeline")
_ABOUT_LAST: Final[Mapping[str, tuple[str, Callable[[Run], float | None]]]] = {
    "start_timestamp_seconds": ("When the last run began.", lambda run: run.started.timestamp()),
    "seen_timestamp_seconds": ("When the last run noted something last.", lambda run: run.last_seen.timestamp()),
    "duration_seconds": ("How long the last run took, or has taken so far.", lambda run: run.seconds),
    "running": ("Whether the last run still goes on.", lambda run: run.status.is_running),
    "failed": ("Whether the last run failed or was killed.", lambda run: run.status.is_bad),
    "exit_code": ("The exit code of the last run.", lambda run: run.exit_code),
    "streams": ("Streams of the last run.", lambda run: run.streams),
}
"""End of the name -> what it means, and its value."""


class Metrics:
    """Answers Prometheus out of the history: what it says, it says for runs on all machines that share it."""

    def __init__(self, history: History) -> None:
        self._history = history

    async def answer(self, _request: Request) -> Response:
        """GET /metrics."""
        return Response(await run_in_threadpool(self._text), media_type=CONTENT_TYPE_LATEST)

    def _text(self) -> bytes:
        last, successes = self._history.last_runs(), self._history.last_successes()
        registry = CollectorRegistry()
        registry.register(_RunCollector(last, successes))
        return generate_latest(registry)


class _RunCollector(Collector):
    """The metrics of the last run of each pipeline."""

    def __init__(self, last: list[Run], successes: Mapping[tuple[str, str], datetime]) -> None:
        self._last = last
        self._successes = successes

    def collect(self) -> Iterator[Metric]:
        for end, (about, value) in _ABOUT_LAST.items():
            yield self._gauge(f"iterable_runs_last_{end}", about, value)
        for column in COLUMNS:
            about = f"{column.title} in the last run."
            yield self._gauge(f"iterable_runs_last_{column.name}", about, partial(_total, column))
        yield self._statuses()
        success = GaugeMetricFamily(
            "iterable_runs_last_success_timestamp_seconds", "When a run last ended well.", labels=_LABELS
        )
        for labels, moment in self._successes.items():
            success.add_metric(labels, moment.timestamp())
        yield success

    def _gauge(self, name: str, about: str, value: Callable[[Run], float | None]) -> Metric:
        gauge = GaugeMetricFamily(name, about, labels=_LABELS)
        for run in self._last:
            number = value(run)
            if number is not None:
                gauge.add_metric((run.plugin, run.pipeline), float(number))
        return gauge

    def _statuses(self) -> Metric:
        gauge = GaugeMetricFamily(
            "iterable_runs_last_status",
            "1 for the status of the last run, 0 for the others.",
            labels=(*_LABELS, "status"),
        )
        for run in self._last:
            for kind in STATUSES:
                gauge.add_metric((run.plugin, run.pipeline, kind), float(run.status.kind == kind))
        return gauge


def _total(column: Column, run: Run) -> float | None:
    return column.value(run.totals)
