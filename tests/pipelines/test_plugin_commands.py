"""The commands of the shipped definitions, in a project to which `meltano add --from-ref` has added them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from ruamel.yaml import YAML

from iterable_sandbox.server import Sandbox
from tap_iterable.streams.registry import COSTLY
from tests.pipelines.meltano_project import BIN, QUIET, MeltanoProject
from tests.tap.test_costly_streams import COSTLY_ENDPOINTS
from tools.generated import ROOT

pytestmark = pytest.mark.more

DEFINITIONS: Final[dict[str, dict[str, Any]]] = {
    path.stem: YAML(typ="safe").load(path) for path in sorted((ROOT / "plugins").glob("*/*.yml"))
}
KINDS: Final = {path.stem: path.parent.name for path in (ROOT / "plugins").glob("*/*.yml")}
TESTED: Final = {
    "tap-iterable:test",
    "target-iterable:check",
    "target-iterable:propose-routes",
    "iterable-webhooks:serve",
    "iterable-webhooks:verify",
}
ALERTS: Final = {"alerts": ["json://127.0.0.1:9"], "alert_on": ["failure", "recovered"]}
MAPS: Final = {
    "stream_maps": {
        "users": {"email": "__NULL__", "plan": "config['a']['b']", "__key_properties__": []},
        "lists": "__NULL__",
    },
    "stream_map_config": {"a": {"b": "c"}},
    "faker_config": {"seed": 1, "locale": ["de_CH"]},
}
STRUCTURED: Final[dict[str, dict[str, Any]]] = {
    "tap-iterable": {
        **ALERTS,
        **MAPS,
        "costly_streams": ["list_users", "experiment_*"],
        "list_ids": [1, 2],
        "excluded_list_ids": [3],
        "template_locales": ["de-DE"],
        "user_events_users": ["ann@example.com"],
        "extra_data_types": ["newThing"],
        "batch_config": {
            "encoding": {"format": "jsonl", "compression": "gzip"},
            "storage": {"root": "file:///tmp", "prefix": "a"},
        },
    },
    "target-iterable": {
        **ALERTS,
        **MAPS,
        "streams": {
            "crm-*": {"object": "users", "fields": {"a": "b", "c": "d"}, "drop": ["x", "y*"], "skip_unchanged": True},
            "orders": {"object": "events", "event_name": "shop visited"},
        },
        "batch_roots": ["/var/lib/batches", "s3://bucket/iterable"],
        "batch_storage_params": {"s3": {"key": "a-name", "client_kwargs": {"region_name": "eu-west-1"}}},
    },
}
"""Valid values of every setting that is an array or an object."""
WRONG: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "tap-iterable": (
        {"costly_streams": ["list_users", "user"], "batch_config": {"encoding": {"format": "xml"}}},
        "xml",
    ),
    "target-iterable": (
        {"streams": {"crm-*": {"object": "users", "on_deleted": "explode"}}},
        "`streams.crm-*.on_deleted` has the unknown value 'explode'",
    ),
}
COMMANDS: Final = {"tap-iterable": "test", "target-iterable": "check"}
SECRET: Final = "of-a-test-0123456789"  # noqa: S105


@pytest.fixture(scope="module")
def sandbox(seeded_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    database = tmp_path_factory.mktemp("sandbox") / "project.db"
    database.write_bytes(seeded_database.read_bytes())
    with Sandbox(database=str(database)) as running:
        yield running


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> MeltanoProject:
    """The plugins as `meltano add` leaves them, but run from this environment."""
    made = MeltanoProject.new(tmp_path_factory.mktemp("projects"))
    for name, kind in KINDS.items():
        utility = ("--plugin-type", "utility") if kind == "utilities" else ()
        made.meltano("add", "--no-install", *utility, "--from-ref", str(ROOT / "plugins" / kind / f"{name}.yml"), name)
    names = ("TAP_ITERABLE", "TARGET_ITERABLE")
    return MeltanoProject(
        made.folder,
        **{f"{name}_API_KEY": sandbox.api_key for name in names},
        **{f"{name}_API_URL": sandbox.url for name in names},
        **{f"{name}_ENFORCE_RATE_LIMITS": "false" for name in names},
        TAP_ITERABLE_START_DATE="2026-10-31",
        ITERABLE_WEBHOOKS_SECRET=SECRET,
        ITERABLE_WEBHOOKS_API_KEY=sandbox.api_key,
    )


def _configure(project: MeltanoProject, name: str, config: dict[str, Any]) -> dict[str, Any]:
    """Write the `config` of a plugin into `meltano.yml`; what that has of the plugin."""
    yaml = YAML()
    contents = yaml.load(project.folder / "meltano.yml")
    (entry,) = (one for one in contents["plugins"][KINDS[name]] if one["name"] == name)
    entry.pop("pip_url", None)
    entry["config"] = config
    yaml.dump(contents, project.folder / "meltano.yml")
    return dict(entry)


def test_every_command_of_the_definitions_is_tested() -> None:
    assert {
        f"{name}:{command}" for name, definition in DEFINITIONS.items() for command in definition.get("commands", ())
    } == TESTED


def test_every_setting_that_is_an_array_or_an_object_is_tested() -> None:
    for name, definition in DEFINITIONS.items():
        structured = {one["name"] for one in definition["settings"] if one["kind"] in ("array", "object")}
        assert structured == STRUCTURED.get(name, {}).keys()


def test_adding_from_a_file_loses_only_words_and_the_selection(project: MeltanoProject) -> None:
    """What is lost are texts of the Hub, a parser that is the default, and `select`, for which the tap has a guard."""
    words = {"domain_url", "keywords", "maintenance_status", "settings_preamble", "usage", "log_parser", "pip_url"}
    for name, definition in DEFINITIONS.items():
        arrived = _configure(project, name, {})
        kept = {key: value for key, value in definition.items() if key not in words | {"select"}}
        assert {key: arrived.get(key) for key in kept} == kept
    extras = json.loads(project.meltano("config", "print", "tap-iterable", "--extras"))
    assert (extras["_log_parser"], extras["_select"]) == (DEFINITIONS["tap-iterable"]["log_parser"], ["*.*"])


def test_a_tap_that_was_added_from_a_file_makes_no_costly_request(project: MeltanoProject, sandbox: Sandbox) -> None:
    _configure(project, "tap-iterable", {"export_mode": "stream"})
    before = len(sandbox.requests())
    said = project.meltano_says("invoke", "tap-iterable")
    asked = {entry.path for entry in sandbox.requests()[before:]}
    assert len(asked) > 10
    assert asked & COSTLY_ENDPOINTS == set()
    assert all(f"{name} (" in said for name in COSTLY)


@pytest.mark.parametrize("name", STRUCTURED)
@pytest.mark.parametrize("are_variables", [False, True], ids=["meltano.yml", "variables"])
def test_commands_take_settings_of_every_kind(project: MeltanoProject, name: str, are_variables: bool) -> None:  # noqa: FBT001
    settings = STRUCTURED[name]
    _configure(project, name, {} if are_variables else settings)
    texts = {f"{name.replace('-', '_')}_{key}".upper(): json.dumps(value) for key, value in settings.items()}
    inside = dict(list(texts.items())[::2]) if are_variables else {}
    outside = {key: text for key, text in texts.items() if key not in inside} if are_variables else {}
    (project.folder / ".env").write_text("".join(f"{key}='{text}'\n" for key, text in inside.items()))
    said = project.meltano_says("invoke", f"{name}:{COMMANDS[name]}", **outside)
    assert "The key works in this data centre" in said
    assert "nvironment variable" not in said


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_inside_of_a_setting_is_told_by_commands_too(project: MeltanoProject, name: str) -> None:
    config, told = WRONG[name]
    _configure(project, name, config)
    (project.folder / ".env").write_text("")
    assert told in project.refused("invoke", f"{name}:{COMMANDS[name]}")


def test_the_receiver_serves_and_verifies_with_settings_of_meltano_yml(
    project: MeltanoProject, sandbox: Sandbox
) -> None:
    store = str(project.folder / "store.db")
    config = {"host": "127.0.0.1", "port": 0, "store": store, "api_url": sandbox.url, "keep_days": 3}
    _configure(project, "iterable-webhooks", {**config, "body_timeout": "9"})
    fields = {"createdAt": "2026-10-31 10:00:00 +00:00"}
    event = {"email": "ann@example.com", "eventName": "emailOpen", "dataFields": fields}
    with _served(project) as url:
        answer = requests.post(url, json=event, headers={"X-Webhook-Secret": SECRET}, timeout=30)
    assert answer.status_code == 200
    assert "emailOpen" in project.meltano_says("invoke", "iterable-webhooks:verify")


@contextmanager
def _served(project: MeltanoProject) -> Iterator[str]:
    """The address of `iterable-webhooks:serve`, which is ended with its group of processes."""
    with subprocess.Popen(
        [str(BIN / "meltano"), "invoke", "iterable-webhooks:serve"],
        cwd=project.folder,
        env={**os.environ, **QUIET, "ITERABLE_WEBHOOKS_SECRET": SECRET},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        (address,) = islice((line for line in process.stdout if "http://127.0.0.1:" in line), 1)
        try:
            yield "http://127.0.0.1:" + address.partition("http://127.0.0.1:")[2].split()[0]
        finally:
            os.killpg(process.pid, signal.SIGTERM)
