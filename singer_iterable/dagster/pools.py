"""Concurrency pools, one for each scope in which Iterable limits requests.

Dagster counts the steps in a pool over all runs and workers. Limits belong to the instance, so the definitions name
pools only; `pool_limits` says what to set.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from singer_iterable.dagster.projects import IterableProject
from singer_iterable.dagster.stream_groups import Reading, StreamGroup

JOBS_OF_AN_ORGANISATION: Final = 4
"""Export jobs that Iterable runs at a time for one organisation."""
JOBS_AT_ONCE: Final = "export_jobs_at_once"


def project_pool(project: IterableProject) -> str:
    """The pool of all that uses up the limits of the project."""
    return f"iterable_project_{project.name}"


def organisation_pool(project: IterableProject) -> str:
    """The pool of all that may start export jobs, which the organisation shares."""
    return f"iterable_organisation_{project.organisation}"


def pool_of(project: IterableProject, group: StreamGroup) -> str:
    """The pool of an asset that is read."""
    may_start_jobs = group.reading is not Reading.WHOLE and project.export_mode != "stream"
    return organisation_pool(project) if may_start_jobs else project_pool(project)


def job_settings(project: IterableProject) -> Mapping[str, Any]:
    """Settings of the tap that go with its pool: a slot is one export job, unless the tap is given more."""
    return {JOBS_AT_ONCE: 1, "export_mode": project.export_mode}


def pool_limits(projects: Iterable[IterableProject]) -> Mapping[str, int]:
    """Pool -> how many steps may be in it at a time.

    One for a project: a second one would wait for the same limits. For an organisation as many as have export jobs.
    """
    limits: dict[str, int] = {}
    for project in projects:
        limits[project_pool(project)] = 1
        if project.export_mode != "stream":
            slots = max(JOBS_OF_AN_ORGANISATION // int(project.tap.get(JOBS_AT_ONCE, 1)), 1)
            pool = organisation_pool(project)
            limits[pool] = min(limits.get(pool, slots), slots)
    return limits
