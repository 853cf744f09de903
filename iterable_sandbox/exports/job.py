"""One export job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from iterable_sandbox.exports.formats import FormatName
from iterable_sandbox.exports.lines import Query

State = Literal["enqueued", "running", "completed", "failed", "cancelling", "cancelled"]

STATES: Final[tuple[State, ...]] = ("enqueued", "running", "completed", "failed", "cancelling", "cancelled")
"""As they are on the wire; the contract writes them with capitals."""
FINAL: Final[frozenset[State]] = frozenset({"completed", "failed", "cancelled"})


@dataclass
class Job:
    """A job and how far it is.

    Attributes:
        polls: how many polls saw the job in its present state.
        restarts: how often it went back from running to enqueued.
        files: the names of its files in order; None until it runs for the first time.
        visible: how many of them a client may see by now.
        truncated: whether it would have grown larger than a job may.
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
        """The names of the files that a client may see."""
        return (self.files or [])[: self.visible_count]

    def enter(self, state: State) -> None:
        """Move on. The poll that moves a job is the first that sees its new state."""
        self.state = state
        self.polls = 1
