"""Life cycle of export jobs. Each poll of any job advances all of them, so that no job depends on its own polls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from iterable_api.facts.limits import EXPORT_JOBS_AT_ONCE
from iterable_sandbox.export_jobs import files
from iterable_sandbox.exports.formats import FormatName
from iterable_sandbox.exports.job import FINAL, Job, State
from iterable_sandbox.exports.lines import Query
from iterable_sandbox.project.project import Project
from iterable_sandbox.wire.responses import bad_params, not_found

_FIRST_ID: Final = 3_562


def start(project: Project, query: Query, format_: FormatName, delimiter: str) -> Job:
    """Create a job, also if there is an equal one."""
    job = Job(_FIRST_ID + len(project.export_jobs), query, format_, delimiter, project.clock.moment())
    project.export_jobs[job.id] = job
    return job


def get(project: Project, job_id: int) -> Job:
    """Find a job by id.

    Raises:
        RefusedError: 404 or 400, by the setting `unknown_export_job`, if there is no such job.
    """
    job = project.export_jobs.get(job_id)
    if job is not None:
        return job
    msg = f"Export job not found: {job_id}"
    if project.settings.unknown_export_job == "bad_params":
        raise bad_params(msg)
    raise not_found(msg)


def cancel(project: Project, job: Job) -> None:
    """Cancel a job. A running one is `cancelling` for some polls.

    Raises:
        RefusedError: 400 if the job has ended. Iterable's answer is not known.
    """
    if job.state in FINAL:
        raise bad_params(f"Export job {job.id} is {job.state}")
    if job.state == "enqueued":
        _end(project, job, "cancelled")
    elif job.state == "running":
        job.state, job.polls = "cancelling", 0


def poll(project: Project) -> None:
    """Count a poll for all jobs, and advance those that have been long enough in their state."""
    jobs = [job for job in project.export_jobs.values() if job.state not in FINAL]
    for job in jobs:
        job.polls += 1
        _reveal(project, job)
    while sum(_advance(project, job) for job in jobs):
        pass


def _advance(project: Project, job: Job) -> bool:
    """Advance a job by one state if it is due, and return whether it has moved."""
    before = job.state
    if job.polls > project.settings.export_polls and job.state in _NEXT_STEP:
        _NEXT_STEP[job.state](project, job)
    return job.state != before


def _run(project: Project, job: Job) -> None:
    """Start a job unless too many are running. A restarted job keeps its files."""
    running = sum(other.state == "running" for other in project.export_jobs.values())
    if running < EXPORT_JOBS_AT_ONCE:
        if job.files is None:
            files.write(project, job)
        job.enter("running")
        _reveal(project, job)


def _finish_run(project: Project, job: Job) -> None:
    """End a run: back to the queue, as after a restart at Iterable, or to a final state."""
    if job.restarts < project.settings.export_restarts:
        job.restarts += 1
        job.enter("enqueued")
        return
    place = list(project.export_jobs).index(job.id)
    _end(project, job, "failed" if place < project.settings.export_failures else "completed")


def _reveal(project: Project, job: Job) -> None:
    """Make the files of a running job visible one by one. Visible files stay visible."""
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
