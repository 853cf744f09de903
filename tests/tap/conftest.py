"""Fixtures of the tests of the tap.

- `seeded`: a running sandbox with a copy of the seeded project.
- `read`: runs the tap as a process against it; see `tests/tap/reading.py`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from iterable_sandbox.server import Sandbox
from tests.tap.reading import TapRun


@pytest.fixture
def seeded(seeded_database: Path, tmp_path: Path) -> Iterator[Sandbox]:
    """A running sandbox with the seeded project, free to be changed."""
    copy = shutil.copy(seeded_database, tmp_path / "project.db")
    with Sandbox(database=str(copy)) as running:
        yield running


@pytest.fixture
def read(seeded: Sandbox, tmp_path: Path) -> TapRun:
    """Runs the tap against the seeded project."""
    return TapRun(seeded.url, seeded.api_key, tmp_path)


@pytest.fixture(autouse=True)
def _directory_of_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs of the tap leave in their directory, such as the history of runs, stays out of the repository."""
    monkeypatch.chdir(tmp_path)
