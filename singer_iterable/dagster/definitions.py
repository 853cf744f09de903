"""All definitions of a list of projects."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import dagster as dg

from singer_iterable.dagster.automation import schedules, webhook_sensors
from singer_iterable.dagster.execution import Executor
from singer_iterable.dagster.extracts import AssetOptions, extract_asset
from singer_iterable.dagster.projects import IterableProject, WrongProjectError
from singer_iterable.dagster.syncs import sync_asset


def iterable_definitions(
    projects: Sequence[IterableProject],
    *,
    state_store: str,
    work_directory: str = "iterable-runs",
    retry_policy: dg.RetryPolicy | None = None,
    days_per_run: int | None = None,
    hour: int = 6,
) -> dg.Definitions:
    """Assets with checks, jobs, schedules and sensors of projects.

    Args:
        projects: the projects.
        state_store: where the states of runs are kept: `s3://BUCKET/PREFIX` or the like, the URL of a PostgreSQL
            database, or, where all workers are on one machine, the path of a SQLite file. It may be a `dg.EnvVar`.
        work_directory: the directory of the worker in which a run leaves its files, such as rejects.
        retry_policy: for failures that may pass. By default two retries, after one and two minutes or so.
        days_per_run: how many days of a backfill one run reads. By default a backfill is one run.
        hour: the hour of the day at which schedules run, in the timezone of the project. Events arrive late: what comes
            after this hour of the next day is not in the partition until that is read again.

    Raises:
        WrongProjectError: if two projects have the same name.
    """
    names = [project.name for project in projects]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise WrongProjectError(f"Several projects have the same name: {', '.join(doubled)}.")
    options = AssetOptions(
        Executor(state_store, work_directory),
        retry_policy
        or dg.RetryPolicy(max_retries=2, delay=60, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS),
        dg.BackfillPolicy.multi_run(days_per_run) if days_per_run else dg.BackfillPolicy.single_run(),
    )
    with warnings.catch_warnings():
        # Dagster calls some parameters beta: the range of the extra ends before the next minor version for their sake.
        warnings.simplefilter("ignore", dg.BetaWarning)
        return _definitions(projects, options, hour)


def _definitions(projects: Sequence[IterableProject], options: AssetOptions, hour: int) -> dg.Definitions:
    return dg.Definitions(
        assets=[
            *(extract_asset(project, group, options) for project in projects for group in project.all_groups),
            *(sync_asset(project, sync, options) for project in projects for sync in project.syncs),
        ],
        schedules=[schedule for project in projects for schedule in schedules(project, hour)],
        sensors=[sensor for project in projects for sensor in webhook_sensors(project)],
    )
