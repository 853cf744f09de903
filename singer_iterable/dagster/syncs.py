"""Assets that are written into a project by target-iterable, with their checks."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import dagster as dg

from singer_iterable.dagster.extracts import AssetOptions, tags_of
from singer_iterable.dagster.pools import project_pool
from singer_iterable.dagster.projects import IterableProject, Plugin, TargetSync
from singer_iterable.running.steps import Step, StepEnded

TARGET: Final = "target-iterable"
REJECTS: Final = "rejects"


def sync_asset(project: IterableProject, sync: TargetSync, options: AssetOptions) -> dg.AssetsDefinition:
    """The asset of a sync, with the check of its rejects. The check does not run without it."""
    key = dg.AssetKey([project.name, sync.name])

    @dg.asset(
        key=key,
        group_name=project.name,
        description=f"Records that {sync.extractor.name} reads, written into the project by target-iterable.",
        metadata={"streams": [*sync.streams]},
        tags=tags_of(project),
        kinds={"iterable"},
        deps=[dg.AssetKey(dep) for dep in sync.deps],
        check_specs=[
            dg.AssetCheckSpec(
                REJECTS,
                asset=key,
                description=f"At most {sync.max_rejected_share:.2%} of the records read were rejected.",
            )
        ],
        freshness_policy=dg.FreshnessPolicy.time_window(timedelta(hours=sync.fresh_within_hours)),
        retry_policy=options.retry_policy,
        pool=project_pool(project),
    )
    def synced(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        name, target = f"{project.name}/{sync.name}", Plugin(TARGET, sync.target)
        step = Step(sync.extractor, target, name, sync.streams, metadata=sync.metadata, goes_on=True, pipeline=name)
        ended = options.executor.run(context, step)
        yield dg.MaterializeResult(metadata=dict(_metadata(ended)), check_results=[_check(sync, ended)])

    return synced


def _check(sync: TargetSync, ended: StepEnded) -> dg.AssetCheckResult:
    if (numbers := ended.loaded) is None:
        return dg.AssetCheckResult(
            passed=False,
            check_name=REJECTS,
            severity=dg.AssetCheckSeverity.WARN,
            description="Nothing is known of the run: its `run_history` is empty, or could not be written.",
        )
    share = numbers.rejected_share
    return dg.AssetCheckResult(
        passed=share <= sync.max_rejected_share,
        check_name=REJECTS,
        metadata={"share": share, "allowed": sync.max_rejected_share, "reasons": dict(numbers.reject_reasons)},
    )


def _metadata(ended: StepEnded) -> Iterator[tuple[str, Any]]:
    yield "seconds", ended.seconds
    if ended.folder is not None:
        yield "files", dg.MetadataValue.path(str(ended.folder))
    if (numbers := ended.loaded) is None:
        return
    totals = numbers.totals
    for name in ("read", "written", "unchanged", "rejected", "removed", "requests", "retries"):
        yield name, getattr(totals, name) or 0
    yield from (("streams", dict(numbers.rows)), ("rejected_share", numbers.rejected_share), ("run", numbers.run))
