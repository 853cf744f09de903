"""Progress as lines of the log, for pipes, files, schedulers and Meltano."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from iterable_runs.presentation import formats
from iterable_runs.presentation.escaping import printable
from iterable_runs.presentation.totals import counted
from iterable_runs.progress.tracking import RunProgress, StreamProgress


def log_progress(logger: logging.Logger, plugin: str, progress: RunProgress) -> None:
    """Log a line for each stream of which something has come lately.

    The numbers are also members of the log record, for formatters that write JSON.
    """
    for stream in progress.active:
        logger.info(
            "%s: %s.",
            printable(stream.name),
            ", ".join(_parts(plugin, stream)),
            extra={"stream_name": stream.name, "progress": _numbers(stream)},
        )


def _parts(plugin: str, stream: StreamProgress) -> Iterator[str]:
    yield from counted(plugin, stream.totals)
    yield f"{formats.number(round(stream.rate))} a second"
    if stream.totals.limit_share is not None:
        yield f"{formats.share(stream.totals.limit_share)} of the limit"
    if stream.seconds_left:
        yield f"about {formats.span(stream.seconds_left)} left"


def _numbers(stream: StreamProgress) -> dict[str, Any]:
    known = {name: value for name, value in stream.totals.as_row().items() if value is not None}
    left = None if stream.seconds_left is None else round(stream.seconds_left)
    return known | {"records_per_second": round(stream.rate, 1), "seconds_left": left}
