"""What questions to the history are answered with: plain values, as the command and the page show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from iterable_runs.presentation.statuses import REJECTS, STATUSES, Status
from iterable_runs.store.statuses import SUCCEEDED
from iterable_runs.store.totals import Totals

TARGET: Final = "target-iterable"
_SHORT_ID: Final = 8
_GOOD_ANSWERS: Final = range(200, 300)


@dataclass(frozen=True)
class Run:
    """A run, with its totals.

    Attributes:
        id: the id that the summary and the audit log have, too.
        kind: the key of its status in `STATUSES`.
        started: when it began. All moments are in UTC.
        last_seen: when it noted something last.
        ended: None while it runs, and where it was killed.
        error: the sentence that it ended with.
        directory: where it was started, for its relative paths.
    """

    id: str
    plugin: str
    pipeline: str
    kind: str
    started: datetime
    last_seen: datetime
    ended: datetime | None
    exit_code: int | None
    version: str
    host: str
    totals: Totals
    streams: int
    dry_run: bool = False
    error: str = ""
    directory: str = ""
    request_log: Path | None = None
    members: Mapping[str, str] = field(default_factory=dict)

    @property
    def short_id(self) -> str:
        """The first letters of the id; commands take them, too."""
        return self.id[:_SHORT_ID]

    @property
    def is_of_meltano(self) -> bool:
        """Whether Meltano ran it. Names that come from another orchestrator have a slash."""
        return bool(self.pipeline) and "/" not in self.pipeline

    @property
    def is_target(self) -> bool:
        """Whether it wrote into Iterable."""
        return self.plugin == TARGET

    @property
    def status(self) -> Status:
        """How it stands. A run that has succeeded with rejects has a status of its own."""
        return STATUSES[REJECTS if self.kind == SUCCEEDED and self.totals.rejected else self.kind]

    @property
    def seconds(self) -> float:
        """How long it took, or has taken so far."""
        return ((self.ended or self.last_seen) - self.started).total_seconds()


@dataclass(frozen=True)
class StreamOfRun:
    """One stream of a run.

    Attributes:
        object: the object that the target writes; empty for the tap.
        bookmark_before: the bookmark that the run began with, as text.
        bookmark_after: the one that it has come to.
        rejects_path: the file of the rejected records; None if there is none.
    """

    name: str
    totals: Totals
    object: str = ""
    bookmark_before: str | None = None
    bookmark_after: str | None = None
    rejects_path: str | None = None


@dataclass(frozen=True)
class RejectCount:
    """How many records of a stream were rejected for one reason, and the fields that were wrong."""

    stream: str
    code: str
    count: int
    fields: Sequence[str] = ()


@dataclass(frozen=True)
class Request:
    """One attempt of a request.

    Attributes:
        number: its place in the run.
        path: the endpoint's template, without ids.
        status: None if there was no answer.
        attempt: 1, or more for a retry.
    """

    number: int
    at: datetime
    method: str
    path: str
    status: int | None
    milliseconds: int
    attempt: int = 1
    stream: str | None = None
    records: int | None = None
    written: int | None = None
    rejected: int | None = None
    unknown: int | None = None

    @property
    def answer(self) -> str:
        """The status, or that there was none."""
        return "no answer" if self.status is None else str(self.status)

    @property
    def failed(self) -> bool:
        """Whether it had no answer, or not a good one."""
        return self.status not in _GOOD_ANSWERS

    @property
    def clock(self) -> str:
        """The time of day, with milliseconds."""
        return f"{self.at:%H:%M:%S}.{self.at.microsecond // 1000:03d}"


@dataclass(frozen=True)
class Sample:
    """The sums of a run at one moment, some seconds since its start."""

    seconds: float
    totals: Totals


@dataclass(frozen=True)
class Day:
    """How many runs of a day ended how: kind of the status -> runs."""

    day: str
    runs: Mapping[str, int]


@dataclass(frozen=True)
class Overview:
    """What is to be seen at a glance; days are the last 24 hours."""

    kept: int
    running: int
    day_runs: int
    day_failed: int
    day_rejected: int


@dataclass(frozen=True)
class Found:
    """What one run did with a user or an item.

    Attributes:
        run: the run's id.
        reason: why it was rejected; empty if it was not.
    """

    run: str
    at: datetime
    stream: str
    verdict: str
    reason: str = ""

    @property
    def short_id(self) -> str:
        """The first letters of the run's id."""
        return self.run[:_SHORT_ID]
