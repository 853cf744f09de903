"""What a run does and has done: a line now and then, a table at the end, and the summary as a file."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from target_iterable.delivery.tally import Tally
from target_iterable.setting_error import SettingError

INTERVAL: Final = 30
"""Seconds between two lines about the progress."""

_COLUMNS: Final = (
    *("read", "written", "unchanged", "rejected", "unsent"),
    *("requests", "retries", "bytes", "seconds", "limit"),
)
_WIDE: Final = tuple(column.rjust(10) for column in _COLUMNS)

_logger: Final = logging.getLogger("target-iterable")


class Report:
    """Writes the summary at the start, so that a path that cannot be written fails before data moves, and at the end.

    The file holds `finished` (whether the input was read and delivered to its end) and `streams`: name
    -> the object, and the numbers of `Tally`.
    """

    def __init__(self, path: str | None) -> None:
        self._path = Path(path) if path else None
        self._tallies: dict[str, tuple[str, Tally]] = {}
        self._told = time.monotonic()
        try:
            self._write(finished=False)
        except OSError as error:
            raise SettingError(f"`summary_path` cannot be written: {error.strerror}") from None

    def include(self, stream: str, object_: str, tally: Tally) -> None:
        """Report on `stream`, too."""
        self._tallies[stream] = (object_, tally)

    def progress(self) -> None:
        """Log how far each stream is, now and then."""
        if time.monotonic() - self._told >= INTERVAL:
            self._told = time.monotonic()
            for stream, (_, tally) in self._tallies.items():
                _logger.info("%s: %s so far.", stream, str(tally))

    def close(self, *, finished: bool) -> None:
        """Show the table and write the summary."""
        if self._tallies:
            sys.stderr.write("\n".join(_table(self._tallies)) + "\n")
        self._write(finished=finished)

    def _write(self, *, finished: bool) -> None:
        if self._path is not None:
            streams = {
                stream: {"object": object_, **tally.as_dict()} for stream, (object_, tally) in self._tallies.items()
            }
            _replace(self._path, json.dumps({"finished": finished, "streams": streams}, indent=2) + "\n")


def _table(tallies: Mapping[str, tuple[str, Tally]]) -> Iterator[str]:
    """The lines of the table; under a stream with rejects, the reasons."""
    width = max(len("stream"), *map(len, tallies))
    yield _row(width, "stream", *_COLUMNS)
    for stream, (_, tally) in tallies.items():
        numbers = tally.as_dict()
        share = numbers["limit_share"]
        shown = [f"{numbers[name]:,}" for name in _COLUMNS[:-2]]
        yield _row(width, stream, *shown, f"{tally.seconds:.1f}", "-" if share is None else f"{share:.0%}")
        for reason, count in tally.reasons.most_common():
            yield f"  rejected {count:,}: {reason}"


def _row(width: int, stream: str, *cells: str) -> str:
    return "  ".join(
        [stream.ljust(width), *(cell.rjust(len(column)) for cell, column in zip(cells, _WIDE, strict=True))]
    )


def _replace(path: Path, text: str) -> None:
    """Never leaves half a file for somebody who reads at the same time."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)
