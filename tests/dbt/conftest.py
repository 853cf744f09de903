"""Fixtures of the tests of the dbt package: what takes long is made once.

- `dbt_command`: the command `dbt` of an environment of its own.
- `project`: the seeded project, loaded; see `tests/dbt/loaded_project.py`.
- `built`: the same, after `dbt build` with everything switched on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from demo.models import install
from tests.dbt.loaded_project import LoadedProject

EVERYTHING: Final[Mapping[str, Any]] = {"singer_iterable_fivetran": True, "singer_iterable_snapshots": True}


@pytest.fixture(scope="session")
def dbt_command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("dbt") / "environment")


@pytest.fixture(scope="session")
def project(
    dbt_command: Path, seeded_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LoadedProject]:
    with LoadedProject.over_copy(seeded_database, dbt_command, tmp_path_factory.mktemp("loaded")) as loaded:
        loaded.load()
        yield loaded


@pytest.fixture(scope="session")
def built(project: LoadedProject) -> LoadedProject:
    assert "WARN=0 ERROR=0" in project.build(**EVERYTHING)
    return project
