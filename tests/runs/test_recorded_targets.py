"""Runs of the target, as a process of its own, are in the history with what they did."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from iterable_sandbox.server import Sandbox
from tests.runs.commands import (
    PATIENCE,
    PLACE,
    TargetCommand,
    asked,
    contents,
    heard_of,
    lines,
    runs,
    silent_for_two_minutes,
)
from tests.target.loading import Message, stream
from tests.target.test_mirror import mirror, people, version

pytestmark = pytest.mark.more

ANN, BOB = "ann@example.com", "Bob.Private@Example.com"
USERS = stream("users", [{"email": ANN, "age": 1}, {"email": BOB, "age": 2}, {"email": "nobody", "age": 3}], ["email"])
SKIPPING = {"users": {"object": "users", "skip_unchanged": True}}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def target(sandbox: Sandbox, tmp_path: Path) -> TargetCommand:
    return TargetCommand(sandbox, tmp_path)


def warnings(ended: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in ended.stderr.splitlines() if "WARNING" in line and "run_history" in line]


def test_a_run_is_listed_and_shown_and_its_numbers_add_up(target: TargetCommand) -> None:
    for _ in range(2):
        assert target.run(USERS, streams=SKIPPING).returncode == 0
    latest, first = asked(target.place, "list")
    assert [run["kind"] for run in (latest, first)] == ["succeeded", "succeeded"]
    shown = asked(target.place, "show", "last")
    totals = shown["run"]["totals"]
    assert {name: totals[name] for name in ("read", "written", "unchanged", "rejected", "removed")} == {
        "read": 3,
        "written": 0,
        "unchanged": 2,
        "rejected": 1,
        "removed": 0,
    }
    assert first["totals"]["read"] == first["totals"]["written"] + first["totals"]["rejected"] == 3
    assert first["totals"]["requests"] == 1
    assert first["totals"]["bytes"] > 0
    assert (shown["run"]["plugin"], shown["run"]["exit_code"], shown["run"]["directory"]) == (
        "target-iterable",
        0,
        str(target.folder),
    )
    (users,) = shown["streams"]
    assert (users["name"], users["object"]) == ("users", "users")
    assert shown["rejects"] == [{"stream": "users", "code": "invalidEmails", "count": 1, "fields": []}]


def test_rejects_name_their_reason_and_their_fields_and_how_to_send_them_again(target: TargetCommand) -> None:
    target.run(stream("users", [{"email": ANN, "plan": {"price": 1}}]))
    clashing = stream("users", [{"email": f"{n}@example.com", "plan": {"price": "much"}} for n in range(3)])
    assert target.run(clashing, max_rejects="100%").returncode == 0
    rejects = asked(target.place, "rejects", "last")
    assert [(one["count"], one["fields"]) for one in rejects["rejects"]] == [(3, ["plan.price"])]
    path = rejects["replay"]["users"].rpartition(" ")[2]
    assert (target.folder / path).exists()


def test_requests_and_retries_are_noted_one_by_one(target: TargetCommand, sandbox: Sandbox) -> None:
    sandbox.inject("rate_limit", route="POST /api/users/bulkUpdate")
    assert target.run(USERS).returncode == 0
    with closing(sqlite3.connect(target.place)) as history:
        columns = "method, path, status, attempt, stream, records, written, rejected"
        noted = history.execute(f"SELECT {columns} FROM iterable_run_requests ORDER BY number").fetchall()  # noqa: S608
    update = ("POST", "/api/users/bulkUpdate")
    assert [one for one in noted if one[:2] == update] == [
        (*update, 429, 1, "users", 2, None, None),
        (*update, 200, 2, "users", 2, 2, 0),
    ]
    (run,) = runs(target.place)
    assert (run.totals.requests, run.totals.retries) == (1, 1)


def found(target: TargetCommand, identity: str) -> list[tuple[str, str]]:
    return [(one["verdict"], one["reason"]) for one in asked(target.place, "find", identity)]


def test_rejected_users_are_found_by_hash_even_if_their_file_is_gone(target: TargetCommand) -> None:
    target.run(USERS, rejects_path="gone")
    for file in (target.folder / "gone").glob("*.singer"):
        file.unlink()
    assert found(target, "NOBODY") == [("rejected", "invalidEmails: 'email' is malformed")]
    assert found(target, ANN) == []


def test_all_users_are_found_if_that_is_asked_for_and_none_if_that_is(target: TargetCommand) -> None:
    target.run(USERS, run_history_identities="all", streams=SKIPPING)
    target.run(USERS, run_history_identities="all", streams=SKIPPING)
    assert sorted(found(target, BOB.lower())) == [("unchanged", ""), ("written", "")]
    other = TargetCommand.__new__(TargetCommand)
    other.folder, other.settings, other.place = target.folder, target.settings, str(target.folder / "none.db")
    other.run(USERS, run_history_identities="none", run_history="none.db", rejects_path="elsewhere")
    for file in (target.folder / "elsewhere").glob("*.singer"):
        file.unlink()
    assert found(other, "nobody") == []


def test_removals_are_counted_and_found(target: TargetCommand) -> None:
    settings = {**mirror(), "run_history_identities": "all"}
    target.run(version("list_members", 1, people(ANN, BOB)), **settings)
    target.run(version("list_members", 2, people(BOB)), **settings)
    assert [run.totals.removed for run in runs(target.place)] == [1, 0]
    assert sorted(found(target, ANN)) == [("removed", ""), ("written", "")]


def test_the_files_of_the_history_hold_nothing_personal(target: TargetCommand, sandbox: Sandbox) -> None:
    records = [{"email": ANN, "phone": "+41791112233"}, {"email": BOB}, {"email": "nobody@at@all"}, {"email": 7}]
    messages: list[Message] = [
        *stream("users", records, ["email"]),
        *stream("list_members", [{"email": ANN, "list": "VIP", "userId": "secret-user-4711"}], ["email"]),
    ]
    sandbox.store.lists.create("VIP", None, 0)
    settings = {"run_history_identities": "all", "max_rejects": "100%"}
    with target.started(stdin=lines(messages), **settings) as process:
        heard_of(target.place, process)
        process.stdin and process.stdin.close()
        process.wait(PATIENCE)
        kept = contents(target.folder)
    kept += contents(target.folder)
    assert b"invalidemails" in kept
    for secret in ("ann@", "bob.private", "example.com", "nobody", "4711", "41791112233", sandbox.api_key):
        assert secret.lower().encode() not in kept, secret


def test_a_dry_run_is_told_from_a_real_one(target: TargetCommand) -> None:
    assert target.run(USERS, "--dry-run").returncode == 0
    shown = asked(target.place, "show", "last")
    assert shown["run"]["dry_run"] is True
    assert (shown["run"]["totals"]["written"], shown["run"]["totals"]["rejected"]) == (2, 1)
    assert shown["streams"][0]["rejects_path"].startswith("dry-run")


def test_a_run_that_fails_is_noted_with_its_exit_code_and_its_sentence(target: TargetCommand) -> None:
    ended = target.run(USERS, api_key="f" * 32)
    (run,) = runs(target.place)
    assert (run.kind, run.exit_code) == ("failed", ended.returncode) == ("failed", 1)
    assert run.error
    assert run.error in ended.stderr


def test_a_run_that_is_refused_after_its_settings_were_read_is_noted_as_failed(target: TargetCommand) -> None:
    ended = target.run(USERS, streams={"users": {"object": "userz"}})
    (run,) = runs(target.place)
    assert (run.kind, run.exit_code) == ("failed", ended.returncode) == ("failed", 1)
    assert "userz" in run.error


def test_a_run_that_is_killed_is_shown_as_killed_with_what_it_had_done(target: TargetCommand) -> None:
    with target.started(stdin=lines(USERS)) as process:
        assert heard_of(target.place, process).kind == "running"
        process.kill()
        process.wait(PATIENCE)
    silent_for_two_minutes(target.place)
    (run,) = runs(target.place)
    assert (run.kind, run.exit_code, run.ended) == ("killed", None, None)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_a_signal_ends_is_interrupted(target: TargetCommand, number: signal.Signals) -> None:
    with target.started(stdin=lines(USERS)) as process:
        heard_of(target.place, process)
        process.send_signal(number)
        process.communicate(timeout=PATIENCE)
    (run,) = runs(target.place)
    assert (run.kind, run.exit_code) == ("interrupted", process.returncode)


def test_commands_that_are_no_runs_leave_no_history(target: TargetCommand) -> None:
    for arguments in (["--about"], ["--version"], ["--check"]):
        assert target.run([], *arguments).returncode == 0
    assert not Path(target.place).exists()


def test_an_empty_setting_writes_no_history(target: TargetCommand) -> None:
    assert target.run(USERS, run_history="").returncode == 0
    assert not Path(target.place).exists()


@pytest.mark.parametrize("place", ["sqlite://", "mysql://host/runs", "."])
def test_a_place_that_can_be_no_history_is_refused_by_the_name_of_the_setting(
    target: TargetCommand, place: str
) -> None:
    ended = target.run(USERS, run_history=place)
    assert ended.returncode == 1
    assert "`run_history`" in ended.stderr


def test_a_locked_history_costs_a_warning_and_not_the_run(target: TargetCommand, sandbox: Sandbox) -> None:
    target.run([])
    with closing(sqlite3.connect(target.place, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        ended = target.run(USERS)
    assert ended.returncode == 0
    assert sandbox.counts()["users"] == 2
    assert len(warnings(ended)) == 1


def test_a_history_that_is_removed_in_mid_run_costs_nothing(target: TargetCommand, sandbox: Sandbox) -> None:
    with target.started(stdin=lines(USERS)) as process:
        heard_of(target.place, process)
        for path in target.folder.glob(f"{PLACE}*"):
            path.unlink()
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert sandbox.counts()["users"] == 2
    assert [run.kind for run in runs(target.place)] == ["succeeded"]


def test_a_server_that_cannot_be_reached_costs_a_warning_without_its_password(target: TargetCommand) -> None:
    ended = target.run(USERS, run_history="postgresql://ann:hidden@127.0.0.1:1/runs")
    assert ended.returncode == 0
    assert len(warnings(ended)) == 1
    assert "hidden" not in ended.stderr


def test_two_runs_at_once_share_a_history_in_postgresql(target: TargetCommand, tmp_path: Path, postgresql: str) -> None:
    folders = [tmp_path / name for name in ("one", "two")]
    commands = []
    for folder in folders:
        folder.mkdir()
        command = TargetCommand.__new__(TargetCommand)
        command.folder, command.settings, command.place = folder, target.settings, postgresql
        commands.append(command)
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda command: command.run(USERS, run_history=postgresql), commands))
    assert [one.returncode for one in ended] == [0, 0]
    assert [warnings(one) for one in ended] == [[], []]
    new = [run for run in runs(postgresql) if run.directory.startswith(str(tmp_path))]
    assert sorted((run.kind, run.directory, run.totals.written) for run in new) == sorted(
        ("succeeded", str(folder), 2) for folder in folders
    )


def test_runs_that_are_too_old_go(target: TargetCommand) -> None:
    target.run(USERS)
    with closing(sqlite3.connect(target.place)) as history, history:
        history.execute("UPDATE iterable_runs SET started_at = started_at - 10 * 86400000000")
    with target.started(stdin=lines(USERS), run_history_days=9) as process:
        heard_of(target.place, process)
        process.communicate(timeout=PATIENCE)
    assert len(runs(target.place)) == 1
