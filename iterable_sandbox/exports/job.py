"""One export job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from iterable_sandbox.exports.formats import FormatName
from iterable_sandbox.exports.lines import Query

State = Literal["enqueued", "running", "completed", "failed", "cancelling", "cancelled"]

STATES: Final[tuple[State, ...]] = ("enqueued", "running", "completed", "failed", "cancelling", "cancelled")
"""States as on the wire; the contract writes them with capitals."""
FINAL: Final[frozenset[State]] = frozenset({"completed", "failed", "cancelled"})


@dataclass
class Job:
    """A job and its progress.

    Attributes:
        id: id of the job.
        query: content of the export.
        format: media type of its files.
        delimiter: delimiter of CSV.
        scheduled: time of the request.
        state: current state.
        polls: number of polls in the current state.
        restarts: number of times that it went back from running to enqueued.
        files: names of its files in order; None before it runs for the first time.
        visible_count: number of files that clients can see by now.
        bytes: size of all files.
        truncated: whether rows are missing because the job reached its maximum size.
        ended: time of its end; None before.
    """

    id: int
    query: Query
    format: FormatName
    delimiter: str
    scheduled: datetime
    state: State = "enqueued"
    polls: int = 0
    restarts: int = 0
    files: list[str] | None = None
    visible_count: int = 0
    bytes: int = 0
    truncated: bool = False
    ended: datetime | None = None

    @property
    def visible_files(self) -> list[str]:
        """Names of the files that clients can see by now."""
        return (self.files or [])[: self.visible_count]

    def enter(self, state: State) -> None:
        """Enter a state. The poll that causes this counts as the first in the new state."""
        self.state = state
        self.polls = 1
