"""The examples of Dagster and Airflow do what their READMEs say: the commands that are written there are run here."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest
from dagster._core.definitions.freshness import FreshnessState
from dagster._core.definitions.selector import PartitionRangeSelector, PartitionsByAssetSelector, PartitionsSelector
from dagster._core.execution.backfill import PartitionBackfill

from demo.warehouse import Warehouse
from iterable_sandbox.server import Sandbox
from tests.dagster.waiting import PATIENCE_SECONDS, wait_until

pytestmark = pytest.mark.more

EXAMPLES = Path(__file__).parents[2] / "examples"
SHELL = re.compile(r"```sh\n(?P<commands>.*?)```", re.DOTALL)
UV = Path(sys.executable).with_name("uv")
DATABASES = count(1)


@dataclass
class Example:
    """A copy of an example, with a project and a schema of each name."""

    folder: Path
    database: str
    sandboxes: dict[str, Sandbox]
    path: Path = Path(sys.executable).parent

    def run(self, *, fails: bool = False) -> str:
        """What the README says; what is printed and logged."""
        commands = "\n".join(found["commands"] for found in SHELL.finditer((self.folder / "README.md").read_text()))
        ended = subprocess.run(
            ["bash", "-e", "-c", commands],  # noqa: S607 (who reads a README has one)
            cwd=self.folder,
            env={**os.environ, "PATH": f"{self.path}:{os.environ['PATH']}", "DAGSTER_DISABLE_TELEMETRY": "yes"},
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert bool(ended.returncode) is fails, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database, autocommit=True) as connection:
            found = connection.execute(statement.encode())
            return found.fetchall() if found.description else []

    def days(self, schema: str, table: str) -> dict[str, int]:
        """Day -> rows of it."""
        day = """to_char("createdAt" at time zone 'UTC', 'YYYY-MM-DD')"""
        return dict(self.execute(f'select {day}, count(*) from "{schema}"."{table}" group by 1'))  # noqa: S608 (ours)

    def happened(self, name: str, data_type: str, first: str, last: str) -> dict[str, int]:
        """Day -> events of a project, counted by the sandbox's own list of them."""
        days = [event["createdAt"][:10] for event in self.sandboxes[name].events(data_type)]
        return {day: days.count(day) for day in {*days} if first <= day <= last}


Begin = Callable[..., Example]


@pytest.fixture
def begin(tmp_path: Path, postgres: Warehouse, seeded_database: Path) -> Iterator[Begin]:
    """Copies an example, runs its `source.sql`, and fills in its `.env` as a user would."""
    with ExitStack() as stack:

        def example(name: str) -> Example:
            copies = {brand: shutil.copy(seeded_database, tmp_path / f"{brand}.db") for brand in ("north", "south")}
            running = {brand: stack.enter_context(Sandbox(database=str(copy))) for brand, copy in copies.items()}
            folder = Path(shutil.copytree(EXAMPLES / name, tmp_path / name))
            made = Example(folder, f"postgresql://postgres@/postgres?host={postgres.folder}", running)
            number = next(DATABASES)
            for part in ("warehouse", "north", "south"):
                made.execute(f"create database {part}_{number}")
            (folder / ".env").write_text(filled((folder / ".env.example").read_text(), postgres, number, running))
            made.database = made.database.replace("/postgres?", f"/warehouse_{number}?")
            if (script := folder / "source.sql").exists():
                made.execute(script.read_text())
            return made

        yield example


def filled(env: str, postgres: Warehouse, number: int, sandboxes: dict[str, Sandbox]) -> str:
    def url(driver: str, database: str) -> str:
        address = (
            postgres.sqlalchemy_url(driver) if driver else f"postgresql://postgres@/postgres?host={postgres.folder}"
        )
        return address.replace("/postgres?", f"/{database}_{number}?")

    values = {
        **{f"{name.upper()}_API_KEY": sandbox.api_key for name, sandbox in sandboxes.items()},
        **{f"{name.upper()}_API_URL": sandbox.url for name, sandbox in sandboxes.items()},
        **{f"{name.upper()}_LEDGER": url("", name) for name in sandboxes},
        "ITERABLE_PYTHON": sys.executable,
        "WAREHOUSE": url("psycopg", "warehouse"),
        "WAREHOUSE_FOR_TARGET": url("psycopg", "warehouse"),
        "WAREHOUSE_FOR_TAP": url("psycopg2", "warehouse"),
        "STATE_STORE": url("", "warehouse"),
    }
    names = re.findall(r"^#?([A-Z_]+)=", env, re.MULTILINE)
    return "".join(f"{name}='{values[name]}'\n" for name in names)


def test_two_projects_of_dagster_are_in_the_warehouse_and_customers_in_both(begin: Begin) -> None:
    example = begin("dagster")
    before = {name: sandbox.counts()["users"] for name, sandbox in example.sandboxes.items()}
    example.run()
    for name, sandbox in example.sandboxes.items():
        october = example.happened(name, "purchase", "2026-10-01", "2026-10-31")
        assert example.days(name, "purchase") == october != {}
        assert sandbox.counts()["users"] == before[name] + 30
        assert sandbox.counts()["rateLimited"] == {}


def test_dagsters_daemon_runs_backfills_of_two_projects_and_finds_out_what_is_fresh(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = begin("dagster")
    for name, value in re.findall("^([A-Z_]+)='(.*)'$", (example.folder / ".env").read_text(), re.MULTILINE):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DAGSTER_HOME", str(example.folder))
    monkeypatch.setenv("FRESHNESS_DAEMON_INTERVAL_SECONDS", "1")
    graph = runpy.run_path(str(example.folder / "definitions.py"))["defs"].resolve_asset_graph()
    days = ["2026-10-05", "2026-10-06", "2026-10-07"]
    fresh, stale = (dg.AssetKey([name, "customers"]) for name in ("north", "south"))
    command = [str(example.path / "dagster-daemon"), "run", "-f", "definitions.py"]
    with ExitStack() as stack:
        instance = stack.enter_context(dg.DagsterInstance.get())
        october = PartitionsSelector(ranges=[PartitionRangeSelector(start=days[0], end=days[-1])])
        for name in example.sandboxes:
            # What the page does when a range of partitions is chosen. Dagster has no public call for it.
            chosen = PartitionsByAssetSelector(asset_key=dg.AssetKey([name, "purchases"]), partitions=october)
            instance.add_backfill(
                PartitionBackfill.from_partitions_by_assets(
                    f"of_{name}", graph, time.time(), {}, instance, [chosen], None, None, None
                )
            )
        instance.report_runless_asset_event(dg.AssetMaterialization(fresh))
        with monkeypatch.context() as yesterday:
            then = time.time() - 27 * 3600
            yesterday.setattr(time, "time", lambda: then)
            instance.report_runless_asset_event(dg.AssetMaterialization(stale))
        log = stack.enter_context((example.folder / "daemon.log").open("wb"))
        daemon = subprocess.Popen(command, cwd=example.folder, stdout=log, stderr=log)
        stack.callback(daemon.wait, PATIENCE_SECONDS)
        stack.callback(daemon.terminate)
        wait_until(lambda: [run.is_finished for run in instance.get_runs()] == [True, True])
        wait_until(lambda: len(instance.get_freshness_state_records([fresh, stale])) == 2)
        runs = instance.get_runs()
        states = instance.get_freshness_state_records([fresh, stale])
    assert [run.status for run in runs] == [dg.DagsterRunStatus.SUCCESS] * 2, (
        example.folder / "daemon.log"
    ).read_text()
    for name, sandbox in example.sandboxes.items():
        assert example.days(name, "purchase") == example.happened(name, "purchase", days[0], days[-1]) != {}
        # A range of days is asked for at once.
        assert len(sandbox.requests("GET /api/export/data.json")) == 1
    assert {key: state.freshness_state for key, state in states.items()} == {
        fresh: FreshnessState.PASS,
        stale: FreshnessState.FAIL,
    }


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands of an environment with Airflow, whose pins do not go with those of the tests."""
    folder = tmp_path_factory.mktemp("airflow")
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder / "venv"], check=True, timeout=60)
    there = folder / "venv" / "bin"
    install: list[str | Path] = [
        UV,
        "pip",
        "install",
        "--quiet",
        "--python",
        there / "python",
        "apache-airflow>=3.1,<4",
    ]
    subprocess.run(install, check=True, timeout=600)
    return there


def test_a_day_of_two_projects_is_in_the_warehouse_after_a_run_of_the_dag(begin: Begin, airflow: Path) -> None:
    example = begin("airflow")
    example.path = airflow
    said = example.run()
    day = "2026-10-07"
    for name in example.sandboxes:
        for table, data_type in (("purchase", "purchase"), ("custom_event", "customEvent")):
            assert example.days(name, table) == example.happened(name, data_type, day, day) != {}
    assert all(sandbox.api_key not in said for sandbox in example.sandboxes.values())


def test_a_key_that_is_refused_fails_its_tasks_at_once_and_says_why(begin: Begin, airflow: Path) -> None:
    example = begin("airflow")
    example.path = airflow
    env = example.folder / ".env"
    env.write_text(re.sub("^NORTH_API_KEY=.*$", f"NORTH_API_KEY={'0' * 32}", env.read_text(), flags=re.MULTILINE))
    said = example.run(fails=True)
    refused = example.sandboxes["north"].requests("GET /api/export/data.json")
    # One try of each group of streams.
    assert [entry.status for entry in refused] == [401, 401]
    assert "tap-iterable has failed with exit code 1: " in said
    assert example.days("south", "purchase") != {}
