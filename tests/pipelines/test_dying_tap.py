"""A table of PostgreSQL, mirrored by Meltano with tap-postgres, which ends well, breaks or is killed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from ruamel.yaml import YAML

from demo.warehouse import Warehouse, warehouse
from iterable_api.http.client import IterableClient
from iterable_api.rate_limits.limiter import Unlimited
from iterable_sandbox.server import Sandbox
from tests.pipelines.meltano_project import BIN, QUIET
from tests.target.loading import Contents
from tools.generated import ROOT

pytestmark = pytest.mark.more

SCRIPT = "./bin/tap-postgres-declared.sh"
EVERYBODY = {f"{number:02}@example.com" for number in range(100)}
GONE = {"10@example.com", "20@example.com", "30@example.com"}
TABLE = """
drop schema if exists crm cascade;
create schema crm;
create table crm.people (number int, email text);
insert into crm.people select n, to_char(n, 'FM00') || '@example.com' from generate_series(0, 99) n;
create function crm.read(n int, email text) returns text language plpgsql as $$ begin return email; end $$;
create view crm.customers as select crm.read(number, email) as email from crm.people order by number;
"""
# The driver fetches 1, 5, 10, 20 and 50 rows, and then stands in the next portion.
STRIKE = """
create or replace function crm.read(n int, email text) returns text language plpgsql as $$
begin if n = 90 then perform {}; end if; return email; end $$;
"""
PLUGINS: dict[str, Any] = {
    "extractors": [
        {
            "name": "tap-postgres",
            "namespace": "tap_postgres",
            "capabilities": ["catalog", "discover", "state"],
            "settings": [{"name": "sqlalchemy_url", "kind": "string"}, {"name": "filter_schemas", "kind": "array"}],
            "config": {"filter_schemas": ["crm"]},
            "select": ["crm-customers.*"],
        }
    ],
    "loaders": [
        {
            "name": "target-iterable",
            "namespace": "target_iterable",
            "executable": "target-iterable",
            "settings": [
                {"name": name, "kind": kind}
                for name, kind in {"api_key": "string", "api_url": "string", "streams": "object"}.items()
            ],
            "config": {"summary_path": "summary.json"},
        }
    ],
}


class Pipeline(NamedTuple):
    """A Meltano project between a table and an Iterable."""

    folder: Path
    postgres: Warehouse
    sandbox: Sandbox
    holds: Contents

    def start(self, end: object) -> subprocess.Popen[str]:
        """`meltano run`, with so much known of the end."""
        route = {"object": "list_members", "list": "Customers", "mode": "mirror", "complete_at_end": end}
        environment = {
            "TAP_POSTGRES_SQLALCHEMY_URL": self.postgres.sqlalchemy_url("psycopg2"),
            "TARGET_ITERABLE_API_KEY": self.sandbox.api_key,
            "TARGET_ITERABLE_API_URL": self.sandbox.url,
            "TARGET_ITERABLE_STREAMS": json.dumps({"crm-customers": route}),
        }
        return subprocess.Popen(
            [str(BIN / "meltano"), "run", "tap-postgres", "target-iterable"],
            cwd=self.folder,
            env={**os.environ, **QUIET, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def ended(self, run: subprocess.Popen[str]) -> str:
        """The output of a run; its exit code is at the end."""
        output, _ = run.communicate(timeout=300)
        return f"{output}\nexit {run.returncode}"

    def sql(self, text: str) -> list[tuple[Any, ...]]:
        address = self.postgres.sqlalchemy_url("psycopg").replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as connection:
            found = connection.execute(text.encode())
            return found.fetchall() if found.description else []

    @property
    def removals(self) -> dict[str, Any]:
        """What the summary says of them."""
        summary = json.loads((self.folder / "summary.json").read_text())
        return dict(summary["streams"]["crm-customers"]["removals"])

    def kill_tap(self) -> None:
        """Kill tap-postgres as soon as it waits in the middle of the table."""
        while not self.sql("select 1 from pg_stat_activity where wait_event = 'PgSleep'"):
            time.sleep(0.05)
        names = (folder.name for folder in Path("/proc").iterdir())
        ours = [pid for pid in map(int, filter(str.isdecimal, names)) if self._is_tap(pid)]
        assert ours
        for pid in ours:
            os.kill(pid, signal.SIGKILL)
        self.sql("select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'")

    def _is_tap(self, pid: int) -> bool:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
        except OSError:
            return False
        return any(word.endswith("/tap-postgres") for word in words) and any(str(self.folder) in word for word in words)


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A server for all tests."""
    with warehouse(tmp_path_factory.mktemp("warehouse")) as server:
        yield server


@pytest.fixture
def pipeline(tmp_path: Path, postgres: Warehouse, end: object) -> Iterator[Pipeline]:
    """After a first run, with everybody in the list; then three are gone from the table."""
    (script,) = re.findall(r"```sh\n(#!/bin/sh\n.*?)```", (ROOT / "docs/mirroring.md").read_text(), re.DOTALL)
    (tmp_path / "bin").mkdir()
    (tmp_path / SCRIPT).write_text(script)
    (tmp_path / SCRIPT).chmod(0o755)
    executable = SCRIPT if end == "declared" else "tap-postgres"
    (extractor,) = PLUGINS["extractors"]
    plugins = PLUGINS | {"extractors": [extractor | {"executable": executable}]}
    settings = {"default_environment": "dev", "environments": [{"name": "dev"}], "plugins": plugins}
    YAML().dump(settings, tmp_path / "meltano.yml")
    with Sandbox() as sandbox:
        holds = Contents(IterableClient(sandbox.api_key, api_url=sandbox.url, limiter=Unlimited()))
        made = Pipeline(tmp_path, postgres, sandbox, holds)
        made.sql(TABLE)
        output = made.ended(made.start(end))
        assert output.endswith("exit 0"), output
        assert holds.members("Customers") == EVERYBODY
        made.sql("delete from crm.people where number in (10, 20, 30)")
        yield made
        holds.client.close()


def breaking(pipeline: Pipeline, end: object) -> str:
    """A run in which the connection breaks in the middle of the table."""
    pipeline.sql(STRIKE.format("pg_terminate_backend(pg_backend_pid())"))
    return pipeline.ended(pipeline.start(end))


def killing(pipeline: Pipeline, end: object) -> str:
    """A run in which the tap is killed in the middle of the table."""
    pipeline.sql(STRIKE.format("pg_sleep(600)"))
    run = pipeline.start(end)
    pipeline.kill_tap()
    return pipeline.ended(run)


@pytest.mark.parametrize("end", ["declared", True], ids=["declared", "guessed"])
def test_after_a_whole_run_exactly_those_are_removed_who_have_left(pipeline: Pipeline, end: object) -> None:
    output = pipeline.ended(pipeline.start(end))
    assert output.endswith("exit 0"), output
    assert pipeline.holds.members("Customers") == EVERYBODY - GONE
    assert pipeline.removals == {"done": 3, "not_done": None, "would_have_left": None}
    (log,) = (pipeline.folder / "audit").glob("*.ndjson")
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert {entry["identity"][0][1] for entry in entries} == GONE


@pytest.mark.parametrize(("end", "die"), [("declared", killing), (True, breaking)], ids=["killed", "broken"])
def test_a_tap_that_dies_in_the_middle_of_a_table_removes_nobody(
    pipeline: Pipeline, end: object, die: Callable[[Pipeline, object], str]
) -> None:
    output = die(pipeline, end)
    assert output.endswith("exit 1"), output
    assert pipeline.holds.members("Customers") == EVERYBODY
    assert pipeline.removals["not_done"] == ("end_not_declared" if end == "declared" else "no_state")
    assert 3 < pipeline.removals["would_have_left"] < 100
