"""Assets that are read from a project: a group of streams each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import dagster as dg

from singer_iterable.dagster.execution import Executor, Work
from singer_iterable.dagster.pools import job_settings, pool_of
from singer_iterable.dagster.projects import IterableProject, Plugin
from singer_iterable.dagster.stream_groups import Reading, StreamGroup
from singer_iterable.running.steps import StepEnded

TAP: Final = "tap-iterable"


@dataclass(frozen=True)
class AssetOptions:
    """What all assets have in common."""

    executor: Executor
    retry_policy: dg.RetryPolicy
    backfill_policy: dg.BackfillPolicy


def days_of(project: IterableProject) -> dg.DailyPartitionsDefinition:
    """The partitions of its events: days that are over, in its timezone."""
    return dg.DailyPartitionsDefinition(project.first_day, timezone=project.timezone)


def extract_asset(project: IterableProject, group: StreamGroup, options: AssetOptions) -> dg.AssetsDefinition:
    """The asset of a group of streams."""
    is_by_day = group.reading is Reading.BY_DAY

    @dg.asset(
        key=[project.name, group.name],
        group_name=project.name,
        description=f"{group.about} Read {group.reading.value}.".lstrip(),
        metadata={"streams": [*group.streams]},
        tags=tags_of(project),
        kinds={"iterable"},
        partitions_def=days_of(project) if is_by_day else None,
        backfill_policy=options.backfill_policy if is_by_day else None,
        retry_policy=options.retry_policy,
        pool=pool_of(project, group),
    )
    def extract(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        window = context.partition_time_window if is_by_day else None
        ended = options.executor.run(context, _work(project, group, window))
        return dg.MaterializeResult(metadata=dict(_metadata(ended, window)))

    return extract


def tags_of(project: IterableProject) -> dict[str, str]:
    """Tags of all assets of a project."""
    return {"iterable/project": project.name, "iterable/organisation": project.organisation}


def _work(project: IterableProject, group: StreamGroup, window: dg.TimeWindow | None) -> Work:
    folder, dates = f"{project.name}/{group.name}", _dates(project, window)
    name = folder if window is None else f"{folder}/{window.start:%Y-%m-%d}..{window.end:%Y-%m-%d}"
    return Work(
        folder,
        name,
        Plugin(TAP, {**job_settings(project), **project.tap, **dates}),
        project.loader,
        group.streams,
        group.without,
        goes_on=group.reading is Reading.ON,
    )


def _dates(project: IterableProject, window: dg.TimeWindow | None) -> Mapping[str, str]:
    if window is None:
        return {"start_date": project.first_day}
    return {"start_date": window.start.isoformat(), "end_date": window.end.isoformat()}


def _metadata(ended: StepEnded, window: dg.TimeWindow | None) -> Iterator[tuple[str, Any]]:
    yield "seconds", ended.seconds
    if window is not None:
        yield "from", window.start.isoformat()
        yield "until", window.end.isoformat()
    if (numbers := ended.extracted) is None:
        return
    totals = numbers.totals
    yield from (
        ("rows", totals.read),
        ("requests", totals.requests),
        ("retries", totals.retries),
        ("bytes", totals.bytes),
    )
    yield from (("streams", dict(numbers.rows)), ("malformed", totals.malformed or 0), ("run", numbers.run))
    if window is not None and window.end - window.start <= timedelta(days=1, hours=1):
        # Dagster draws this one by itself. A day has 25 hours where the clock is set back.
        yield "dagster/partition_row_count", totals.read
