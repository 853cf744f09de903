"""Bodies of requests, out of the request log, if the run kept them there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final

from iterable_runs.presentation.json_text import indented
from iterable_runs.queries.answers import Request

_MOST_READ_BYTES: Final = 32_000_000
_LONGEST_LINE: Final = 16_000_000
_CLOCK_TOLERANCE: Final = timedelta(seconds=2)
"""The log and the history note a request one after the other."""
_MOST_SHOWN_CHARACTERS: Final = 200_000


@dataclass(frozen=True)
class Body:
    """The body of a request as indented JSON, or why there is none."""

    text: str | None = None
    problem: str = ""


def read_body(path: Path | None, it: Request) -> Body:
    """Find the body of a request.

    Args:
        path: the request log of its run; None if it had none.
        it: the request.
    """
    if path is None:
        return Body(problem="The run kept no bodies. To keep them, set `request_log_path` and `request_log_bodies`.")
    try:
        with path.open("rb") as file:
            return _found(file, it)
    except FileNotFoundError:
        return Body(problem=f"The request log {str(path)!r} is not there: it was removed, or is on another machine.")
    except OSError as error:
        return Body(problem=f"The request log {str(path)!r} cannot be read: {error.strerror}.")


def _found(file: BinaryIO, it: Request) -> Body:
    file.seek(_start(file, it.at - _CLOCK_TOLERANCE))
    for line in _lines(file):
        entry = _entry(line)
        if _is_of(entry, it):
            if "body" not in entry:
                return Body(problem="The request had no body, or `request_log_bodies` was not set.")
            return Body(indented(entry["body"], _MOST_SHOWN_CHARACTERS))
        if (at := _moment(entry)) and at > it.at + _CLOCK_TOLERANCE:
            break
    return Body(problem="The request log has no line of this request.")


def _start(file: BinaryIO, moment: datetime) -> int:
    """Where lines begin that are not older than a moment: lines are in the order of time, so halves are looked at."""
    low, high = 0, file.seek(0, 2)
    while high - low > _LONGEST_LINE // 16:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline(_LONGEST_LINE)
        at = _moment(_entry(file.readline(_LONGEST_LINE)))
        if at is not None and at < moment:
            low = middle
        else:
            high = middle
    return low


def _lines(file: BinaryIO) -> Iterator[bytes]:
    read = 0
    while read < _MOST_READ_BYTES and (line := file.readline(_LONGEST_LINE)):
        read += len(line)
        yield line


def _entry(line: bytes) -> Mapping[str, Any]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return entry if isinstance(entry, dict) else {}


def _is_of(entry: Mapping[str, Any], it: Request) -> bool:
    at = _moment(entry)
    return (
        at is not None
        and abs(at - it.at) <= _CLOCK_TOLERANCE
        and all(entry.get(name) == getattr(it, name) for name in ("method", "path", "status", "milliseconds"))
    )


def _moment(entry: Mapping[str, Any]) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(entry.get("at")))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
