"""The tap as a process of its own: what people type wrong, and what they are told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from iterable_sandbox.server import Sandbox

COMMAND = str(Path(sys.executable).with_name("tap-iterable"))
GOOD = {"api_key": "k", "start_date": "2026-01-01"}


def run(folder: Path, values: dict[str, Any], *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "config.json").write_text(json.dumps(values))
    command = [COMMAND, "--config", "config.json", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def last_line(log: str) -> str:
    return log.splitlines()[-1]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"region": "usa"}, "'usa' is not one of ['us', 'eu'] in config['region']"),
        ({"regoin": "eu"}, "`regoin` is no setting. Did you mean `region`?"),
        ({"api_key": 12345678}, "`api_key` must be a text: put quotes around it."),
        ({"api_key": "two words"}, "`api_key` must be printable ASCII"),
        ({"start_date": "the first of May"}, "`start_date` is 'the first of May', which is not a date such as"),
        ({"start_date": "2026-02-30"}, "`start_date` is '2026-02-30', which is not a date such as"),
        ({"start_date": "9999-01-01"}, "`start_date` is 9999-01-01, which is in the future"),
        ({"end_date": "2025-12-31"}, "`end_date` must be later than `start_date`"),
        ({"api_url": "https://api.iterable.com/api"}, "`api_url` must be given without the `/api`"),
        (
            {"spool_directory": "/no/such/folder"},
            "`spool_directory` is '/no/such/folder', which is no folder that we may",
        ),
        ({"spool_directory": COMMAND}, "which is no folder that we may write into"),
        ({"malformed_directory": COMMAND}, "`malformed_directory` cannot be written: "),
        ({"malformed_directory": "a\0b"}, "`malformed_directory` cannot be written: "),
        ({"extra_data_types": ["emailOpen"]}, "which is the stream email_open already"),
        ({"extra_data_types": ["campaigns"]}, "the stream campaigns is something else"),
        ({"extra_data_types": ["listUsers"]}, "the stream list_users is something else"),
    ],
)
def test_bad_settings_are_refused_at_the_start_by_name(tmp_path: Path, wrong: dict[str, Any], told: str) -> None:
    ended = run(tmp_path, GOOD | wrong)
    assert ended.returncode == 1
    assert told in last_line(ended.stderr)
    assert "Traceback" not in ended.stderr
    assert "12345678" not in ended.stderr
    assert ended.stdout == ""


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"region": "usa"}, "'usa' is not one of ['us', 'eu'] in config['region']"),
        ({"regoin": "eu"}, "`regoin` is no setting. Did you mean `region`?"),
        ({"api_url": "iterable.com"}, "`api_url` must look like"),
    ],
)
@pytest.mark.parametrize("option", ["--test", "--test=schema", "--discover"])
def test_bad_settings_are_refused_in_a_sentence_by_tests_and_discovery(
    tmp_path: Path, wrong: dict[str, Any], told: str, option: str
) -> None:
    ended = run(tmp_path, GOOD | wrong, option)
    assert ended.returncode != 0
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""


def test_a_missing_setting_is_named(tmp_path: Path) -> None:
    ended = run(tmp_path, {"api_key": "k"})
    assert (ended.returncode, "'start_date' is a required property" in ended.stderr) == (1, True)


def test_a_key_that_does_not_work_is_told_in_a_sentence(sandbox: Sandbox, tmp_path: Path) -> None:
    reach = {"api_key": "0123456789abcdef", "api_url": sandbox.url, "enforce_rate_limits": False}
    for arguments in ((), ("--test",)):
        ended = run(tmp_path, GOOD | reach, *arguments)
        assert ended.returncode != 0
        assert "answered 401" in last_line(ended.stderr)
        assert "Check `api_key`, and `region`" in last_line(ended.stderr)
        assert "Traceback" not in ended.stderr
        assert "0123456789abcdef" not in ended.stderr


@pytest.mark.parametrize(
    ("variable", "text", "told"),
    [
        ("TAP_ITERABLE_WINDOW_DAYS", "a month", "`window_days` must be a whole number"),
        ("TAP_ITERABLE_LIST_IDS", "[1,", "`list_ids` must be an array in JSON"),
        ("TAP_ITERABLE_STREAM_MAPS", "{", "`stream_maps` must be an object in JSON"),
    ],
)
@pytest.mark.parametrize("arguments", [(), ("--discover",), ("--test",)])
def test_an_environment_variable_that_cannot_be_read_is_named(
    variable: str, text: str, told: str, arguments: tuple[str, ...]
) -> None:
    environment = os.environ | {"TAP_ITERABLE_API_KEY": "k", "TAP_ITERABLE_START_DATE": "2026-01-01", variable: text}
    command = [COMMAND, "--config=ENV", *arguments]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode in (1, 2)
    assert f"{told}: the environment variable {variable} is not" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(("text", "told"), [(None, "'nothing.json' was not found"), ("{", "line 1 column 2")])
@pytest.mark.parametrize("plugin", ["tap-iterable", "target-iterable"])
def test_a_file_of_settings_that_cannot_be_read_is_told_in_a_sentence(
    tmp_path: Path, plugin: str, text: str | None, told: str
) -> None:
    if text is not None:
        (tmp_path / "nothing.json").write_text(text)
    command = [str(Path(sys.executable).with_name(plugin)), "--config", "nothing.json"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert "Invalid value for '--config'" in ended.stderr
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("text", "told"), [("{", "line 1 column 2"), ("[]", "must hold a JSON object"), ("\xff", "can't decode")]
)
@pytest.mark.parametrize("option", ["--catalog", "--state"])
def test_a_catalog_or_state_that_cannot_be_read_is_told_in_a_sentence(
    tmp_path: Path, option: str, text: str, told: str
) -> None:
    (tmp_path / "broken.json").write_bytes(text.encode("latin-1"))
    ended = run(tmp_path, GOOD, option, "broken.json")
    assert ended.returncode == 2
    assert f"Invalid value for '{option}'" in ended.stderr
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_expression_that_does_not_work_is_told_with_its_setting(sandbox: Sandbox, tmp_path: Path) -> None:
    reach = {"api_key": sandbox.api_key, "api_url": sandbox.url, "enforce_rate_limits": False}
    ended = run(tmp_path, GOOD | reach | {"stream_maps": {"lists": {"name": "name.upper("}}})
    assert ended.returncode == 1
    assert "`stream_maps` holds an expression that does not work: Failed to parse expression" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_variables_without_effect_are_told_and_those_that_count_are_not(tmp_path: Path) -> None:
    variables = {
        "TAP_ITERABLE_SKIP_FORBIDDEN": "true",
        "TAP_ITERABLE_STARTDATE": "2026-01-01",
        "TAP_ITERABLE_START_DATE": "2020-01-01",
        "TAP_ITERABLE__SELECT": "[]",
    }
    (tmp_path / "config.json").write_text(json.dumps(GOOD))
    command = [COMMAND, "--config", "config.json", "--discover"]
    ended = subprocess.run(
        command, cwd=tmp_path, env=os.environ | variables, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0
    warnings = [line.rpartition("| ")[2] for line in ended.stderr.splitlines() if "WARNING" in line]
    assert warnings[0] == (
        "The environment variable TAP_ITERABLE_STARTDATE names no setting, and has no effect. "
        "Did you mean TAP_ITERABLE_START_DATE?"
    )
    assert warnings[1].startswith("Environment variables without effect: TAP_ITERABLE_SKIP_FORBIDDEN.")
    assert len(warnings) == 2


def test_booleans_of_the_environment_that_cannot_be_read_are_refused_by_name(tmp_path: Path) -> None:
    ended = subprocess.run(
        [COMMAND, "--config", "ENV", "--discover"],
        cwd=tmp_path,
        env=os.environ
        | {
            "TAP_ITERABLE_API_KEY": "k",
            "TAP_ITERABLE_START_DATE": "2026-01-01",
            "TAP_ITERABLE_ENFORCE_RATE_LIMITS": "ture",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert "`enforce_rate_limits` must be true or false: the environment variable TAP_ITERABLE_ENFORCE_RATE_LIMITS" in (
        ended.stderr
    )
    assert "Traceback" not in ended.stderr
