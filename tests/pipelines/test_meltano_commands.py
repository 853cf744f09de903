"""What people do with the plugins in a Meltano project, each command as they would type it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.pipelines.conftest import JOB, Pipeline
from tests.pipelines.meltano_project import MeltanoProject

pytestmark = pytest.mark.more


def test_the_configuration_can_be_tested(pipeline: Pipeline) -> None:
    assert "Plugin configuration is valid" in pipeline.project.meltano("config", "test", "tap-iterable")


def test_a_key_that_does_not_work_is_found_by_testing_the_configuration(pipeline: Pipeline) -> None:
    said = pipeline.project.refused("config", "test", "tap-iterable", TAP_ITERABLE_API_KEY="0" * 32)
    assert "Check `api_key`, and `region`" in said
    assert "0" * 32 not in said
    assert "Traceback" not in said


def test_the_connection_of_the_target_can_be_checked(pipeline: Pipeline) -> None:
    pipeline.project.meltano("invoke", "target-iterable", "--check")
    said = pipeline.project.refused("invoke", "target-iterable", "--check", TARGET_ITERABLE_PROJECT_TYPE="hybrid")
    assert "the project does not seem to be userID-based" in said


def test_streams_and_columns_are_listed_with_what_is_selected(pipeline: Pipeline) -> None:
    listed = pipeline.project.meltano("select", "tap-iterable", "--list", "--all")
    assert re.search(r"\[automatic *\] users\.email\n", listed)
    assert re.search(r"\[selected *\] users\.city\n", listed)
    assert re.search(r"\[excluded *\] email_open\.campaignId\n", listed)


def test_a_plugin_tells_about_itself(pipeline: Pipeline) -> None:
    about = json.loads(pipeline.project.meltano("invoke", "tap-iterable", "--about", "--format", "json"))
    assert about["name"] == "tap-iterable"
    assert "api_key" in about["settings"]["properties"]


@pytest.mark.parametrize(
    ("plugin", "wrong", "told"),
    [
        (
            "target-iterable",
            {"TARGET_ITERABLE_DRY_RUN": "maybe"},
            "`dry_run` must be true or false",
        ),
        ("tap-iterable", {"TAP_ITERABLE_REGION": "usa"}, "'usa' is not a valid choice for 'region'"),
        ("tap-iterable", {"TAP_ITERABLE_END_DATE": "2020-01-01"}, "`end_date` must be later than `start_date`"),
        (
            "target-iterable",
            {"TARGET_ITERABLE_STREAMS": '{"users": {"object": "user"}}'},
            "`streams.users.object` has the unknown value 'user'. Did you mean 'users'?",
        ),
    ],
)
def test_bad_settings_are_told_by_name(pipeline: Pipeline, plugin: str, wrong: dict[str, str], told: str) -> None:
    argument = {"tap-iterable": "--discover", "target-iterable": "--input=meltano.yml"}[plugin]
    assert told in pipeline.project.refused("invoke", plugin, argument, **wrong)


def test_variables_that_meltano_exports_are_not_taken_for_misspelt_or_unheeded_ones(pipeline: Pipeline) -> None:
    """Also those of a plugin that inherits, and whose settings Meltano exports under two names."""
    added = _with_inheritor(pipeline.project)
    for plugin, argument in (("target-iterable", "--check"), (added, "--check"), ("tap-iterable", "--test")):
        said = pipeline.project.meltano_says("invoke", plugin, argument)
        assert "environment variable" not in said.lower()


def test_a_plugin_that_inherits_runs_dry_by_the_variable_of_either_name(pipeline: Pipeline) -> None:
    added = _with_inheritor(pipeline.project)
    for variable in ("TARGET_ITERABLE_DRY_RUN", "TARGET_ITERABLE__MINE_DRY_RUN"):
        assert "Dry run: nothing will be written" in pipeline.project.meltano_says(
            "invoke", added, "--check", **{variable: "yes"}
        )


def _with_inheritor(project: MeltanoProject) -> str:
    """The name of a loader that inherits from the target, and has settings in objects."""
    path, yaml, name = project.folder / "meltano.yml", YAML(), "target-iterable--mine"
    contents = yaml.load(path)
    config = {"streams": {"mine": {"object": "users", "fields": {"a": "b"}}}}
    if name not in [entry["name"] for entry in contents["plugins"]["loaders"]]:
        contents["plugins"]["loaders"].append({"name": name, "inherit_from": "target-iterable", "config": config})
        yaml.dump(contents, path)
    return name


def test_a_schedule_runs_and_the_state_moves_only_with_what_was_written(pipeline: Pipeline) -> None:
    (schedule,) = json.loads(pipeline.project.meltano("schedule", "list", "--format", "json"))["schedules"]["job"]
    assert (schedule["name"], schedule["job"]["name"]) == ("nightly", JOB)
    pipeline.project.meltano("schedule", "run", "nightly")
    written = pipeline.destination.counts()["users"]
    assert written > 0
    (name,) = pipeline.project.meltano("state", "list").split()
    assert _bookmark(pipeline, name) > "2026-10-31"


def test_el_takes_streams_and_a_state_of_its_own(pipeline: Pipeline) -> None:
    pipeline.project.meltano("el", "--state-id", "mine", "--select", "users.email", "tap-iterable", "target-iterable")
    assert _bookmark(pipeline, "mine") > "2026-10-31"


def _bookmark(pipeline: Pipeline, name: str) -> str:
    state: dict[str, Any] = json.loads(pipeline.project.meltano("state", "get", name))
    return str(state["singer_state"]["bookmarks"]["users"]["replication_key_value"])
