"""An export job of this tap, from its request to its last file, and its form in the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from iterable_api.errors import IterableError
from iterable_api.facts import timestamps
from iterable_api.rate_limits.job_slots import new_slot
from tap_iterable.export.windows import Window

Saved = dict[str, Any]


class ExportJobError(IterableError):
    """An export job failed for good."""


@dataclass(eq=False)
class Job:
    """An export job and its progress.

    Attributes:
        save: writes the state of the stream, with this job in it.
        id: Iterable's id; None before the start.
        started: time of the start, in seconds since the epoch.
        last_file: name of the last file whose rows were emitted.
        failures: number of failed submissions and runs.
        next_poll: time of the next poll, or of the next start, in seconds since the epoch.
        polls: number of polls that found it not completed.
        completed: whether all files are written.
        truncated: whether Iterable left rows out because there were too many.
        error: the reason why it will never complete.
        slot: name of its slot among those of the organisation.
    """

    data_type: str
    window: Window
    save: Callable[[], None]
    id: int | None = None
    started: float = 0.0
    last_file: str | None = None
    failures: int = 0
    next_poll: float = 0.0
    polls: int = 0
    completed: bool = False
    truncated: bool = False
    error: Exception | None = None
    slot: str = field(default_factory=new_slot)

    @property
    def ended(self) -> bool:
        """Whether it is completed or has failed for good."""
        return self.completed or self.error is not None

    def to_state(self) -> Saved:
        """The entry of the state with which a later run can go on with this job."""
        return {
            "jobId": self.id,
            "startDateTime": timestamps.to_rfc3339(self.window.start),
            "endDateTime": timestamps.to_rfc3339(self.window.end),
            # Whole seconds: the SDK reads decimals of a state as another type than it has written.
            "started": int(self.started),
            "lastFile": self.last_file,
            "slot": self.slot,
        }


def restore_job(data_type: str, saved: Mapping[str, Any], save: Callable[[], None]) -> Job | None:
    """The job of an entry that an earlier run left in the state; None if the entry has another form."""
    start, end = (timestamps.parse(str(saved.get(name))) for name in ("startDateTime", "endDateTime"))
    job_id, started, last_file = (saved.get(name) for name in ("jobId", "started", "lastFile"))
    if not isinstance(job_id, int) or not isinstance(started, int) or not isinstance(last_file, str | None):
        return None
    if start is None or end is None or start >= end:
        return None
    job = Job(data_type, Window(start, end), save, job_id, float(started), last_file)
    # States of earlier versions have none.
    job.slot = str(saved.get("slot") or job.slot)
    return job
