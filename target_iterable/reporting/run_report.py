"""What a run does and has done: a line now and then, a table at the end, and the summary as a file."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol, TypeAlias

from iterable_api.storage.paths import file_problem
from target_iterable.config.setting_error import SettingError, refuse
from target_iterable.reporting.stream_counts import StreamCounts

INTERVAL: Final = 30
"""Seconds between two lines about the progress."""

_COUNTS: Final = ("read", "written", "unchanged", "rejected", "unsent", "requests", "retries", "bytes")
_WIDTH: Final = 10

_logger: Final = logging.getLogger("target-iterable")

Column: TypeAlias = Callable[[StreamCounts], str]


def _limit(counts: StreamCounts) -> str:
    share = counts.http_stats.limit_share(counts.seconds)
    return "-" if share is None else f"{share:.0%}"


def _minutes(counts: StreamCounts) -> str:
    minutes = counts.http_stats.minutes_at_limit()
    return "-" if minutes is None else f"{minutes:.1f}"


DONE: Final[Mapping[str, Column]] = {"seconds": lambda counts: f"{counts.seconds:.1f}", "limit": _limit}
"""The last columns where something was sent."""
PLANNED: Final[Mapping[str, Column]] = {"minutes": _minutes}
"""The last columns where it was only planned."""


class RunKind(Protocol):
    """What the report must know of the kind of run; see `RealRun`."""

    columns: ClassVar[Mapping[str, Column]]

    def about(self) -> dict[str, Any]:
        """What it adds to the summary."""

    def remarks(self, tallies: Mapping[str, StreamCounts], /) -> Iterable[str]:
        """Lines under the table."""


class RunReport:
    """Writes the summary at the start, so that a path that cannot be written fails before data moves, and at the end.

    The file holds `run`, `finished` (whether the input was read and delivered to its end), what the kind of run says
    about itself, and `streams`: name -> the object, and the numbers of `StreamCounts`.
    """

    def __init__(self, path: str | None, kind: RunKind, run: str) -> None:
        """`run` is the id of the run, which the audit log has, too."""
        refuse(file_problem("summary_path", path))
        self._run = run
        # The file itself is replaced, and not a link to it.
        self._path = Path(path).resolve() if path else None
        self._kind = kind
        self._tallies: dict[str, tuple[str, StreamCounts]] = {}
        self._told = time.monotonic()
        try:
            self._write(finished=False)
        except OSError as error:
            raise SettingError(f"`summary_path` cannot be written: {error.strerror}") from None

    def include(self, stream: str, object_: str, counts: StreamCounts) -> None:
        """Report on `stream`, too."""
        self._tallies[stream] = (object_, counts)

    def progress(self) -> None:
        """Log how far each stream is, now and then."""
        if time.monotonic() - self._told >= INTERVAL:
            self._told = time.monotonic()
            for stream, (_, counts) in self._tallies.items():
                _logger.info("%s: %s so far.", stream, str(counts))

    def close(self, *, finished: bool) -> None:
        """Show the table and write the summary."""
        if self._tallies:
            tallies = {stream: counts for stream, (_, counts) in self._tallies.items()}
            lines = [*_table(tallies, self._kind.columns), *self._kind.remarks(tallies)]
            sys.stderr.write("\n".join(lines) + "\n")
        self._write(finished=finished)

    def _write(self, *, finished: bool) -> None:
        if self._path is not None:
            streams = {
                stream: {"object": object_, **counts.as_dict()} for stream, (object_, counts) in self._tallies.items()
            }
            summary = {"run": self._run, "finished": finished, **self._kind.about(), "streams": streams}
            _replace(self._path, json.dumps(summary, indent=2) + "\n")


def _table(tallies: Mapping[str, StreamCounts], last: Mapping[str, Column]) -> Iterator[str]:
    """The lines of the table; under a stream with rejects, the reasons."""
    width = max(len("stream"), *map(len, tallies))
    yield _row(width, "stream", *_COUNTS, *last)
    for stream, counts in tallies.items():
        numbers = counts.as_dict()
        shown = [f"{numbers[name]:,}" for name in _COUNTS]
        yield _row(width, stream, *shown, *(show(counts) for show in last.values()))
        for reason, count in counts.reasons.most_common():
            yield f"  rejected {count:,}: {reason}"
        for path, count in counts.trimmed_fields.most_common():
            yield f"  written {count:,} without {path!r}: its type clashes"
        for path, count in counts.duplicate_fields.most_common():
            yield f"  {count:,} had {path!r} twice, with different values"
        if counts.deleted:
            yield f"  {counts.about_deleted()}"
        if counts.missing:
            yield f"  {counts.about_removals()}"
        if counts.audited:
            yield f"  {counts.audited:,} in the audit log {counts.audit_path}"


def _row(width: int, stream: str, *cells: str) -> str:
    return "  ".join([stream.ljust(width), *(cell.rjust(_WIDTH) for cell in cells)])


def _replace(path: Path, text: str) -> None:
    """Never leaves half a file for somebody who reads at the same time."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)
