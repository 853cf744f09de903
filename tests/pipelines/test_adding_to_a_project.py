"""Both plugins in somebody's own Meltano project, added and installed as the README says, from a wheel."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest
import requests
from ruamel.yaml import YAML

from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import StoppedClock
from iterable_webhooks.cli import serve_command, verify_command
from tap_iterable.tap import TapIterable
from target_iterable.target import TargetIterable
from tests.pipelines.meltano_project import MeltanoProject
from tools import utility
from tools.definitions import definition
from tools.generated import ROOT

pytestmark = pytest.mark.more


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> MeltanoProject:
    mine = MeltanoProject.new(tmp_path_factory.mktemp("projects"))
    for kind, name in (("extractors", "tap-iterable"), ("loaders", "target-iterable")):
        mine.meltano("add", "--no-install", "--from-ref", str(ROOT / "plugins" / kind / f"{name}.yml"), name)
    receiver = str(ROOT / "plugins" / "utilities" / "iterable-webhooks.yml")
    mine.meltano("add", "--no-install", "--plugin-type", "utility", "--from-ref", receiver, "iterable-webhooks")
    settings = mine.folder / "meltano.yml"
    settings.write_text(settings.read_text().replace("pip_url: singer-iterable", f"pip_url: {wheel}"))
    mine.meltano("install")
    return mine


def test_the_installed_plugins_know_their_versions_and_streams(project: MeltanoProject) -> None:
    for plugin in ("tap-iterable", "target-iterable"):
        assert f"{plugin} v{version('singer-iterable')}" in project.meltano("invoke", plugin, "--version")
    settings = {"TAP_ITERABLE_API_KEY": "k", "TAP_ITERABLE_START_DATE": "2026-01-01"}
    assert "email_open.recordId" in project.meltano("select", "tap-iterable", "--list", "--all", **settings)


def test_the_installed_plugins_move_users_from_one_project_into_another(project: MeltanoProject) -> None:
    with Sandbox(clock=StoppedClock(datetime(2026, 9, 1, tzinfo=UTC))) as source, Sandbox() as destination:
        users = [{"email": "ann@example.com", "dataFields": {"plan": "gold", "size": 3}}]
        headers = {"Api-Key": source.api_key}
        requests.post(f"{source.url}/api/users/bulkUpdate", json={"users": users}, headers=headers, timeout=30)
        project.meltano("el", "--select", "users", "tap-iterable", "target-iterable", **_settings(source, destination))
        answer = requests.get(f"{destination.url}/api/users/ann@example.com", headers=headers, timeout=30)
    fields = answer.json()["user"]["dataFields"]
    assert (fields["plan"], fields["size"]) == ("gold", 3)


def test_the_installed_receiver_serves_and_verifies_with_settings_of_meltano(
    project: MeltanoProject, tmp_path: Path
) -> None:
    store = {"ITERABLE_WEBHOOKS_STORE": str(tmp_path / "store.db")}
    refused = project.refused("invoke", "iterable-webhooks:serve", **store, ITERABLE_WEBHOOKS_SECRET="")
    assert "`secret` is not set for the project 'default'" in refused
    project.meltano("config", "set", "iterable-webhooks", "host", "192.0.2.1")
    secret = {"ITERABLE_WEBHOOKS_SECRET": "of-a-test-0123456789"}
    assert "192.0.2.1:8080" in project.refused("invoke", "iterable-webhooks:serve", **store, **secret)
    refused = project.refused("invoke", "iterable-webhooks:verify", **store, ITERABLE_WEBHOOKS_API_KEY="k")
    assert "the store has no event yet" in refused


def _settings(source: Sandbox, destination: Sandbox) -> dict[str, str]:
    shared = {"API_KEY": source.api_key, "ENFORCE_RATE_LIMITS": "false"}
    streams = {"users": {"object": "users", "fields": dict.fromkeys(_MANAGED)}}
    return {
        **{
            f"{plugin}_{name}": value
            for plugin in ("TAP_ITERABLE", "TARGET_ITERABLE")
            for name, value in shared.items()
        },
        "TAP_ITERABLE_API_URL": source.url,
        "TAP_ITERABLE_START_DATE": "2026-08-01T00:00:00Z",
        "TARGET_ITERABLE_API_URL": destination.url,
        "TARGET_ITERABLE_STREAMS": json.dumps(streams),
    }


_MANAGED = (
    "itblInternal",
    "profileUpdatedAt",
    "signupDate",
    "signupSource",
    "emailListIds",
    "devices",
    "browserTokens",
)
"""Columns of a user that Iterable itself keeps."""


def test_the_definition_of_the_receiver_has_a_setting_for_every_variable_of_its_options() -> None:
    shipped = YAML(typ="safe").load(ROOT / "plugins" / "utilities" / "iterable-webhooks.yml")
    assert shipped == utility.definition()
    assert shipped["commands"].keys() == {"serve", "verify"}
    variables = {
        option.envvar for command in (serve_command, verify_command) for option in command.params if option.envvar
    }
    named = {f"ITERABLE_WEBHOOKS_{setting['name'].upper()}" for setting in shipped["settings"]}
    assert named == variables | {"ITERABLE_WEBHOOKS_SECRET", "ITERABLE_WEBHOOKS_API_KEY"}
    secret = {setting["name"] for setting in shipped["settings"] if setting.get("sensitive")}
    assert secret == {"secret", "api_key", "store"}


@pytest.mark.parametrize("plugin", [TapIterable, TargetIterable])
def test_the_definitions_that_are_shipped_say_what_the_code_says(plugin: type[TapIterable | TargetIterable]) -> None:
    (shipped,) = (ROOT / "plugins").glob(f"*/{plugin.name}.yml")
    assert YAML(typ="safe").load(shipped) == definition(plugin)
