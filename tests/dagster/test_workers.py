"""Days of events on several workers: processes that share an instance, its pools, and the store of states."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dagster as dg
import psutil
import pytest

from tests.dagster.projects import Loaded, definitions, run
from tests.dagster.waiting import PATIENCE_SECONDS, wait_until

pytestmark = pytest.mark.more

DAGSTER = str(Path(sys.executable).with_name("dagster"))
NORTH = Path(__file__).with_name("north.py")
EXPORT = "GET /api/export/data.json"
KEY = dg.AssetKey(["north", "emails"])
DAY = "2026-10-07"
FIRST, LAST = "2026-10-05", "2026-10-10"
HALVES = ("2026-10-05...2026-10-07", "2026-10-08...2026-10-10")
STARTED = dg.DagsterEventType.STEP_START


def worker(folder: Path, *options: str) -> subprocess.Popen[bytes]:
    command = [DAGSTER, "asset", "materialize", "--select", "north/emails", "-f", str(NORTH), *options]
    with (folder / f"worker{options[-1]}.log").open("wb") as log:
        return subprocess.Popen(command, cwd=NORTH.parents[2], stdout=log, stderr=log)


def span(instance: dg.DagsterInstance, run_id: str) -> tuple[float, float]:
    """When the step of a run began and ended."""
    kinds = {STARTED, dg.DagsterEventType.STEP_SUCCESS}
    begun, ended = (entry.timestamp for entry in instance.all_logs(run_id, of_type=kinds))
    return begun, ended


def test_a_backfill_on_two_workers_is_one_run_for_each_range_and_one_at_a_time_for_the_project(
    north: Loaded, instance: dg.DagsterInstance
) -> None:
    workers = [worker(north.folder, "--partition-range", HALVES[0])]
    # On SQLite, Dagster gives one slot to two steps that ask at the same moment.
    wait_until(lambda: any(instance.all_logs(one.run_id, of_type={STARTED}) for one in instance.get_runs()))
    workers.append(worker(north.folder, "--partition-range", HALVES[1]))
    assert [one.wait(PATIENCE_SECONDS) for one in workers] == [0, 0]
    assert north.loaded("email_send") == north.happened("emailSend", FIRST, LAST)
    assert north.loaded("email_click") == north.happened("emailClick", FIRST, LAST)
    assert len(instance.get_materialized_partitions(KEY)) == 6
    runs = [one.run_id for one in instance.get_runs()]
    assert len(runs) == 2
    assert len(north.sandbox.requests(EXPORT)) == 2 * 2
    spans = sorted(span(instance, one) for one in runs)
    assert spans[0][1] <= spans[1][0]


def test_a_worker_that_is_killed_leaves_nothing_running_and_its_day_to_be_read_again(
    north: Loaded, instance: dg.DagsterInstance
) -> None:
    where = {"dataTypeName": "emailSend"}
    slow = north.sandbox.inject("slow", route=EXPORT, where=where, bytes=4_000, seconds=0.2, times=1)
    dying = worker(north.folder, "--partition", DAY)
    wait_until(lambda: slow.struck == 1)
    family = [psutil.Process(dying.pid), *psutil.Process(dying.pid).children(recursive=True)]
    plugins = [
        one for one in family if {"tap-iterable", "target-postgres"} & {Path(part).name for part in one.cmdline()}
    ]
    assert len(plugins) == 2
    for one in family:
        if one not in plugins:
            one.kill()
    assert psutil.wait_procs(plugins, timeout=PATIENCE_SECONDS)[1] == []
    dying.wait(PATIENCE_SECONDS)
    assert instance.get_materialized_partitions(KEY) == set()
    [dead] = instance.get_runs()
    # The monitoring of runs does both, in Dagster's daemon.
    instance.report_run_failed(dead)
    instance.event_log_storage.free_concurrency_slots_for_run(dead.run_id)
    assert run(definitions(), "emails", instance, partition_key=DAY).success
    assert instance.get_materialized_partitions(KEY) == {DAY}
    assert north.loaded("email_send") == north.happened("emailSend", DAY, DAY)
