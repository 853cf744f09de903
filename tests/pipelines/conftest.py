"""Fixture of the tests with Meltano: a project with the plugins of this environment, between two sandboxes.

Commands of Meltano take seconds, so all tests of a session share the project:

    def test_a_run_copies_users(pipeline: Pipeline) -> None:
        pipeline.project.meltano("run", "tap-iterable", "target-iterable")
        assert pipeline.destination.counts()["users"] > 0
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from ruamel.yaml import YAML

from iterable_sandbox.server import Sandbox
from tests.pipelines.meltano_project import MeltanoProject
from tools.definitions import PROJECT

DAY = "2026-10-31"
JOB = "copy"


class Pipeline(NamedTuple):
    """The project, and what the sandbox that it writes into holds."""

    project: MeltanoProject
    destination: Sandbox


@pytest.fixture(scope="session")
def pipeline(seeded_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """The plugins of this repository's `meltano.yml`, from the seeded project into an empty one, with a schedule."""
    folder = tmp_path_factory.mktemp("pipeline")
    (folder / "meltano.yml").write_text(PROJECT.read_text())
    _add_job(folder / "meltano.yml")
    database = shutil.copy(seeded_database, folder / "project.db")
    with Sandbox(database=str(database)) as source, Sandbox() as destination:
        yield Pipeline(MeltanoProject(folder, **_settings(source, destination)), destination)


def _add_job(path: Path) -> None:
    yaml = YAML()
    project = yaml.load(path)
    (tap,) = (entry for entry in project["plugins"]["extractors"] if entry["name"] == "tap-iterable")
    tap["select"] = ["users.*"]
    project["jobs"] = [{"name": JOB, "tasks": ["tap-iterable target-iterable"]}]
    project["schedules"] = [{"name": "nightly", "interval": "@daily", "job": JOB}]
    yaml.dump(project, path)


def _settings(source: Sandbox, destination: Sandbox) -> dict[str, str]:
    return {
        "TAP_ITERABLE_API_KEY": source.api_key,
        "TAP_ITERABLE_API_URL": source.url,
        "TAP_ITERABLE_ENFORCE_RATE_LIMITS": "false",
        "TAP_ITERABLE_START_DATE": f"{DAY}T00:00:00Z",
        "TARGET_ITERABLE_API_KEY": destination.api_key,
        "TARGET_ITERABLE_API_URL": destination.url,
        "TARGET_ITERABLE_ENFORCE_RATE_LIMITS": "false",
        "TARGET_ITERABLE_STREAMS": '{"users": {"object": "users", "drop": ["itblInternal", "profileUpdatedAt", '
        '"signupDate", "signupSource", "emailListIds", "devices", "browserTokens"]}}',
    }
