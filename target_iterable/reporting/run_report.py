"""Report of a run: a table at the end, and the summary as a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol, TypeAlias

from iterable_api.storage.paths import file_problem
from target_iterable.config.setting_error import SettingError, refuse
from target_iterable.core.rejection import INVALID_RECORD
from target_iterable.reporting.stream_counts import StreamCounts

_CONTRADICTION: Final = (
    "; that is all of them: the tap contradicts its own schema, and `validate_records: false` lets Iterable decide"
)
_COUNTS: Final = ("read", "written", "unchanged", "rejected", "unsent", "requests", "retries", "bytes")
_WIDTH: Final = 10
_LONGEST_NAME: Final = 100
"""Characters of a stream's name in the table."""

Column: TypeAlias = Callable[[StreamCounts], str]


def _limit(counts: StreamCounts) -> str:
    share = counts.http_stats.limit_share(counts.seconds)
    return "-" if share is None else f"{share:.0%}"


def _minutes(counts: StreamCounts) -> str:
    minutes = counts.http_stats.minutes_at_limit()
    return "-" if minutes is None else f"{minutes:.1f}"


RUN_COLUMNS: Final[Mapping[str, Column]] = {"seconds": lambda counts: f"{counts.seconds:.1f}", "limit": _limit}
"""Last columns of the table where requests were sent: heading -> cell."""
PLAN_COLUMNS: Final[Mapping[str, Column]] = {"minutes": _minutes}
"""Last columns of the table where requests were only planned: heading -> cell."""


class RunKind(Protocol):
    """Parts of the report that depend on the kind of run; see `RealRun`."""

    columns: ClassVar[Mapping[str, Column]]

    def summary_members(self) -> dict[str, Any]:
        """Return further members of the summary."""

    def table_notes(self, streams: Mapping[str, StreamCounts], /) -> Iterable[str]:
        """Return lines to print below the table."""


class RunReport:
    """Report of one run. The summary is first written at the start, so that a wrong path fails before data moves.

    The file holds `run`, `finished` (whether the input was read and delivered to its end), the members of the kind of
    run, and `streams`: name -> the object, and the numbers of `StreamCounts`.

    Raises:
        SettingError: if `summary_path` cannot be written.
    """

    def __init__(self, path: str | None, kind: RunKind, run: str, streams: dict[str, tuple[str, StreamCounts]]) -> None:
        """`run` is the id of the run, which the audit log has, too; `streams` gets the object and counts of each."""
        refuse(file_problem("summary_path", path))
        self._run = run
        # The file itself is replaced, and not a link to it.
        self._path = Path(path).resolve() if path else None
        self._kind = kind
        self._streams = streams
        try:
            self._write(finished=False)
        except OSError as error:
            raise SettingError(f"`summary_path` cannot be written: {error.strerror}") from None

    def add_stream(self, stream: str, object_: str, counts: StreamCounts) -> None:
        """Include `stream` in the report."""
        self._streams[stream] = (object_, counts)

    def close(self, *, finished: bool) -> None:
        """Print the table, and write the summary."""
        if self._streams:
            streams = {stream: counts for stream, (_, counts) in self._streams.items()}
            lines = [*_table(streams, self._kind.columns), *self._kind.table_notes(streams)]
            sys.stderr.write("\n".join(lines) + "\n")
        self._write(finished=finished)

    def _write(self, *, finished: bool) -> None:
        if self._path is not None:
            streams = {
                stream: {"object": object_, **counts.as_dict()} for stream, (object_, counts) in self._streams.items()
            }
            summary = {"run": self._run, "finished": finished, **self._kind.summary_members(), "streams": streams}
            _replace(self._path, json.dumps(summary, indent=2) + "\n")


def _table(streams: Mapping[str, StreamCounts], last: Mapping[str, Column]) -> Iterator[str]:
    """Yield the lines of the table, with details below their stream."""
    width = max(len("stream"), *(len(_short(stream)) for stream in streams))
    yield _row(width, "stream", *_COUNTS, *last)
    for stream, counts in streams.items():
        numbers = counts.as_dict()
        shown = [f"{numbers[name]:,}" for name in _COUNTS]
        yield _row(width, _short(stream), *shown, *(show(counts) for show in last.values()))
        for reason, count in counts.reasons.most_common():
            is_contradiction = (reason, count) == (INVALID_RECORD, counts.read)
            yield f"  rejected {count:,}: {reason}{_CONTRADICTION if is_contradiction else ''}"
        for path, count in counts.trimmed_fields.most_common():
            yield f"  written {count:,} without {path!r}: its type clashes"
        for path, count in counts.duplicate_fields.most_common():
            yield f"  {count:,} had {path!r} twice, with different values"
        if counts.distinct.records > counts.distinct.things:
            yield f"  {counts.distinct}"
        if counts.deleted:
            yield f"  {counts.deleted_text()}"
        if counts.missing:
            yield f"  {counts.removals_text()}"
        if counts.audited:
            yield f"  {counts.audited:,} in the audit log {counts.audit_path}"


def _short(stream: str) -> str:
    return stream if len(stream) <= _LONGEST_NAME else f"{stream[: _LONGEST_NAME - 1]}…"


def _row(width: int, stream: str, *cells: str) -> str:
    return "  ".join([stream.ljust(width), *(cell.rjust(_WIDTH) for cell in cells)])


def _replace(path: Path, text: str) -> None:
    """Replace a file at once, so that readers never see half of it."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)
