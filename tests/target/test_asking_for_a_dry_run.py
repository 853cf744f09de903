"""Whoever asks for a dry run gets one: by the environment, by the command line, whatever the settings say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from target_iterable.config.setting_error import SettingError
from tests.target.conftest import Project
from tests.target.loading import stream
from tests.target.test_command_line import USERS, run, settings

Reach = Callable[..., str]
VARIABLE = "TARGET_ITERABLE_DRY_RUN"


@pytest.fixture
def reach(project: Project, tmp_path: Path) -> Reach:
    """Writes the file of `--config` for a sandbox."""

    def config(**values: Any) -> str:
        given = {
            "api_key": project.sandbox.api_key,
            "api_url": project.sandbox.url,
            "enforce_rate_limits": False,
            "dry_run_path": str(tmp_path / "plan"),
            "summary_path": str(tmp_path / "summary.json"),
        }
        return settings(tmp_path, **given, **values)

    return config


def is_dry(project: Project, tmp_path: Path) -> bool:
    """Whether the run that is over was one; it must have planned then, and written otherwise."""
    summary = json.loads((tmp_path / "summary.json").read_text())
    writes = [entry for entry in project.sandbox.requests() if entry.method != "GET"]
    planned = [line for path in (tmp_path / "plan").glob("*.ndjson") for line in path.read_text().splitlines()]
    assert (bool(planned), bool(writes)) == (summary["dry_run"], not summary["dry_run"])
    return bool(summary["dry_run"])


@pytest.mark.parametrize(("value", "given"), [("true", {}), ("Yes", {"dry_run": False})])
def test_the_variable_wins_over_the_file_of_config(
    project: Project, reach: Reach, tmp_path: Path, value: str, given: dict[str, Any]
) -> None:
    ended = run("--config", reach(**given), stdin=USERS, **{VARIABLE: value})
    assert ended.returncode == 0, ended.stderr
    assert is_dry(project, tmp_path)
    assert "Dry run: nothing was written to Iterable." in ended.stderr


@pytest.mark.parametrize("value", ["false", "0", ""])
@pytest.mark.parametrize(("given", "dry"), [({}, False), ({"dry_run": True}, True), ({"dry_run": "yes"}, True)])
def test_a_variable_that_says_no_leaves_it_to_the_settings(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, given: dict[str, Any], *, dry: bool
) -> None:
    monkeypatch.setenv(VARIABLE, value)
    project.load(stream("users", [{"email": "ann@example.com"}]), dry_run_path=str(tmp_path / "plan"), **given)
    assert project.load.summary["dry_run"] is dry
    assert project.holds.exists("ann@example.com") is not dry


@pytest.mark.parametrize("arguments", [[], ["--config", "ENV"]])
def test_a_variable_that_cannot_be_read_is_refused_by_name(
    project: Project, reach: Reach, arguments: list[str]
) -> None:
    ended = run("--config", reach(), *arguments, stdin=USERS, **{VARIABLE: "maybe"})
    assert ended.returncode == 1
    assert f"`dry_run` must be true or false: the environment variable {VARIABLE} is not" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert project.sandbox.requests() == []


@pytest.mark.parametrize("name", ["TARGET_ITERABLE_DRYRUN", "TARGET_ITERABLE__DRY_RUN", "target_iterable_dry_run"])
def test_a_variable_that_can_only_be_meant_to_ask_for_it_is_refused(
    project: Project, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "true")
    with pytest.raises(SettingError, match=rf"{name} names no setting, and has no effect. Did you mean {VARIABLE}\?"):
        project.load([])


@pytest.mark.parametrize(("said", "arguments"), [({}, []), ({VARIABLE: "false"}, ["--config", "ENV"])])
def test_the_option_wins_over_everything(
    project: Project, reach: Reach, tmp_path: Path, said: dict[str, str], arguments: list[str]
) -> None:
    ended = run("--dry-run", "--config", reach(dry_run=False), *arguments, stdin=USERS, **said)
    assert ended.returncode == 0, ended.stderr
    assert is_dry(project, tmp_path)


def test_the_option_goes_with_a_file_of_rejects(project: Project, reach: Reach, tmp_path: Path) -> None:
    (tmp_path / "rejects.singer").write_text(USERS)
    ended = run("--dry-run", "--config", reach(), "--input", str(tmp_path / "rejects.singer"))
    assert ended.returncode == 0, ended.stderr
    assert is_dry(project, tmp_path)


def test_the_variable_wins_where_the_target_is_made_in_a_program(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "true")
    project.load(stream("users", [{"email": "ann@example.com"}]), dry_run=False, dry_run_path=str(tmp_path / "plan"))
    assert project.load.summary["dry_run"] is True
    assert not project.holds.exists("ann@example.com")


@pytest.mark.parametrize("value", ["maybe", "0.5", "y"])
def test_a_text_in_the_file_that_is_neither_true_nor_false_is_refused(project: Project, value: str) -> None:
    with pytest.raises(SettingError, match="`dry_run` must be true or false"):
        project.load([], dry_run=value)


def test_no_permission_is_given_by_a_variable_that_the_file_does_not_ask_for(project: Project, reach: Reach) -> None:
    config = reach(streams={"users": {"object": "user_forgets"}})
    ended = run("--config", config, stdin=USERS, TARGET_ITERABLE_ALLOW_DESTRUCTIVE="true")
    assert ended.returncode == 1
    assert "set `allow_destructive` to true" in ended.stderr
    assert "Environment variables without effect: TARGET_ITERABLE_ALLOW_DESTRUCTIVE." in ended.stderr
    assert project.sandbox.requests() == []


def test_other_variables_without_effect_are_told_and_the_run_goes_on(project: Project, reach: Reach) -> None:
    variables = {"TARGET_ITERABLE_ON_REJECT": "fail", "TARGET_ITERABLE_REGOIN": "eu"}
    ended = run("--config", reach(), stdin=USERS, **variables)
    assert ended.returncode == 0
    assert "Environment variables without effect: TARGET_ITERABLE_ON_REJECT." in ended.stderr
    assert "TARGET_ITERABLE_REGOIN names no setting, and has no effect. Did you mean TARGET_ITERABLE_REGION?" in (
        ended.stderr
    )
    assert "TARGET_ITERABLE_ON_REJECT" not in run("--config", reach(), "--config", "ENV", **variables).stderr.replace(
        "Parsing 'on_reject' config from env variable 'TARGET_ITERABLE_ON_REJECT'", ""
    )
    assert project.holds.exists("ann@example.com")


def test_booleans_of_the_environment_that_cannot_be_read_are_refused_by_name(project: Project, reach: Reach) -> None:
    ended = run("--config", reach(), "--config", "ENV", stdin=USERS, TARGET_ITERABLE_DERIVE_EVENT_IDS="ja")
    assert ended.returncode == 1
    said = "`derive_event_ids` must be true or false: the environment variable TARGET_ITERABLE_DERIVE_EVENT_IDS is not"
    assert said in ended.stderr
    assert project.sandbox.requests() == []
