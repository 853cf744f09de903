"""OpenTelemetry as an observer of a run. Its packages are imported when the run begins."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from threading import Thread
from typing import TYPE_CHECKING, Final

from iterable_runs.store.facts import RunStart
from iterable_runs.store.writer import News
from iterable_runs.telemetry.activation import Export, problems
from iterable_runs.telemetry.quiet import EXPORTING, silence

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.trace import TracerProvider

    from iterable_runs.telemetry.instruments import RunInstruments
    from iterable_runs.telemetry.spans import RunSpans

EXPORT_SECONDS: Final = 5.0
"""How long the process waits at its end until all is exported."""
_SCOPE: Final = "singer-iterable"

_logger: Final = logging.getLogger(__name__)


class TelemetryObserver:
    """Exports a run.

    Args:
        exports: the signals, as `wanted_exports` finds them.
        seconds: how long the process waits at its end for the last of it.
    """

    def __init__(self, exports: Sequence[Export], seconds: float = EXPORT_SECONDS) -> None:
        self._exports = exports
        self._seconds = seconds
        self._spans: RunSpans | None = None
        self._instruments: RunInstruments | None = None
        self._providers: list[TracerProvider | MeterProvider] = []
        self._waiter: Thread | None = None

    def on_start(self, run: RunStart) -> None:
        """Make the providers."""
        # Imported here, as it takes half a second, in a thread that nobody waits for.
        from iterable_runs.telemetry import exporting, instruments, spans  # noqa: PLC0415

        silence()
        for problem in problems(os.environ):
            _logger.warning("%s", problem)
        resource = exporting.resource_of(run)
        for export in self._exports:
            try:
                if export.signal == "traces":
                    tracers = exporting.tracer_provider(resource, export)
                    self._providers.append(tracers)
                    tracer = tracers.get_tracer(_SCOPE, run.version)
                    self._spans = spans.RunSpans(tracer, run, exporting.parent_of(os.environ))
                else:
                    meters = exporting.meter_provider(resource, export)
                    self._providers.append(meters)
                    self._instruments = instruments.RunInstruments(meters.get_meter(_SCOPE, run.version), run)
            except exporting.ExporterMissingError as error:
                _logger.warning("OTEL_EXPORTER_OTLP_PROTOCOL wants a package that is not installed (%s).", error)

    def on_snapshot(self, news: News) -> None:
        """Take over what is new."""
        if self._spans is not None:
            self._spans.update(news)
        if self._instruments is not None:
            self._instruments.update(news)

    def on_end(self, news: News) -> None:
        """Export the rest. A thread waits for it, so that the other observers need not."""
        self.on_snapshot(news)
        if news.end is not None and self._spans is not None:
            self._spans.end(news.end, news.streams)
        if news.end is not None and self._instruments is not None:
            self._instruments.end(news.end)
        shutdowns = [Thread(target=it.shutdown, name=f"{EXPORTING}Shutdown", daemon=True) for it in self._providers]
        for shutdown in shutdowns:
            shutdown.start()
        # The process does not end before a thread that is no daemon.
        self._waiter = Thread(target=self._wait_for, args=(shutdowns,), name="telemetry", daemon=False)
        self._waiter.start()

    def wait(self) -> None:
        """Return when all is exported, or the time for it is over."""
        if self._waiter is not None:
            self._waiter.join()

    def _wait_for(self, shutdowns: Sequence[Thread]) -> None:
        ends_at = time.monotonic() + self._seconds
        for shutdown in shutdowns:
            shutdown.join(max(0, ends_at - time.monotonic()))
        if any(shutdown.is_alive() for shutdown in shutdowns):
            _logger.warning(
                "The last traces and metrics of the run could not be exported within %g seconds.", self._seconds
            )
