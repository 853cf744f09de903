"""Streams of Iterable's export: all events, and users."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import IO, Any, ClassVar, Final

from singer_sdk import Tap
from singer_sdk.helpers.types import Context
from tenacity import RetryCallState, Retrying

from iterable_api.errors import IncompleteBodyError
from iterable_api.facts import timestamps
from iterable_api.facts.data_types import DataType
from iterable_api.facts.identity import ProjectType
from iterable_api.http.client import IterableClient
from iterable_api.waiting.retry_policy import WINDOW_WITHOUT_ROWS
from tap_iterable.config.settings import spool_directory
from tap_iterable.export.clock import Clock
from tap_iterable.export.content_check import NoRowsError, check_rows, reject_error_line
from tap_iterable.export.download import has_whole_last_line, spool_answer
from tap_iterable.export.export_plan import ExportPlan, Mode, plans, summary
from tap_iterable.export.job_api import FILES, START
from tap_iterable.export.stream_jobs import JobService, StreamJobs
from tap_iterable.export.window_queue import WindowQueue
from tap_iterable.export.windows import OversizeError, Window, gaps, whole_second
from tap_iterable.input.dates import parse_date
from tap_iterable.records.line_decoding import EventLineDecoder, LineDecoder, UserLineDecoder, blocks
from tap_iterable.records.malformed_lines import MalformedLines
from tap_iterable.reporting.read_counts import ReadCounts
from tap_iterable.schemas.event_schemas import event_schema, user_schema
from tap_iterable.stream_types.batched_stream import BatchedStream, Block
from tap_iterable.stream_types.unread_ranges import unread_ranges
from tap_iterable.stream_types.windowed_stream import WindowedStream

PATH: Final = "/api/export/data.json"

HALVING_ERRORS: Final = (IncompleteBodyError, OversizeError)
"""Errors for which the window is halved."""


USER_KEYS: Final[Mapping[ProjectType, str]] = {
    ProjectType.EMAIL: "email",
    ProjectType.USER_ID: "itblUserId",
    ProjectType.HYBRID: "itblUserId",
}
"""Fields that every line of a user has. A userId is not one: hybrid projects have users without it."""


class ExportStream(WindowedStream, BatchedStream):
    """One export data type, read window by window."""

    clock: ClassVar = Clock()

    endpoints = (PATH, START, FILES)
    cost = "1 request per window, or 1 job and a request per page of its files"

    def __init__(self, tap: Tap, client: IterableClient, data_type: DataType, schema: dict[str, Any]) -> None:
        self.name = data_type.stream
        self.data_type = data_type
        super().__init__(tap, client, schema)
        self.replication_key = data_type.range_field
        self._queue: WindowQueue | None = None
        self.counts = ReadCounts(windows=0, jobs=0, malformed=0)
        self._malformed_lines = MalformedLines(
            Path(self.config["malformed_directory"]) / f"{self.name}.ndjson", self.config["max_malformed_percent"]
        )

    def blocks(self, context: Context | None) -> Iterator[Block]:  # noqa: ARG002 (streams of other kinds use it)
        """The rows, not sorted; the bookmark moves after each window."""
        if self._queue is None:
            self.logger.info(plan_exports(self._unread_streams()))
        queue, self._queue = self._queue or WindowQueue(()), None
        with self._malformed_lines.counted(self.name):
            for window in queue:
                try:
                    rows = yield from self._window(window)
                except HALVING_ERRORS as error:
                    self._halve(queue, window, error)
                else:
                    self._finish(window)
                    self._log_progress(window, rows, queue.finished(rows))
                self._count_left(queue.left)

    def _unread_streams(self) -> list[ExportStream]:
        """This stream and the selected ones after it, whose jobs run while this one is read."""
        exports = [stream for stream in self.tap.streams.values() if isinstance(stream, ExportStream)]
        later = exports[exports.index(self) + 1 :] if self in exports else []
        return [self, *(stream for stream in later if stream.selected)]

    def pending(self, service: JobService) -> list[Window]:
        """Take over the jobs of an interrupted run, and return the windows that they leave unread."""
        self._warn_of_unread_ranges()
        self._jobs = StreamJobs(service, self.data_type.name, self.update_state, self._check)
        start, end = whole_second(self._start()), whole_second(self._end())
        self._adopted = (
            [] if self.config["export_mode"] == "stream" else self._jobs.adopt(self.stream_state, start, end)
        )
        return gaps(start, end, self._adopted, timedelta(days=self.config["window_days"]))

    def use_plan(self, plan: ExportPlan) -> None:
        """Submit the jobs of `plan`, and keep its windows for the time when the stream is read."""
        self._jobs.submit(plan.jobs)
        self._queue = WindowQueue(
            sorted([*self._adopted, *plan.jobs, *plan.downloads], key=lambda window: window.start)
        )

    def _count_left(self, windows: int) -> None:
        self.counts.windows_left = windows

    def _finish(self, window: Window) -> None:
        self.counts.add_window(by_job=window in self._jobs)
        self._jobs.discard(window)
        self.checkpoint(window.end, **self._jobs.to_state())
        self._jobs.tick()

    def _halve(self, queue: WindowQueue, window: Window, error: Exception) -> None:
        halves = queue.halve(window, error)
        self.logger.warning("%s. The window from %s is read again in two halves.", error, window.start)
        if window in self._jobs:
            self._jobs.discard(window)
            self._jobs.submit(halves, first=True)

    def _warn_of_unread_ranges(self) -> None:
        bookmark = self._effective_bookmark()
        if bookmark is not None:
            start, end = parse_date(self.config["start_date"]), self.config.get("end_date")
            for words in unread_ranges(bookmark, datetime.now(UTC), start, parse_date(end) if end else None):
                self.logger.warning("%s: %s", self.name, words)

    def _effective_bookmark(self) -> datetime | None:
        return None if self.replication_method == "FULL_TABLE" else self.bookmark()

    def _start(self) -> datetime:
        start, bookmark = parse_date(self.config["start_date"]), self._effective_bookmark()
        if bookmark is None:
            return start
        return max(start, bookmark - timedelta(minutes=self.config["lookback_minutes"]))

    def _end(self) -> datetime:
        """The end of the range: never within the current second, as rows may still be added to it."""
        latest = whole_second(datetime.now(UTC) - timedelta(minutes=self.config["hold_back_minutes"]))
        end = self.config.get("end_date")
        return min(latest, parse_date(end)) if end else latest

    def _window(self, window: Window) -> Generator[Block, None, int]:
        """Yield the window's rows once their answer is whole, and return their number."""
        rows = 0
        for lines in self._jobs.files(window) if window in self._jobs else self._download(window):
            rows += yield from self._rows(lines)
        return rows

    def _download(self, window: Window) -> Iterator[IO[bytes]]:
        with ExitStack() as stack:
            yield self._retrying(self._spool, stack, window)

    def _spool(self, stack: ExitStack, window: Window) -> IO[bytes]:
        start, end = timestamps.to_export_bound(window.start), timestamps.to_export_bound(window.end)
        params = {"dataTypeName": self.data_type.name, "startDateTime": start, "endDateTime": end}
        limit = self.config["spool_limit_mb"] * 1_000_000
        lines = stack.enter_context(spool_answer(self.client, PATH, params, spool_directory(self.config), limit))
        self._check(lines, f"{self.name} from {start} to {end}: {PATH}")
        # A window of one second cannot be halved: there the line counts as malformed.
        if window.halves() and not has_whole_last_line(lines):
            raise IncompleteBodyError(f"{PATH}: the last line is not whole")
        return lines

    def _check(self, lines: IO[bytes], name: str) -> None:
        check_rows(lines, name, self.rows.is_row, self.rows.expected)

    @cached_property
    def _retrying(self) -> Retrying:
        return WINDOW_WITHOUT_ROWS.retrying(NoRowsError, sleep=self.clock.sleep, before_sleep=self._log_retry)

    def _log_retry(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        self.logger.warning("%s. Try %d of %d.", error, state.attempt_number + 1, WINDOW_WITHOUT_ROWS.attempts)

    def _rows(self, spool: IO[bytes]) -> Generator[Block, None, int]:
        rows = lines = 0
        for block in blocks(spool):
            malformed: list[bytes] = []
            records = self.rows.records(block, malformed)
            for line in malformed:
                reject_error_line(line, self.name)
                self._malformed_lines.add(line)
            self.counts.add_malformed(len(malformed))
            if self.traffic.is_recorded:
                self.counts.see(self.rows.column(self.data_type.range_field, records))
            rows += len(records)
            lines += len(records) + len(malformed)
            yield records
        self._malformed_lines.check(lines - rows, lines)
        return rows

    @cached_property
    def rows(self) -> LineDecoder:
        """The decoder of lines."""
        raise NotImplementedError

    def _log_progress(self, window: Window, rows: int, progress: str) -> None:
        self.logger.info("Read to %s: %d rows. %s.", timestamps.to_export_bound(window.end), rows, progress)


def plan_exports(streams: Sequence[ExportStream]) -> str:
    """Plan the exports of all `streams` together, since limits are the project's, and start the first jobs.

    Returns:
        The plan in words.
    """
    config = streams[0].config
    at_once = config["export_jobs_at_once"]
    service = JobService(streams[0].client, at_once, spool_directory(config), streams[0].clock)
    mode: Mode = config["export_mode"]
    if mode == "auto" and not config["enforce_rate_limits"]:
        mode = "stream"  # without limits, downloads are always quicker
    chosen = plans({stream.name: stream.pending(service) for stream in streams}, mode, at_once)
    for stream in streams:
        stream.use_plan(chosen[stream.name])
    service.queue.tick()
    return summary(chosen, at_once)


class EventStream(ExportStream):
    """The events of one data type. The key is a hash of the line, as not all events have an id.

    So requests always ask for whole lines, also if few fields are selected: with `onlyFields` the hash
    of a row would depend on the selection, and rows that differ in other fields would become one.
    """

    primary_keys = ("recordId",)

    def __init__(self, tap: Tap, client: IterableClient, data_type: DataType) -> None:
        super().__init__(tap, client, data_type, event_schema(data_type))

    @cached_property
    def rows(self) -> LineDecoder:
        """The decoder of events: any object with a field of an event."""
        return EventLineDecoder(self.shape, self.data_type.name)


class UserStream(ExportStream):
    """The users whose profile was updated in a window. Deletions never show.

    Requests ask for whole lines here, too: whether `onlyFields` with the name of an object includes its dotted keys
    is not documented, and a list of names would leave out new fields.
    """

    def __init__(self, tap: Tap, client: IterableClient, data_type: DataType) -> None:
        super().__init__(tap, client, data_type, user_schema(data_type))
        self.primary_keys = (USER_KEYS[ProjectType(self.config["project_type"])],)

    @cached_property
    def rows(self) -> LineDecoder:
        """The decoder of users: objects with the key of the project type."""
        return UserLineDecoder(self.shape, self.primary_keys[0])
