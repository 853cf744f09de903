"""The short definition in the README is enough for select, state, settings, commands and the levels of the log."""

from __future__ import annotations

import json
import re
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
from tools.generated import ROOT

pytestmark = pytest.mark.more

OF_ITERABLE = ["itblInternal", "profileUpdatedAt", "signupDate", "signupSource", "emailListIds", "devices"]
STREAMS = {
    "users": {"object": "users", "drop": [*OF_ITERABLE, "browserTokens"]},
    "email_open": {"object": "events", "event_name": "opened"},
}


@pytest.fixture
def source() -> Iterator[Sandbox]:
    with Sandbox(clock=StoppedClock(datetime(2026, 9, 1, tzinfo=UTC))) as sandbox:
        users = [{"email": "ann@example.com", "dataFields": {"plan": "gold"}}]
        headers = {"Api-Key": sandbox.api_key}
        requests.post(f"{sandbox.url}/api/users/bulkUpdate", json={"users": users}, headers=headers, timeout=30)
        yield sandbox


@pytest.fixture
def destination() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def short(folder: Path, source: Sandbox, destination: Sandbox) -> MeltanoProject:
    """The block of the README, with the plugins of this environment and the addresses of sandboxes."""
    [text] = re.findall(r"```yaml\n(plugins:\n.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    project: dict[str, Any] = YAML(typ="safe").load(text)
    [tap], [target] = project["plugins"]["extractors"], project["plugins"]["loaders"]
    for plugin, sandbox in ((tap, source), (target, destination)):
        del plugin["pip_url"]
        plugin["config"] |= {"api_url": sandbox.url, "enforce_rate_limits": False}
    target["config"]["streams"] |= STREAMS
    project |= {"default_environment": "dev", "environments": [{"name": "dev"}]}
    YAML().dump(project, folder / "meltano.yml")
    keys = {"TAP_ITERABLE_API_KEY": source.api_key, "TARGET_ITERABLE_API_KEY": destination.api_key}
    return MeltanoProject(folder, **keys)


def test_it_selects_keeps_state_and_takes_settings_from_config_and_variables(
    source: Sandbox, destination: Sandbox, tmp_path: Path
) -> None:
    project = short(tmp_path, source, destination)
    log = project.meltano_says("run", "tap-iterable", "target-iterable")
    assert destination.counts()["users"] == 1
    assert re.search(r"\[warning *\] target-iterable `streams\.crm-customers` matched none of the streams", log)
    (state,) = json.loads(project.meltano("state", "export")).values()
    assert json.dumps(state).count("replication_key_value") == 2
    assert "users" in json.dumps(state)
    assert "email_open" in json.dumps(state)


def test_its_plugins_answer_the_commands_of_the_pages(source: Sandbox, destination: Sandbox, tmp_path: Path) -> None:
    project = short(tmp_path, source, destination)
    assert "The key works" in project.meltano_says("invoke", "tap-iterable", "--test")
    said = project.meltano_says("invoke", "target-iterable", "--check", TARGET_ITERABLE_MAX_REJECTS="5")
    assert "The key works" in said
    assert "Environment variables without effect: TARGET_ITERABLE_MAX_REJECTS" in said
    dry = project.meltano_says("invoke", "target-iterable", "--check", TARGET_ITERABLE_DRY_RUN="true")
    assert "Dry run: nothing will be written" in dry
