"""Runs of the tap, as a process of its own, are in the history with what they did."""

from __future__ import annotations

import json
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from iterable_sandbox.server import Sandbox
from tests.runs.commands import (
    PATIENCE,
    TapCommand,
    asked,
    contents,
    heard_of,
    runs,
    silent_for_two_minutes,
)
from tests.tap.test_interrupts import wait_until_it_is_full

pytestmark = pytest.mark.more

BATCHES = {"encoding": {"format": "jsonl"}, "storage": {"root": "file://batches"}}


@pytest.fixture
def sandbox(seeded_database: Path, tmp_path: Path) -> Iterator[Sandbox]:
    copy = shutil.copy(seeded_database, tmp_path / "project.db")
    with Sandbox(database=str(copy)) as running:
        yield running


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> TapCommand:
    (tmp_path / "tap").mkdir()
    return TapCommand(sandbox, tmp_path / "tap")


def test_a_run_is_shown_with_rows_windows_requests_bookmarks_and_lag(tap: TapCommand) -> None:
    ended = tap.run(*tap.select("users", "email_send", "lists"), end_date="2026-11-01", window_days=30)
    assert ended.returncode == 0
    written = Counter(
        message["stream"] for message in map(json.loads, ended.stdout.splitlines()) if message["type"] == "RECORD"
    )
    shown = asked(tap.place, "show", "last")
    assert {one["name"]: one["totals"]["read"] for one in shown["streams"]} == written
    assert min(written.values()) > 0
    assert shown["run"]["totals"]["read"] == written.total()
    streams = {one["name"]: one for one in shown["streams"]}
    send, lists = streams["email_send"], streams["lists"]
    assert (send["totals"]["windows"], send["totals"]["requests"], send["totals"]["malformed"]) == (4, 4, 0)
    assert (send["bookmark_before"], send["bookmark_after"]) == (None, "2026-11-01T00:00:00.000000+00:00")
    assert send["totals"]["bytes"] > 10_000
    assert send["totals"]["lag_seconds"] > 0
    assert (lists["totals"]["windows"], lists["totals"]["lag_seconds"], lists["totals"]["requests"]) == (None, None, 1)
    (run,) = runs(tap.place)
    assert (run.kind, run.exit_code, run.plugin, run.totals.written) == ("succeeded", 0, "tap-iterable", None)


def test_the_next_run_has_the_bookmark_of_the_one_before(tap: TapCommand) -> None:
    arguments = tap.select("email_send")
    first = tap.run(*arguments, end_date="2026-10-01")
    states = [message["value"] for message in map(json.loads, first.stdout.splitlines()) if message["type"] == "STATE"]
    (tap.folder / "state.json").write_text(json.dumps(states[-1]))
    tap.run(*arguments, "--state", "state.json", end_date="2026-11-01")
    (stream,) = asked(tap.place, "show", "last")["streams"]
    assert (stream["bookmark_before"], stream["bookmark_after"]) == (
        "2026-10-01T00:00:00.000000+00:00",
        "2026-11-01T00:00:00.000000+00:00",
    )


def test_rows_of_files_and_of_renamed_streams_are_counted_too(tap: TapCommand) -> None:
    arguments = tap.select("users", "lists")
    plain = tap.run(*arguments)
    expected = sum('"RECORD"' in line for line in plain.stdout.splitlines())
    assert tap.run(*arguments, batch_config=BATCHES).returncode == 0
    assert tap.run(*arguments, stream_maps={"users": {"__alias__": "people"}}).returncode == 0
    assert [run.totals.read for run in runs(tap.place)] == [expected] * 3


def test_malformed_lines_retries_and_jobs_are_counted(tap: TapCommand, sandbox: Sandbox) -> None:
    sandbox.inject("malformed_line", route="GET /api/export/data.json", line=2)
    arguments = tap.select("email_send")
    assert tap.run(*arguments, max_malformed_percent=50, end_date="2026-11-01", window_days=365).returncode == 0
    assert asked(tap.place, "show", "last")["run"]["totals"]["malformed"] == 1
    sandbox.inject("gateway", route="GET /api/export/data.json")
    assert tap.run(*arguments, end_date="2026-11-01", window_days=365).returncode == 0
    totals = asked(tap.place, "show", "last")["run"]["totals"]
    assert (totals["requests"], totals["retries"], totals["jobs"]) == (1, 1, 0)
    assert tap.run(*arguments, end_date="2026-11-01", export_mode="jobs").returncode == 0
    totals = asked(tap.place, "show", "last")["run"]["totals"]
    assert (totals["jobs"], totals["windows"]) == (1, 1)
    assert totals["bytes"] > 10_000


def test_a_run_that_fails_is_noted_with_its_exit_code_and_its_sentence(tap: TapCommand, sandbox: Sandbox) -> None:
    arguments = tap.select("email_send")
    sandbox.inject("answer", route="GET /api/export/data.json", times=None, status=403, body="{}")
    ended = tap.run(*arguments)
    (run,) = runs(tap.place)
    assert (run.kind, run.exit_code) == ("failed", ended.returncode) == ("failed", 1)
    assert run.error
    assert run.error in ended.stderr


def test_a_run_that_fails_before_its_streams_are_known_is_noted(tap: TapCommand, sandbox: Sandbox) -> None:
    sandbox.inject("gateway", route="GET /api/users/getFields", times=None)
    ended = tap.run(typed_user_fields=True)
    (run,) = runs(tap.place)
    assert (run.kind, run.exit_code, run.streams) == ("failed", ended.returncode, 0) == ("failed", 1, 0)


def test_a_run_that_is_killed_is_shown_as_killed(tap: TapCommand) -> None:
    with tap.started(*tap.select("email_send")) as process:
        assert heard_of(tap.place, process).kind == "running"
        process.kill()
        process.wait(PATIENCE)
    silent_for_two_minutes(tap.place)
    assert [run.kind for run in runs(tap.place)] == ["killed"]


def test_a_run_that_a_signal_ends_is_interrupted(tap: TapCommand) -> None:
    """The pipe is full, so the run stands still until its output is read."""
    with tap.started(*tap.select("email_send")) as process:
        heard_of(tap.place, process)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    (run,) = runs(tap.place)
    assert (run.kind, run.exit_code) == ("interrupted", process.returncode)


def test_a_run_that_must_be_ended_by_force_is_interrupted_too(tap: TapCommand) -> None:
    """Nobody reads the output, so the line that is being written never ends."""
    with tap.started(*tap.select("email_send")) as process:
        heard_of(tap.place, process)
        assert process.stdout is not None
        wait_until_it_is_full(process.stdout.fileno())
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 128 + signal.SIGTERM
    (run,) = runs(tap.place)
    assert (run.kind, run.exit_code) == ("interrupted", 128 + signal.SIGTERM)
    assert "did not end in time" in run.error


def test_commands_that_are_no_runs_leave_no_history(tap: TapCommand) -> None:
    for arguments in (["--about"], ["--discover"], ["--test"], ["--test=schema"]):
        assert tap.run(*arguments).returncode == 0
    tap.run("--catalog", "missing.json")
    assert not Path(tap.place).exists()


def test_an_empty_setting_writes_no_history(tap: TapCommand) -> None:
    assert tap.run(*tap.select("lists"), run_history="").returncode == 0
    assert not Path(tap.place).exists()


@pytest.mark.parametrize(
    ("wrong", "setting"),
    [({"run_history": "mysql://host/runs"}, "run_history"), ({"run_history_days": 0}, "run_history_days")],
)
def test_a_setting_that_makes_no_sense_is_refused_by_its_name(
    tap: TapCommand, wrong: dict[str, Any], setting: str
) -> None:
    ended = tap.run(**wrong)
    assert ended.returncode == 1
    assert setting in ended.stderr


def test_the_files_of_the_history_hold_nothing_personal(tap: TapCommand, sandbox: Sandbox) -> None:
    costly = {"costly_streams": ["list_users", "user_events"]}
    arguments = tap.select("users", "email_send", "list_users", "user_events")
    users = [message["record"]["email"] for message in _records(tap.run(*arguments, **costly), "users")]
    assert tap.run(*arguments, **costly, user_events_users=users[:3]).returncode == 0
    kept = contents(tap.folder)
    assert b"/api/export/data.json" in kept
    assert sandbox.api_key.encode() not in kept
    assert [user for user in users if user.lower().encode() in kept] == []


def _records(ended: object, stream: str) -> list[dict[str, dict[str, str]]]:
    output = str(getattr(ended, "stdout", ""))
    messages = [json.loads(line) for line in output.splitlines()]
    return [message for message in messages if message["type"] == "RECORD" and message["stream"] == stream]
