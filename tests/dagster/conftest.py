"""Fixtures of the tests under Dagster.

- `north`: a seeded project behind a sandbox, with a database for its rows; see `tests/dagster/projects.py`.
- `instance`: an instance of Dagster in a directory of its own, which several processes may use. When a test is over,
  nothing in that directory holds a secret: no event, no log of a step, no definition.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from demo.warehouse import Warehouse, warehouse
from iterable_sandbox.server import Sandbox
from tests.dagster.projects import Loaded

DAGSTER_YAML = """\
telemetry: {enabled: false}
concurrency: {pools: {default_limit: 1}}
"""


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with warehouse(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture
def north(
    seeded_database: Path, tmp_path: Path, postgres: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Loaded]:
    copy = shutil.copy(seeded_database, tmp_path / "project.db")
    monkeypatch.chdir(tmp_path)
    with Sandbox(database=str(copy)) as sandbox:
        loaded = Loaded(sandbox, postgres, tmp_path)
        for name, value in loaded.variables.items():
            monkeypatch.setenv(name, value)
        yield loaded


@pytest.fixture
def home(north: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "dagster"
    folder.mkdir()
    (folder / "dagster.yaml").write_text(DAGSTER_YAML)
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "yes")
    yield folder
    for file in folder.rglob("*"):
        if file.is_file():
            held = file.read_bytes()
            assert [secret for secret in north.secrets if secret.encode() in held] == [], file


@pytest.fixture
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.get() as opened:
        assert opened.root_directory == str(home)
        yield opened
