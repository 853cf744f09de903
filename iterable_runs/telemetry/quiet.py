"""What OpenTelemetry logs: trouble is one warning of ours, and no log shows the address or a token of a collector."""

from __future__ import annotations

import logging
from typing import Final

EXPORTING: Final = "Otel"
"""How the names of threads begin that export: those of OpenTelemetry, and ours."""
_BELOW: Final = ("urllib3.connectionpool", "urllib3.util.retry")
"""Loggers that show the URL of each request of an exporter."""

_logger: Final = logging.getLogger(__name__)


class _FirstTrouble(logging.Handler):
    """Turns the first warning of OpenTelemetry into one of ours. Its own repeat, and quote addresses."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._has_warned = False

    def emit(self, _record: logging.LogRecord) -> None:
        if not self._has_warned:
            self._has_warned = True
            _logger.warning(
                "Traces and metrics of the run could not all be exported: the collector that "
                "OTEL_EXPORTER_OTLP_ENDPOINT names is away, or does not take them. The run itself goes on as usual."
            )


def _is_of_another_thread(record: logging.LogRecord) -> bool:
    return not (record.threadName or "").startswith(EXPORTING)


def silence() -> None:
    """Begin to listen to OpenTelemetry in this way, for as long as the process lasts."""
    own = logging.getLogger("opentelemetry")
    own.propagate = False
    own.handlers[:] = [_FirstTrouble()]
    for name in _BELOW:
        logging.getLogger(name).addFilter(_is_of_another_thread)
