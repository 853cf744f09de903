"""When assets are read and written: jobs, schedules, and the sensor of the store of webhooks. All are off at first."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import dagster as dg

from iterable_webhooks.store.errors import WebhookStoreError
from iterable_webhooks.store.reader import StoreReader
from singer_iterable.dagster.projects import IterableProject
from singer_iterable.dagster.secrets import Secrets
from singer_iterable.dagster.stream_groups import WEBHOOKS, Reading, StreamGroup

_SENSOR_SECONDS: Final = 60
_UNFINISHED: Final = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


def schedules(project: IterableProject, hour: int) -> Iterator[Any]:
    """Schedules: for its days, for all else that is read, and for each sync with a `cron`. Their type is private."""
    if by_day := [group for group in project.groups if group.reading is Reading.BY_DAY]:
        job = _job(project, f"{project.name}_days", by_day)
        yield dg.build_schedule_from_partitioned_job(job, hour_of_day=hour, description="Reads the day that is over.")
    if others := [group for group in project.groups if group.reading is not Reading.BY_DAY]:
        job = _job(project, f"{project.name}_state", others)
        yield dg.ScheduleDefinition(job=job, cron_schedule=f"0 {hour} * * *", execution_timezone=project.timezone)
    for sync in project.syncs:
        if sync.cron is not None:
            name = f"{project.name}_{sync.name}"
            job = dg.define_asset_job(f"{name}_job", selection=dg.AssetSelection.assets([project.name, sync.name]))
            yield dg.ScheduleDefinition(
                name=f"{name}_schedule", job=job, cron_schedule=sync.cron, execution_timezone=project.timezone
            )


def webhook_sensors(project: IterableProject) -> Iterator[dg.SensorDefinition]:
    """The sensor of a project with a store of webhooks: a run for what has come since the last one."""
    place = project.tap.get("webhook_store")
    if not place:
        return
    job = _job(project, f"{project.name}_webhooks", [WEBHOOKS])

    @dg.sensor(
        name=f"{project.name}_webhook_deliveries",
        job=job,
        minimum_interval_seconds=_SENSOR_SECONDS,
        description="Asks for a run when the store of webhooks has new deliveries.",
    )
    def deliveries(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        try:
            cursor = _end_of_store(Secrets().plain(place))
        except WebhookStoreError as error:
            return dg.SkipReason(str(error))
        if cursor == context.cursor:
            return dg.SkipReason("Nothing has come since the last run.")
        wanted = dg.RunsFilter(job_name=job.name, statuses=[*_UNFINISHED])
        if context.instance.get_runs(wanted, limit=1):
            return dg.SkipReason("The last run is not over yet; the next one takes what has come meanwhile.")
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=cursor)], cursor=cursor)

    yield deliveries


def _end_of_store(place: str) -> str:
    """Where the store ends: its id and a position, so that a cursor means nothing to another store."""
    with StoreReader(place) as reader:
        return f"{reader.store_id}:{reader.last_position}"


def _job(project: IterableProject, name: str, groups: Sequence[StreamGroup]) -> Any:
    selection = dg.AssetSelection.assets(*([project.name, group.name] for group in groups))
    return dg.define_asset_job(name, selection=selection, tags={"iterable/project": project.name})
