"""The queue of the jobs of all streams: a few run at Iterable at a time, the others wait.

There is no background thread. The readers of rows call `tick` now and then, so that the jobs of the
next streams run at Iterable while the rows of the current one are read.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

from iterable_api.errors import (
    ApiError,
    BadRequestError,
    NotFoundError,
    TransientApiError,
    UnknownOutcomeError,
    UnreadableAnswerError,
)
from iterable_api.rate_limits.job_slots import JobSlots
from iterable_api.waiting.retry_policy import EXPORT_JOB, EXPORT_JOB_STATE
from tap_iterable.export.clock import Clock
from tap_iterable.export.job import ExportJobError, Job
from tap_iterable.export.job_api import COMPLETED, JobApi
from tap_iterable.export.windows import OversizeError

_FAILED: Final = frozenset({"failed", "cancelling", "cancelled"})

_NO_SLOT_SECONDS: Final = 10
"""How long to wait before a slot is asked for again, when other taps of the organisation have them all."""

_logger = logging.getLogger(__name__)


class JobQueue:
    """Runs up to `at_once` jobs at Iterable, and never touches jobs that it was not given.

    Args:
        api: the endpoints.
        at_once: how many jobs of this queue run at a time.
        clock: the clock of waits.
        slots: those of the organisation, which other queues take, too.
    """

    def __init__(self, api: JobApi, at_once: int, clock: Clock, slots: JobSlots | None = None) -> None:
        self._slots = slots
        self._api = api
        self._at_once = at_once
        self._clock = clock
        self._waiting: list[Job] = []
        self._running: list[Job] = []

    def add(self, jobs: Iterable[Job]) -> None:
        """Start `jobs` after all others. A job with an id is running already, or was when it was saved."""
        for job in jobs:
            (self._waiting if job.id is None else self._running).append(job)

    def add_first(self, jobs: Iterable[Job]) -> None:
        """Start `jobs` before all others."""
        self._waiting[:0] = jobs

    def tick(self) -> None:
        """Poll the jobs that are due, and start as many jobs as may run."""
        for job in [job for job in self._running if job.next_poll <= self._clock.now()]:
            self._poll(job)
        while due := [job for job in self._startable() if job.next_poll <= self._clock.now()]:
            self._waiting.remove(due[0])
            self._start(due[0])

    def wait_for(self, job: Job) -> None:
        """Wait until `job` is completed.

        Raises:
            ExportJobError: if it has failed for good.
            OversizeError: if Iterable truncated it because of its size.
        """
        self.tick()
        while not job.ended:
            earliest = min(other.next_poll for other in [*self._running, *self._startable()])
            self._clock.sleep(max(0.0, earliest - self._clock.now()))
            self.tick()
        if job.error is not None:
            raise job.error
        if job.truncated:
            raise OversizeError(f"Export job {job.id} of {job.data_type} is larger than a job may be")

    def _startable(self) -> list[Job]:
        return self._waiting if len(self._running) < self._at_once else []

    def _start(self, job: Job) -> None:
        now = self._clock.now()
        if self._slots is not None and not self._slots.take(job.slot):
            self._waiting.insert(0, job)
            _logger.info("All export jobs that the organisation may run at a time are taken: %s waits.", job.data_type)
            for waiting in self._waiting:
                waiting.next_poll = max(waiting.next_poll, now + _NO_SLOT_SECONDS)
            return
        try:
            job.id = self._api.start(job.data_type, job.window)
        except UnknownOutcomeError as error:
            # If it has started after all, it ends by itself: its id is unknown.
            self._resubmit(job, str(error))
        except (TransientApiError, UnreadableAnswerError):
            self._give_back(job)
            raise
        except ApiError as error:
            job.error = error
            self._give_back(job)
        else:
            job.started, job.polls, job.next_poll = now, 0, now + EXPORT_JOB_STATE.wait(1)
            self._running.append(job)
            job.save()

    def _poll(self, job: Job) -> None:
        if job.id is None:
            raise ValueError("A job without an id cannot be polled")
        if self._slots is not None:
            # One that an earlier run has started, and that has no slot any more, runs all the same.
            self._slots.take(job.slot)
        try:
            page = self._api.page(job.id, job.last_file)
        except (NotFoundError, BadRequestError) as error:
            self._resubmit(job, f"Iterable does not know it any more: {error}")
            return
        if page.state in _FAILED:
            self._resubmit(job, f"it is {page.state}")
        elif page.state == COMPLETED:
            self._leave(job)
            job.completed, job.truncated = True, page.truncated
        else:
            self._schedule_poll(job, job.id)

    def _schedule_poll(self, job: Job, job_id: int) -> None:
        """Set the time of the next poll. Unknown states count as running, since a job may go back to being queued."""
        now = self._clock.now()
        if EXPORT_JOB_STATE.is_over(now - job.started):
            self._api.cancel(job_id)
            self._leave(job)
            job.error = ExportJobError(
                f"Export job {job_id} of {job.data_type} did not complete in 24 hours and was cancelled. Run again; "
                "if it happens again, read the stream with `export_mode` set to `stream`."
            )
        job.polls += 1
        job.next_poll = now + EXPORT_JOB_STATE.wait(job.polls + 1)

    def _leave(self, job: Job) -> None:
        if job in self._running:
            self._running.remove(job)
        self._give_back(job)

    def _give_back(self, job: Job) -> None:
        if self._slots is not None:
            self._slots.give_back(job.slot)

    def _resubmit(self, job: Job, reason: str) -> None:
        """Submit a failed job again, unless all attempts are used up."""
        job.failures += 1
        text = f"Export job {job.id or ''} of {job.data_type} failed: {reason}".replace("  ", " ")
        self._leave(job)
        job.id = job.last_file = None
        if job.failures >= EXPORT_JOB.attempts:
            job.error = ExportJobError(f"{text}. It was submitted {job.failures} times; run again later.")
        else:
            _logger.warning("%s. It is submitted again.", text)
            job.next_poll = self._clock.now() + EXPORT_JOB.wait(job.failures)
            self._waiting.insert(0, job)
        job.save()
