"""The life of export jobs. Every poll of any job is a step of time for all: none runs only while it is watched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from iterable_sandbox.export_jobs import files
from iterable_sandbox.exports.formats import FormatName
from iterable_sandbox.exports.job import FINAL, Job, State
from iterable_sandbox.exports.lines import Query
from iterable_sandbox.project.project import Project
from iterable_sandbox.wire.responses import bad_params, not_found

MAX_RUNNING_JOBS: Final = 4
"""How many jobs of an organisation run at once; the others wait."""
_FIRST_ID: Final = 3_562


def start(project: Project, query: Query, format_: FormatName, delimiter: str) -> Job:
    """A new job, even if one like it is there."""
    job = Job(_FIRST_ID + len(project.export_jobs), query, format_, delimiter, project.clock.moment())
    project.export_jobs[job.id] = job
    return job


def get(project: Project, job_id: int) -> Job:
    """One job.

    Raises:
        RefusedError: 404 or 400, as the settings say, if there is no such job.
    """
    job = project.export_jobs.get(job_id)
    if job is not None:
        return job
    msg = f"Export job not found: {job_id}"
    if project.settings.unknown_export_job == "bad_params":
        raise bad_params(msg)
    raise not_found(msg)


def cancel(project: Project, job: Job) -> None:
    """End a job that waits or runs. One that runs is `cancelling` for a while.

    Raises:
        RefusedError: 400 if it has ended; what the real one says then is not known.
    """
    if job.state in FINAL:
        raise bad_params(f"Export job {job.id} is {job.state}")
    if job.state == "enqueued":
        _end(project, job, "cancelled")
    elif job.state == "running":
        job.state, job.polls = "cancelling", 0


def poll(project: Project) -> None:
    """Let every job grow older by one poll, and move on if it is old enough."""
    jobs = [job for job in project.export_jobs.values() if job.state not in FINAL]
    for job in jobs:
        job.polls += 1
        _reveal(project, job)
    while sum(_advance(project, job) for job in jobs):
        pass


def _advance(project: Project, job: Job) -> bool:
    """Move a job on by one state if it is time."""
    before = job.state
    if job.polls > project.settings.export_polls and job.state in _NEXT_STEP:
        _NEXT_STEP[job.state](project, job)
    return job.state != before


def _run(project: Project, job: Job) -> None:
    """Run if there is room. A job that runs again keeps the files that it has written."""
    running = sum(other.state == "running" for other in project.export_jobs.values())
    if running < MAX_RUNNING_JOBS:
        if job.files is None:
            files.write(project, job)
        job.enter("running")
        _reveal(project, job)


def _finish_run(project: Project, job: Job) -> None:
    """After running: back to the queue, as after a restart of Iterable's, or to the end."""
    if job.restarts < project.settings.export_restarts:
        job.restarts += 1
        job.enter("enqueued")
        return
    place = list(project.export_jobs).index(job.id)
    _end(project, job, "failed" if place < project.settings.export_failures else "completed")


def _reveal(project: Project, job: Job) -> None:
    """Files show up one by one while a job runs, and stay."""
    if job.state == "running" and job.files:
        polls = project.settings.export_polls
        job.visible_count = max(job.visible_count, len(job.files) * min(job.polls, polls) // (polls + 1))


def _end(project: Project, job: Job, state: State) -> None:
    job.enter(state)
    job.ended = project.clock.moment()
    if state == "completed":
        job.visible_count = len(job.files or ())


_NEXT_STEP: Final[Mapping[State, Callable[[Project, Job], None]]] = {
    "enqueued": _run,
    "running": _finish_run,
    "cancelling": lambda project, job: _end(project, job, "cancelled"),
}
