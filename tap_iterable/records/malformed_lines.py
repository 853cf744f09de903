"""Malformed lines: they are written to a file, counted, and limited in number."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import cast

from singer_sdk import metrics

from iterable_api.storage.paths import private_directory

_logger = logging.getLogger(__name__)


class ExportMetric(StrEnum):
    """Singer metrics that the SDK does not have."""

    MALFORMED_LINES = "malformed_line_count"


class TooManyMalformedLinesError(Exception):
    """More lines of a window are malformed than is allowed."""


@dataclass
class MalformedLines:
    """Writes the lines of one stream that are no records to a file, unchanged.

    The file is made with the first such line, readable by its owner only, and appended to by later runs.

    Args:
        path: the file.
        allowed_percent: the percentage of a window's lines that may be malformed; one always may, if others are not.
    """

    path: Path
    allowed_percent: float
    count: int = field(default=0, init=False)

    @contextmanager
    def counted(self, stream: str) -> Iterator[None]:
        """Report the number of malformed lines at the end, also after an error: in the log and as a Singer metric."""
        # The SDK has an enumeration of its own metrics, and uses only the `value` of a metric.
        metric = cast("metrics.Metric", ExportMetric.MALFORMED_LINES)
        with metrics.Counter(metric, {metrics.Tag.STREAM: stream}) as counter:
            try:
                yield
            finally:
                counter.value = self.count
                if self.count:
                    _logger.warning(
                        "%s: lines that are no records: %d. They are kept in %s", stream, self.count, self.path
                    )

    def add(self, line: bytes) -> None:
        """Append the line to the file, on disk before this returns: state will move past it."""
        self.count += 1
        private_directory(self.path.parent)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(line.rstrip(b"\r\n") + b"\n")
            file.flush()
            os.fsync(descriptor)

    def check(self, malformed: int, lines: int) -> None:
        """Check the number of malformed lines of a finished window.

        Raises:
            TooManyMalformedLinesError: if more than the allowed share of its lines is malformed, or all of them.
        """
        if malformed and (malformed == lines or malformed > max(1, lines * self.allowed_percent / 100)):
            raise TooManyMalformedLinesError(
                f"{malformed} of {lines} lines of a window are not records; they are kept in {self.path}. "
                "Look at them, and raise `max_malformed_percent` if they may be left out."
            )
