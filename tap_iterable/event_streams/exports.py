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

from iterable_api.errors import (
    BadRequestError,
    ConnectionFailedError,
    IncompleteBodyError,
    NeverReachedError,
    ServerError,
)
from iterable_api.facts import timestamps
from iterable_api.facts.data_types import DataType
from iterable_api.facts.identity import ProjectType
from iterable_api.http.client import IterableClient
from iterable_api.waiting.retry_policy import WINDOW_WITHOUT_ROWS
from tap_iterable.config.settings import spool_directory
from tap_iterable.export.clock import Clock
from tap_iterable.export.content_check import NoRowsError, check_rows, reject_error_line
from tap_iterable.export.download import has_whole_last_line, spool_answer
from tap_iterable.export.export_plan import WINDOWS_AT_ONCE, ExportPlan
from tap_iterable.export.job_api import FILES, START
from tap_iterable.export.patience import UNKNOWN, Patience, TooWideError
from tap_iterable.export.planning import ExportPlanning
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
NARROWING_ERRORS: Final = (*HALVING_ERRORS, BadRequestError, ServerError, ConnectionFailedError)
"""Errors for which a wide window is cut: whether Iterable refuses long ranges, or how slow they are, is not known."""


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
        self._is_planned = False
        self.counts = ReadCounts(windows=0, jobs=0, malformed=0)
        self._malformed_lines = MalformedLines(
            Path(self.config["malformed_directory"]) / f"{self.name}.ndjson", self.config["max_malformed_percent"]
        )

    def blocks(self, context: Context | None) -> Iterator[Block]:  # noqa: ARG002 (streams of other kinds use it)
        """The rows, not sorted; the bookmark moves after each window."""
        if not self._is_planned:
            self.logger.info(plan_exports(self._unread_streams()))
        for block in self._blocks():
            yield block
            del block  # A row may be large: the next one is read without this one in memory.
            # However slow the loader is, jobs are looked at, and those that run keep their slots.
            self._jobs.tick()

    def _blocks(self) -> Iterator[Block]:
        queue, self._is_planned = self._queue, False
        with self._malformed_lines.counted(self.name):
            for window in queue:
                try:
                    rows = yield from self._window(window)
                except NARROWING_ERRORS as error:
                    self._narrow(window, error)
                else:
                    self._finish(window)
                    self._log_progress(window, queue.finished(window, rows, self._taken))
                    self.counts.share_done = queue.share_done

    def _unread_streams(self) -> list[ExportStream]:
        """This stream and the selected ones after it, whose jobs run while this one is read."""
        exports = [stream for stream in self.tap.streams.values() if isinstance(stream, ExportStream)]
        later = exports[exports.index(self) + 1 :] if self in exports else []
        return [self, *(stream for stream in later if stream.selected)]

    def join_plan(self, planning: ExportPlanning) -> None:
        """Take part in a plan, and take over the jobs of an interrupted run."""
        self._planning, self._is_planned = planning, True
        self._warn_of_unread_ranges()
        self._jobs = StreamJobs(planning.service, self.data_type.name, self.update_state, self._check)
        start, end = whole_second(self._start()), whole_second(self._end())
        adopted = [] if self.config["export_mode"] == "stream" else self._jobs.adopt(self.stream_state, start, end)
        ranges = [*adopted, *gaps(start, end, adopted, end - start)]
        self._queue = WindowQueue(ranges, self._is_joinable, planning.seconds_per_window, WINDOWS_AT_ONCE)

    def unread(self) -> list[Window]:
        """The ranges that are still to be read, and that no job reads."""
        return [window for window in self._queue.left if window not in self._jobs]

    def use_plan(self, plan: ExportPlan) -> None:
        """Submit the jobs of `plan`, and read its windows in place of those of an earlier one."""
        earlier = [window for window in self._queue.left if window in self._jobs]
        self._jobs.submit(plan.jobs)
        self._queue.replace([*earlier, *plan.jobs, *plan.downloads])

    def _finish(self, window: Window) -> None:
        self.counts.add_window(by_job=window in self._jobs)
        self._jobs.discard(window)
        self.checkpoint(window.end, **self._jobs.to_state())
        self._jobs.tick()

    def _narrow(self, window: Window, error: Exception) -> None:
        """Have a window that did not come whole read again in smaller ones."""
        if not self._is_wide(window) and isinstance(error, HALVING_ERRORS):
            self._halve(window, error)
            return
        if not self._is_wide(window) or isinstance(error, NeverReachedError):
            raise error
        self._queue.cut(window, self._planning.window)
        self.logger.warning("%s. The range from %s is read again in narrower windows.", error, window.start)
        if isinstance(error, TooWideError) and not self._planning.is_large:
            self.logger.info(self._planning.plan_as_large(self._unread_streams()))

    def _halve(self, window: Window, error: Exception) -> None:
        halves = self._queue.halve(window, error)
        self.logger.warning("%s. The window from %s is read again in two halves.", error, window.start)
        if window in self._jobs:
            self._jobs.discard(window)
            self._jobs.submit(halves, first=True)

    def _is_joinable(self, window: Window) -> bool:
        return self._planning.is_adaptive and window not in self._jobs

    def _is_wide(self, window: Window) -> bool:
        return self._is_joinable(window) and window.end - window.start > self._planning.window

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
        lookback = self.config["lookback_minutes"]
        # Compared as minutes, since there may be no such moment: a bookmark can be in the year 1.
        if bookmark is None or (bookmark - start) / timedelta(minutes=1) <= lookback:
            return start
        return bookmark - timedelta(minutes=lookback)

    def _end(self) -> datetime:
        """The end of the range: never within the current second, as rows may still be added to it."""
        latest = whole_second(datetime.now(UTC) - timedelta(minutes=self.config["hold_back_minutes"]))
        end = self.config.get("end_date")
        return min(latest, parse_date(end)) if end else latest

    def _window(self, window: Window) -> Generator[Block, None, int]:
        """Yield the window's rows once their answer is whole, and return their number."""
        rows, self._taken = 0, UNKNOWN
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
        patience = Patience(self.clock.now, limit, is_wide=self._is_wide(window))
        lines = stack.enter_context(
            spool_answer(self.client, PATH, params, spool_directory(self.config), patience, stream=self.name)
        )
        self._taken = patience.taken
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
            del records  # A row may be large: the next one is read without this one in memory.
        self._malformed_lines.check(lines - rows, lines)
        return rows

    @cached_property
    def rows(self) -> LineDecoder:
        """The decoder of lines."""
        raise NotImplementedError

    def _log_progress(self, window: Window, progress: str) -> None:
        self.logger.info("Read to %s: %s.", timestamps.to_export_bound(window.end), progress)


def plan_exports(streams: Sequence[ExportStream]) -> str:
    """Plan the exports of all `streams` together, since limits are the project's, and start the first jobs.

    Returns:
        The plan in words.
    """
    first = streams[0]
    service = JobService(first.client, first.config["export_jobs_at_once"], spool_directory(first.config), first.clock)
    planning = ExportPlanning(first.config, service, is_trial=first.ABORT_AT_RECORD_COUNT is not None)
    for stream in streams:
        stream.join_plan(planning)
    return planning.first_plan(streams)


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
