"""Export jobs of one stream: it submits windows, and reads the lines of each when its turn comes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

from iterable_api.http.client import IterableClient
from tap_iterable.export.clock import Clock
from tap_iterable.export.content_check import Check
from tap_iterable.export.job import Job, Saved, restore_job
from tap_iterable.export.job_api import JobApi
from tap_iterable.export.job_files import JobFiles
from tap_iterable.export.job_queue import JobQueue
from tap_iterable.export.windows import Window

STATE_KEY: Final = "export_jobs"
"""Key of the jobs in the state of a stream."""


class JobService:
    """The queue of jobs and the access to their files, shared by all streams."""

    def __init__(self, client: IterableClient, at_once: int, directory: Path | None, clock: Clock) -> None:
        api = JobApi(client)
        self.queue = JobQueue(api, at_once, clock, client.job_slots)
        self.files = JobFiles(api, clock, directory, client.timeout, client.on_answer)


class StreamJobs:
    """The jobs of one stream, by their windows.

    Args:
        service: the queue and the files, shared with other streams.
        data_type: Iterable's name of what the jobs export.
        update_state: puts entries into the stream's state and writes it.
        check: checks each file before its first line is read.
    """

    def __init__(self, service: JobService, data_type: str, update_state: Callable[..., None], check: Check) -> None:
        self._service = service
        self._data_type = data_type
        self._update_state = update_state
        self._check = check
        self._jobs: dict[Window, Job] = {}

    def adopt(self, state: Mapping[str, Any], start: datetime, end: datetime) -> list[Window]:
        """Take over the jobs that an interrupted run left in the state, and return their windows, in order.

        A job that does not lie in [start, end), or that overlaps an earlier one, is left to itself.
        """
        found = [restore_job(self._data_type, saved, self._save) for saved in state.get(STATE_KEY) or ()]
        for job in sorted(filter(None, found), key=lambda job: job.window.start):
            if start <= job.window.start and job.window.end <= end:
                self._jobs[job.window] = job
                start = job.window.end
        self._service.queue.add(self._jobs.values())
        return list(self._jobs)

    def submit(self, windows: Iterable[Window], *, first: bool = False) -> None:
        """Submit a job for each window, after those of other streams or, with `first`, before them."""
        jobs = {window: Job(self._data_type, window, self._save) for window in windows}
        self._jobs.update(jobs)
        (self._service.queue.add_first if first else self._service.queue.add)(jobs.values())

    def __contains__(self, window: Window) -> bool:
        """Whether a window is read by a job."""
        return window in self._jobs

    def files(self, window: Window) -> Iterator[IO[bytes]]:
        """Wait for the job of a window, then yield its files; see `JobQueue.wait_for`."""
        job = self._jobs[window]
        self._service.queue.wait_for(job)
        yield from self._service.files.each(job, self._check)

    def tick(self) -> None:
        """Poll and start the jobs of the next windows and streams; see `JobQueue.tick`."""
        self._service.queue.tick()

    def discard(self, window: Window) -> None:
        """Drop the job of a window that was read or is halved."""
        self._jobs.pop(window, None)

    def to_state(self) -> dict[str, list[Saved]]:
        """The entry of the state: the jobs that Iterable has. It is written also when there are none."""
        return {STATE_KEY: [job.to_state() for job in self._jobs.values() if job.id is not None]}

    def _save(self) -> None:
        self._update_state(**self.to_state())
