"""Settings in the pages, in `.env.example` and in Meltano's definitions."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
from dotenv import dotenv_values
from jsonschema import Draft7Validator
from singer_sdk import Tap, Target
from singer_sdk.plugin_base import PluginBase

from iterable_api.plugin.connection_settings import CONNECTION
from iterable_runs.alerts.settings import ALERT_ON, ALERTS
from iterable_runs.recording.settings import IDENTITIES, RUN_HISTORY
from tools.definitions import definition
from tools.generated import ROOT
from tools.settings import PLUGINS, Setting, settings
from tools.settings_page import ENVIRONMENT, PAGE

SETTINGS = [pytest.param(setting, id=setting.variable) for plugin in PLUGINS for setting in settings(plugin)]
KINDS = {"extractors": PLUGINS[0], "loaders": PLUGINS[1]}


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_setting_has_a_title_and_a_sentence(setting: Setting) -> None:
    assert setting.title[0].isupper()
    assert setting.description[0].isupper()
    assert setting.description.endswith(".")


@pytest.mark.parametrize(("plugin", "base"), [(PLUGINS[0], Tap), (PLUGINS[1], Target)])
def test_settings_of_the_sdk_are_described_in_our_words(plugin: type[PluginBase], base: type[Tap | Target]) -> None:
    theirs: dict[str, dict[str, dict[str, str]]] = {"properties": {}}
    base.append_builtin_config(theirs)
    ours = {setting.name: setting.description for setting in settings(plugin)}
    assert theirs["properties"]
    assert [name for name, schema in theirs["properties"].items() if ours.get(name) == schema["description"]] == []


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_setting_is_set_by_a_test_of_its_plugin(setting: Setting) -> None:
    """Tests of `tests/api` count for settings that both hand to the client, those of `tests/runs` for observers."""
    room = setting.plugin.partition("-")[0]
    of_runs = set_by_tests("runs") & (RUN_HISTORY.keys() | IDENTITIES.keys() | {ALERTS, ALERT_ON})
    assert setting.name in set_by_tests(room) | (set_by_tests("api") & CONNECTION.keys()) | of_runs


@cache
def set_by_tests(room: str) -> set[str]:
    """What tests give as keyword arguments or as keys of dicts."""
    parsed = (ast.parse(path.read_text()) for path in (ROOT / "tests" / room).glob("test_*.py"))
    return {name for tree in parsed for node in ast.walk(tree) for name in _given(node)}


def _given(node: ast.AST) -> list[str]:
    if isinstance(node, ast.keyword):
        return [node.arg] if node.arg else []
    keys = node.keys if isinstance(node, ast.Dict) else []
    return [key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_page_shows_every_setting_with_its_variable(setting: Setting) -> None:
    assert f"| `{setting.name}` | `{setting.variable}` |" in PAGE.read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_definitions_keep_to_the_schema_of_meltano(kind: str) -> None:
    schema = json.loads((files("meltano") / "schemas" / "meltano.schema.json").read_text())
    # Meltano warns of this capability of loaders, which its own SDK announces and its Hub knows.
    entry = definition(KINDS[kind])
    entry["capabilities"] = [name for name in entry["capabilities"] if name != "validate-records"]
    problems = Draft7Validator(schema).iter_errors({"plugins": {kind: [entry]}})
    assert [problem.message for problem in problems] == []


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_plugin_takes_the_example_environment_with_every_default_of_it(
    plugin: type[PluginBase], tmp_path: Path
) -> None:
    given = {"API_KEY=": "API_KEY=k", "START_DATE=": "START_DATE=2026-01-01"}
    lines = [line.removeprefix("#") for line in ENVIRONMENT.read_text().splitlines()]
    text = "\n".join(line for line in lines if line.startswith(f"{plugin.name.upper().replace('-', '_')}_"))
    for empty, filled in given.items():
        text = text.replace(f"{empty}\n", f"{filled}\n")
    values = {name: value for name, value in _parsed(text, tmp_path).items() if value}
    assert len(values) > 2
    arguments = ["--config=ENV", *(["--discover"] if plugin is KINDS["extractors"] else [])]
    command = [str(Path(sys.executable).with_name(plugin.name)), *arguments]
    environment = os.environ | values
    ended = subprocess.run(
        command, cwd=tmp_path, env=environment, input="", capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr


def _parsed(text: str, folder: Path) -> dict[str, str | None]:
    file = folder / "example.env"
    file.write_text(text)
    return dotenv_values(file)
