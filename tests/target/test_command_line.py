"""The target as a process of its own: settings, standard input and output, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from target_iterable.config.settings import HIDDEN
from tests.target.conftest import Project
from tests.target.loading import STATE, stream

COMMAND = str(Path(sys.executable).with_name("target-iterable"))
USERS = "".join(json.dumps(message) + "\n" for message in stream("users", [{"email": "ann@example.com"}]))


def run(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *arguments], input=stdin, capture_output=True, text=True, check=False, env=os.environ | environment
    )


def settings(path: Path, **values: Any) -> str:
    file = path / "config.json"
    file.write_text(json.dumps({"audit_path": str(path / "audit")} | values))
    return str(file)


def test_the_version_is_that_of_the_distribution() -> None:
    assert f"target-iterable v{version('singer-iterable')}," in run("--version").stdout


def test_settings_are_described_and_none_promises_what_is_not_done() -> None:
    about = json.loads(run("--about", "--format", "json").stdout)["settings"]["properties"]
    assert not set(HIDDEN) & about.keys()
    assert [name for name, setting in about.items() if not (setting.get("title") and setting.get("description"))] == []
    assert about["api_key"]["writeOnly"] is True


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "'api_key' is a required property"),
        ({"api_key": ""}, "['api_key']"),
        ({"api_key": 12345678}, "`api_key` must be a text"),
        ({"api_key": "k", "region": "usa"}, "['region']"),
        ({"api_key": "k", "regoin": "us"}, "`regoin` is no setting. Did you mean `region`?"),
        ({"api_key": "k", "load_method": "overwrite"}, "`load_method` is no setting."),
        ({"api_key": "k", "api_url": "iterable.com"}, "`api_url` must look like"),
        ({"api_key": "k", "project_type": "userid"}, "['project_type']"),
        ({"api_key": "k", "max_batch_rows": 0}, "['max_batch_rows']"),
        ({"api_key": "k", "max_tries": 0}, "['max_tries']"),
        ({"api_key": "k", "longest_wait_seconds": 0}, "['longest_wait_seconds']"),
        ({"api_key": "k", "stall_timeout_seconds": "soon"}, "['stall_timeout_seconds']"),
        ({"api_key": "k", "lock_timeout_seconds": -1}, "['lock_timeout_seconds']"),
        (
            {"api_key": "k", "streams": {"a": {"object": "user"}}},
            "`streams.a.object` has the unknown value 'user'.",
        ),
        (
            {"api_key": "k", "streams": {"users": {"mod": "x"}}},
            "`streams.users` has the unknown key 'mod'.",
        ),
        ({"api_key": "k", "streams": {"users": {"fields": {"a": 1}}}}, "['streams']['users']['fields']['a']"),
        ({"api_key": "k", "summary_path": "/no/such/place/summary.json"}, "`summary_path` cannot be written"),
    ],
)
def test_bad_settings_are_refused_at_the_start_by_name(tmp_path: Path, values: dict[str, Any], message: str) -> None:
    ended = run("--config", settings(tmp_path, **values), stdin=USERS)
    assert ended.returncode == 1
    assert message in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
    assert "12345678" not in ended.stderr


def test_a_stream_without_route_ends_the_run_with_what_to_put_into_the_settings(tmp_path: Path) -> None:
    ended = run("--config", settings(tmp_path, api_key="k"), stdin=USERS.replace('"users"', '"public-orders"'))
    assert ended.returncode == 1
    assert 'Add it to the setting `streams`, for example {"public-orders": {"object": "users"}}' in ended.stderr


def test_records_go_in_and_state_comes_out(tmp_path: Path, project: Project) -> None:
    state = json.dumps({"type": "STATE", "value": STATE})
    environment = {
        "TARGET_ITERABLE_API_KEY": project.sandbox.api_key,
        "TARGET_ITERABLE_API_URL": project.sandbox.url,
        "TARGET_ITERABLE_ENFORCE_RATE_LIMITS": "false",
        "TARGET_ITERABLE_STREAMS": json.dumps({"people": {"object": "users"}}),
        "TARGET_ITERABLE_SUMMARY_PATH": str(tmp_path / "summary.json"),
    }
    ended = run("--config", "ENV", stdin=USERS.replace('"users"', '"people"') + state, **environment)
    assert (ended.returncode, json.loads(ended.stdout)) == (0, STATE)
    assert ended.stderr.splitlines()[-1].endswith(" s: read 1, written 1.")
    assert project.holds.exists("ann@example.com")
    assert json.loads((tmp_path / "summary.json").read_text())["streams"]["people"]["written"] == 1


def test_a_failed_run_has_no_state_and_shows_neither_key_nor_address(tmp_path: Path, project: Project) -> None:
    key = "0123456789abcdef0123456789abcdef"
    config = settings(tmp_path, api_key=key, api_url=project.sandbox.url)
    ended = run("--config", config, stdin=USERS + json.dumps({"type": "STATE", "value": STATE}))
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert "State has not moved past it" in ended.stderr.splitlines()[-1]
    assert key not in ended.stderr
    assert "ann@example.com" not in ended.stderr


@pytest.mark.parametrize("expression", ["name.upper(", "nmae.upper()"])
def test_an_expression_that_does_not_work_is_told_with_its_setting(tmp_path: Path, expression: str) -> None:
    config = settings(tmp_path, api_key="k", stream_maps={"users": {"name": expression}})
    ended = run("--config", config, stdin=USERS)
    assert ended.returncode == 1
    assert "`stream_maps` holds an expression that does not work: " in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "ann@example.com" not in ended.stderr


def test_a_check_tells_what_the_connection_is_good_for(tmp_path: Path, project: Project) -> None:
    values = {"api_key": project.sandbox.api_key, "api_url": project.sandbox.url}
    good = run("--config", settings(tmp_path, **values), "--check")
    assert (good.returncode, good.stdout) == (0, "")
    assert "The key works" in good.stderr
    bad = run("--config", settings(tmp_path, **values, project_type="userId"), "--check")
    assert bad.returncode == 1
    assert "the project does not seem to be userID-based" in bad.stderr
    assert "Traceback" not in bad.stderr
    assert len(project.sandbox.requests()) == 2
