"""Both databases are loaded in all ways, which take turns; what a way has loaded is checked each time."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.arena import Arena
from benchmarks.measuring import run
from benchmarks.report import LoadFigures, Report
from benchmarks.warehouse.content import Content
from benchmarks.warehouse.databases import Database, databases
from benchmarks.warehouse.environments import DLT, PIPELINEWISE, environment
from benchmarks.warehouse.ways import Place, Way, into_duckdb, into_postgres
from iterable_sandbox.seed.plan import Plan
from iterable_sandbox.seed.seeding import seed
from iterable_sandbox.server import Sandbox

_DAYS: Final = 60
_UNTIL: Final = datetime(2026, 11, 1)  # noqa: DTZ001 (a plan has dates of the sandbox, which are UTC)
_ROWS_OF_USER: Final = 30
_SELECTED: Final = 3 / 5
"""Of the events of a seeded project, so many belong to the streams that are loaded."""


def measure(place: Arena, options: argparse.Namespace, report: Report) -> None:
    """Load about `options.rows` rows in each way, `options.runs` times."""
    dlt = environment(place.folder / "dlt", *DLT)
    pipelinewise = environment(place.folder / "pipelinewise", *PIPELINEWISE)
    with Sandbox() as sandbox, databases(place.folder) as (postgres, duckdb):
        fill(sandbox, options.rows)
        content = Content(sandbox)
        for title, database, ways in (
            ("Into PostgreSQL", postgres, into_postgres(dlt, pipelinewise)),
            ("Into DuckDB", duckdb, into_duckdb(dlt)),
        ):
            loader = Loader(sandbox, content, database, place.folder)
            report.loads(title, loader.compare(ways, options.runs))


def fill(sandbox: Sandbox, rows: int) -> None:
    """Seed a sandbox with about so many rows of the streams that are loaded."""
    seed(sandbox.store, Plan(max(1, rows // _ROWS_OF_USER), int(rows / _SELECTED), _DAYS, 1, _UNTIL))


class Loader:
    """Loads one database from a sandbox."""

    def __init__(self, sandbox: Sandbox, content: Content, database: Database, folder: Path) -> None:
        self._sandbox = sandbox
        self._content = content
        self._database = database
        self._folder = folder

    def compare(self, ways: Mapping[str, Way], runs: int) -> dict[str, LoadFigures]:
        """The medians of each way."""
        loads: dict[str, list[LoadFigures]] = {name: [] for name in ways}
        for _ in range(runs):
            for name, way in ways.items():
                loads[name].append(self.load(way))
        return {name: _middle(measured) for name, measured in loads.items()}

    def load(self, way: Way) -> LoadFigures:
        """Load everything once, and see that it has arrived.

        Raises:
            CommandFailedError: if the way failed.
            ValuesDifferError: if what it has loaded is not what the sandbox has.
        """
        self._database.clear()
        with TemporaryDirectory(dir=self._folder) as folder:
            line = way.line(Place(self._sandbox, self._database, Path(folder)))
            before = self._database.cpu_seconds()
            cost = run(["bash", "-o", "pipefail", "-c", line], Path(folder))
            of_database = self._database.cpu_seconds() - before
        self._content.check(self._database, way.naming)
        return LoadFigures(self._content.rows, cost.seconds, cost.cpu_seconds, of_database)


def _middle(loads: list[LoadFigures]) -> LoadFigures:
    return LoadFigures(
        loads[0].rows,
        median(load.seconds for load in loads),
        median(load.cpu_seconds for load in loads),
        median(load.database_cpu_seconds for load in loads),
    )
