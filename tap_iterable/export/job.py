"""One export job of ours, from the wish for it to its last file, and how the state keeps it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from iterable_api.errors import IterableError
from iterable_api.facts import timestamps
from tap_iterable.export.windows import Window

Saved = dict[str, Any]


class ExportJobError(IterableError):
    """An export job did not come to a good end."""


@dataclass(eq=False)
class Job:
    """What is wanted and how far it is.

    Attributes:
        save: writes the state of the stream, with this job in it.
        id: Iterable's id; None while it is not started.
        started: when, in seconds since the epoch.
        last_file: the last file whose rows were emitted.
        look_at: when to look at it, or to start it, next.
        looks: how often it was looked at, and was not completed.
        error: why it will never complete.
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

    @property
    def ended(self) -> bool:
        """Whether waiting for it has an end, good or bad."""
        return self.completed or self.error is not None

    def saved(self) -> Saved:
        """What a later run needs in order to go on with this job."""
        return {
            "jobId": self.id,
            "startDateTime": timestamps.to_rfc3339(self.window.start),
            "endDateTime": timestamps.to_rfc3339(self.window.end),
            # Whole seconds: the SDK reads decimals of a state as another type than it writes.
            "started": int(self.started),
            "lastFile": self.last_file,
        }


def restore_job(data_type: str, saved: Mapping[str, Any], save: Callable[[], None]) -> Job | None:
    """The job that an earlier run left in the state; None if somebody changed it beyond recognition."""
    start, end = (timestamps.parse(str(saved.get(name))) for name in ("startDateTime", "endDateTime"))
    job_id, started = saved.get("jobId"), saved.get("started")
    if not isinstance(job_id, int) or not isinstance(started, int) or start is None or end is None:
        return None
    return Job(data_type, Window(start, end), save, job_id, float(started), saved.get("lastFile"))
