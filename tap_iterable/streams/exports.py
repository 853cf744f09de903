"""Everything that comes out of Iterable's export: all events, and users."""

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
from tap_iterable.export.content_check import NoRowsError, check_rows, refuse_error
from tap_iterable.export.download import ends_cleanly, spooled
from tap_iterable.export.export_plan import ExportPlan, Mode, plans, summary
from tap_iterable.export.job_api import FILES, START
from tap_iterable.export.stream_jobs import JobService, StreamJobs
from tap_iterable.export.window_queue import WindowQueue
from tap_iterable.export.windows import OversizeError, Window, gaps, whole_second
from tap_iterable.input.dates import moment
from tap_iterable.records.line_decoding import EventLineDecoder, LineDecoder, UserLineDecoder, blocks
from tap_iterable.records.malformed_lines import MalformedLines
from tap_iterable.schemas.event_schemas import event_schema, user_schema
from tap_iterable.stream_types.batched_stream import BatchedStream, Block
from tap_iterable.stream_types.unread_ranges import unread
from tap_iterable.stream_types.windowed_stream import WindowedStream

PATH: Final = "/api/export/data.json"

HALVED: Final = (IncompleteBodyError, OversizeError)
"""What a smaller window may cure."""


USER_KEYS: Final[Mapping[ProjectType, str]] = {
    ProjectType.EMAIL: "email",
    ProjectType.USER_ID: "itblUserId",
    ProjectType.HYBRID: "itblUserId",
}
"""What is on every user line. A userId is not: hybrid projects have users without one."""


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
        self._agenda: WindowQueue | None = None
        self._odd_lines = MalformedLines(
            Path(self.config["malformed_directory"]) / f"{self.name}.ndjson", self.config["max_malformed_percent"]
        )

    def blocks(self, context: Context | None) -> Iterator[Block]:  # noqa: ARG002 (streams of other kinds use it)
        """Rows in no order; the bookmark moves after each window."""
        if self._agenda is None:
            self.logger.info(schedule(self._still_to_read()))
        agenda, self._agenda = self._agenda or WindowQueue(()), None
        with self._odd_lines.counted(self.name):
            for window in agenda:
                try:
                    rows = yield from self._window(window)
                except HALVED as error:
                    self._halve(agenda, window, error)
                else:
                    self._finish(window)
                    self._log_progress(window, rows, agenda.finished(rows))

    def _still_to_read(self) -> list[ExportStream]:
        """This stream and the selected ones after it: their jobs run while this one is read."""
        exports = [stream for stream in self.tap.streams.values() if isinstance(stream, ExportStream)]
        later = exports[exports.index(self) + 1 :] if self in exports else []
        return [self, *(stream for stream in later if stream.selected)]

    def pending(self, service: JobService) -> list[Window]:
        """The windows that are still to be asked for; those of jobs that are under way already are not."""
        self._tell_what_stays_unread()
        self._jobs = StreamJobs(service, self.data_type.name, self.remember, self._check)
        start, end = whole_second(self._start()), whole_second(self._end())
        self._adopted = (
            [] if self.config["export_mode"] == "stream" else self._jobs.adopt(self.stream_state, start, end)
        )
        return gaps(start, end, self._adopted, timedelta(days=self.config["window_days"]))

    def follow(self, plan: ExportPlan) -> None:
        """Order the jobs of `plan`, and read by it when the stream's turn comes."""
        self._jobs.order(plan.jobs)
        self._agenda = WindowQueue(
            sorted([*self._adopted, *plan.jobs, *plan.downloads], key=lambda window: window.start)
        )

    def _finish(self, window: Window) -> None:
        self._jobs.forget(window)
        self.checkpoint(window.end, **self._jobs.saved())
        self._jobs.tick()

    def _halve(self, agenda: WindowQueue, window: Window, error: Exception) -> None:
        halves = agenda.halve(window, error)
        self.logger.warning("%s. The window from %s is read again in two halves.", error, window.start)
        if window in self._jobs:
            self._jobs.forget(window)
            self._jobs.order(halves, first=True)

    def _tell_what_stays_unread(self) -> None:
        bookmark = self._bookmark_to_go_by()
        if bookmark is not None:
            start, end = moment(self.config["start_date"]), self.config.get("end_date")
            for words in unread(bookmark, datetime.now(UTC), start, moment(end) if end else None):
                self.logger.warning("%s: %s", self.name, words)

    def _bookmark_to_go_by(self) -> datetime | None:
        return None if self.replication_method == "FULL_TABLE" else self.bookmark()

    def _start(self) -> datetime:
        start, bookmark = moment(self.config["start_date"]), self._bookmark_to_go_by()
        if bookmark is None:
            return start
        return max(start, bookmark - timedelta(minutes=self.config["lookback_minutes"]))

    def _end(self) -> datetime:
        """Never the running second: rows may still be added to it."""
        latest = whole_second(datetime.now(UTC) - timedelta(minutes=self.config["hold_back_minutes"]))
        end = self.config.get("end_date")
        return min(latest, moment(end)) if end else latest

    def _window(self, window: Window) -> Generator[Block, None, int]:
        """The window's rows; returns their number. Nothing is yielded unless the answer is whole."""
        rows = 0
        for lines in self._jobs.files(window) if window in self._jobs else self._download(window):
            rows += yield from self._rows(lines)
        return rows

    def _download(self, window: Window) -> Iterator[IO[bytes]]:
        with ExitStack() as stack:
            yield self._again(self._spooled, stack, window)

    def _spooled(self, stack: ExitStack, window: Window) -> IO[bytes]:
        start, end = timestamps.to_export_bound(window.start), timestamps.to_export_bound(window.end)
        params = {"dataTypeName": self.data_type.name, "startDateTime": start, "endDateTime": end}
        limit = self.config["spool_limit_mb"] * 1_000_000
        lines = stack.enter_context(spooled(self.client, PATH, params, spool_directory(self.config), limit))
        self._check(lines, f"{self.name} from {start} to {end}: {PATH}")
        # In a single second there is nothing to halve: there the odd line is counted as such.
        if window.halves() and not ends_cleanly(lines):
            raise IncompleteBodyError(f"{PATH}: the last line is not whole")
        return lines

    def _check(self, lines: IO[bytes], name: str) -> None:
        check_rows(lines, name, self.rows.is_row, self.rows.wanted)

    @cached_property
    def _again(self) -> Retrying:
        return WINDOW_WITHOUT_ROWS.retrying(NoRowsError, sleep=self.clock.sleep, before_sleep=self._log_again)

    def _log_again(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        self.logger.warning("%s. Try %d of %d.", error, state.attempt_number + 1, WINDOW_WITHOUT_ROWS.attempts)

    def _rows(self, spool: IO[bytes]) -> Generator[Block, None, int]:
        rows = lines = 0
        for block in blocks(spool):
            odd: list[bytes] = []
            records = self.rows.records(block, odd)
            for line in odd:
                refuse_error(line, self.name)
                self._odd_lines.add(line)
            rows += len(records)
            lines += len(records) + len(odd)
            yield records
        self._odd_lines.check(lines - rows, lines)
        return rows

    @cached_property
    def rows(self) -> LineDecoder:
        """What makes records of lines."""
        raise NotImplementedError

    def _log_progress(self, window: Window, rows: int, progress: str) -> None:
        self.logger.info("Read to %s: %d rows. %s.", timestamps.to_export_bound(window.end), rows, progress)


def schedule(streams: Sequence[ExportStream]) -> str:
    """Plan for all `streams` together, since limits are the project's, and start the first jobs.

    Returns the plan in words.
    """
    config = streams[0].config
    at_once = config["export_jobs_at_once"]
    service = JobService(streams[0].client, at_once, spool_directory(config), streams[0].clock)
    mode: Mode = config["export_mode"]
    if mode == "auto" and not config["enforce_rate_limits"]:
        mode = "stream"  # where nothing is limited, nothing is sooner than asking
    chosen = plans({stream.name: stream.pending(service) for stream in streams}, mode, at_once)
    for stream in streams:
        stream.follow(chosen[stream.name])
    service.queue.tick()
    return summary(chosen, at_once)


class EventStream(ExportStream):
    """An event data type. Its key is a hash of the line: events have no id that always exists.

    So Iterable is always asked for whole lines, whatever fields are selected: with `onlyFields` the hash
    of a row would depend on the selection, and rows that differ elsewhere would become one.
    """

    primary_keys = ("recordId",)

    def __init__(self, tap: Tap, client: IterableClient, data_type: DataType) -> None:
        super().__init__(tap, client, data_type, event_schema(data_type))

    @cached_property
    def rows(self) -> LineDecoder:
        """Any object with a field of an event is one."""
        return EventLineDecoder(self.shape, self.data_type.name)


class UserStream(ExportStream):
    """The users whose profile was updated in a window. Deletions never show.

    Here too whole lines are asked for: whether `onlyFields` with the name of an object brings its dotted keys
    is not documented, and what is asked for by name would leave out fields that are new.
    """

    def __init__(self, tap: Tap, client: IterableClient, data_type: DataType) -> None:
        super().__init__(tap, client, data_type, user_schema(data_type))
        self.primary_keys = (USER_KEYS[ProjectType(self.config["project_type"])],)

    @cached_property
    def rows(self) -> LineDecoder:
        """A line without the key of its project type cannot be told apart."""
        return UserLineDecoder(self.shape, self.primary_keys[0])
