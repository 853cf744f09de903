"""Marks of an interrupted run, where Meltano merges the states of runs: it adds keys and takes none away."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from ruamel.yaml import YAML

from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import StoppedClock
from tests.pipelines.meltano_project import MeltanoProject
from tools.definitions import PROJECT

pytestmark = pytest.mark.more

MEMBERS = {"first": 3, "second": 4, "third": 5}
ALL = sum(MEMBERS.values())
MERGED = ("--merge-state", "--state-strategy=merge")
STATE_ID = "dev:tap-iterable-to-target-kept"

TARGET = f"""#!{sys.executable}
import json, pathlib, sys
with pathlib.Path("kept.jsonl").open("w") as kept:
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "RECORD":
            kept.write(line)
        if message["type"] == "STATE":
            print(json.dumps(message["value"]), flush=True)
"""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(clock=StoppedClock(datetime(2026, 9, 1, tzinfo=UTC)), export_polls=0) as sandbox:
        for name, count in MEMBERS.items():
            made = _post(sandbox, "/api/lists", {"name": name})["listId"]
            subscribers = [{"email": f"{name}{number}@example.com"} for number in range(count)]
            _post(sandbox, "/api/lists/subscribe", {"listId": made, "subscribers": subscribers})
        yield sandbox


def _post(sandbox: Sandbox, path: str, body: dict[str, Any]) -> Any:
    headers = {"Api-Key": sandbox.api_key}
    answer = requests.post(sandbox.url + path, json=body, headers=headers, timeout=30)
    answer.raise_for_status()
    return answer.json()


@pytest.fixture
def project(sandbox: Sandbox, tmp_path: Path) -> MeltanoProject:
    """This repository's tap, and a loader that keeps the records of a run and hands on every state at once."""
    loader = tmp_path / "target-kept"
    loader.write_text(TARGET)
    loader.chmod(0o755)
    yaml = YAML()
    content = yaml.load(PROJECT)
    content["plugins"]["loaders"] = [{"name": "target-kept", "namespace": "target_kept", "executable": str(loader)}]
    for plugin in content["plugins"]["extractors"]:
        plugin.pop("select", None)
    yaml.dump(content, tmp_path / "meltano.yml")
    return MeltanoProject(
        tmp_path,
        TAP_ITERABLE_API_KEY=sandbox.api_key,
        TAP_ITERABLE_API_URL=sandbox.url,
        TAP_ITERABLE_ENFORCE_RATE_LIMITS="false",
        TAP_ITERABLE_START_DATE="2026-08-30T00:00:00Z",
        TAP_ITERABLE__SELECT='["list_users.*"]',
    )


def _members(project: MeltanoProject) -> int:
    """How many the last run read."""
    return len((project.folder / "kept.jsonl").read_text().splitlines())


def _state(project: MeltanoProject, stream: str) -> dict[str, Any]:
    state = json.loads(project.meltano("state", "get", STATE_ID))["singer_state"]
    return dict(state["bookmarks"][stream])


@pytest.mark.parametrize("option", MERGED)
def test_the_runs_after_an_interrupted_one_read_the_rest_and_then_every_member_of_every_list(
    sandbox: Sandbox, project: MeltanoProject, option: str
) -> None:
    """A key that is refused ends the first run behind the first list."""
    run = ("run", option, "tap-iterable", "target-kept")
    second = sorted(entry.id for entry in sandbox.store.lists.all())[1]
    where = {"listId": str(second)}
    sandbox.inject("answer", route="GET /api/lists/getUsers", where=where, status=401, times=1)
    project.refused(*run)
    assert _members(project) == MEMBERS["first"]
    project.meltano(*run)
    assert _members(project) == ALL - MEMBERS["first"]
    assert _state(project, "list_users")["resume"]["done"] is True
    for _ in range(2):
        project.meltano(*run)
        assert _members(project) == ALL


def test_a_mark_that_an_earlier_version_left_and_nothing_took_away_loses_nobody(
    sandbox: Sandbox, project: MeltanoProject
) -> None:
    last = max(entry.id for entry in sandbox.store.lists.all())
    old = {"singer_state": {"bookmarks": {"list_users": {"last_list_id": last, "missing_list_ids": []}}}}
    project.meltano("state", "set", "--force", STATE_ID, json.dumps(old))
    for _ in range(2):
        project.meltano("run", "--merge-state", "tap-iterable", "target-kept")
        assert _members(project) == ALL


def test_the_jobs_of_an_interrupted_run_do_not_stay_in_a_merged_state(
    sandbox: Sandbox, project: MeltanoProject
) -> None:
    settings = {"TAP_ITERABLE__SELECT": '["users.*"]', "TAP_ITERABLE_EXPORT_MODE": "jobs"}
    run = ("run", "--merge-state", "tap-iterable", "target-kept")
    sandbox.inject("answer", route="GET /api/export/*/files", status=403, times=1)
    assert "answered 403" in project.refused(*run, **settings)
    assert len(_state(project, "users")["export_jobs"]) == 1
    project.meltano(*run, **settings)
    assert _state(project, "users")["export_jobs"] == []
    assert _members(project) == ALL


def test_patterns_that_fit_no_stream_fail_the_run_and_say_so(project: MeltanoProject) -> None:
    said = project.refused("run", "tap-iterable", "target-kept", TAP_ITERABLE__SELECT='["emial_open.*"]')
    assert "No stream is selected, so there is nothing to read" in said
    assert "`select`" in said
