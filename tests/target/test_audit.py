"""The audit log explains every removal from Iterable."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from target_iterable.config.setting_error import SettingError
from target_iterable.config.settings import SETTINGS
from target_iterable.mirror.errors import RemovalFailedError
from target_iterable.objects.registry import OBJECTS
from tests.target.conftest import NewProject, Project
from tests.target.interrupting import Interrupting, Moment
from tests.target.loading import STATE, stream
from tests.target.test_command_line import COMMAND, settings
from tests.target.test_mirror import ANN, BOB, CAT, ROWS, mirror, people, version
from tests.target.test_mirror_runs import MANY, started

DESTRUCTIVE = {"allow_destructive": True}


@pytest.fixture(autouse=True)
def _one_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SETTINGS["properties"]["max_tries"], "default", 1)


def briefly(entries: list[dict[str, Any]]) -> list[tuple[str, Any, str]]:
    return sorted((entry["action"], entry["identity"], entry["outcome"]) for entry in entries)


def test_a_removal_says_who_left_what_when_and_in_which_run(project: Project) -> None:
    project.load(version("list_members", 1, people(ANN, BOB)), **mirror())
    project.load(version("list_members", 2, people(BOB)), **mirror())
    (entry,) = project.load.audited
    assert datetime.now(UTC) - datetime.fromisoformat(entry.pop("at")) < timedelta(minutes=5)
    assert entry.pop("run") == project.load.summary["run"]
    assert entry == {
        "stream": "list_members",
        "object": "list_members",
        "action": "remove",
        "identity": [["email", ANN]],
        "place": f"list {project.holds.lists()['VIP']}",
        "endpoint": "POST /api/lists/unsubscribe",
        "version": 2,
        "last_version": 1,
        "outcome": "removed",
        "code": None,
        "reason": None,
    }


def test_the_summary_and_the_table_name_the_log_and_only_its_owner_can_read_it(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.load(version("list_members", 1, people(*MANY)), **mirror())
    assert project.load.streams["list_members"]["audit"] is None
    assert not project.load.audit_directory.exists()
    audit = project.load(version("list_members", 2, people(MANY[0])), **mirror())["list_members"]["audit"]
    assert audit["entries"] == 11
    log = Path(audit["path"])
    assert log.parent == project.load.audit_directory
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert f"  11 in the audit log {log}" in capsys.readouterr().err.splitlines()


@pytest.mark.parametrize("name", ROWS)
def test_items_metadata_and_snippets_are_in_it(project: Project, name: str) -> None:
    rows = ROWS[name]
    project.load(version(name, 1, rows), **mirror(name))
    project.load(version(name, 2, rows[1:]), **mirror(name))
    (entry,) = project.load.audited
    assert (entry["action"], entry["outcome"], len(entry["identity"])) == ("remove", "removed", 1)
    assert entry["endpoint"].startswith("DELETE /api/")


@pytest.mark.parametrize("what", ["clear", "delete", "forget"])
def test_what_is_done_with_users_is_the_action(project: Project, what: str) -> None:
    options = mirror("users", on_removed=what) | DESTRUCTIVE
    project.load(version("users", 1, people(ANN, BOB, plan="paid")), **options)
    project.load(version("users", 2, people(BOB, plan="paid")), **options)
    assert briefly(project.load.audited) == [(what, [["email", ANN]], "removed")]


def test_the_last_version_that_had_it_counts_also_if_that_was_never_complete(project: Project) -> None:
    project.load(version("list_members", 1, people(ANN, BOB, CAT)), **mirror())
    project.load(version("list_members", 2, people(BOB, CAT), done=False), **mirror())
    project.load(version("list_members", 3, people(BOB), done=False), **mirror())
    project.load(version("list_members", 4, people("new@example.com")), **mirror())
    last = {entry["identity"][0][1]: entry["last_version"] for entry in project.load.audited}
    assert last == {ANN: 1, CAT: 2, BOB: 3}


def test_what_records_delete_forget_merge_and_take_out_is_in_it(project: Project) -> None:
    everybody = [ANN, BOB, CAT, "dan@example.com", "eve@example.com"]
    project.load(stream("list_members", people(*everybody, list="VIP")))
    streams = {
        "left": {"object": "list_members", "mode": "remove", "list": "VIP"},
        "both": {"object": "list_members", "member_column": "member", "list": "VIP"},
    }
    merge = {"sourceEmail": CAT, "destinationEmail": everybody[3]}
    project.load(
        [
            *stream("user_deletions", people(ANN)),
            *stream("user_forgets", people(BOB)),
            *stream("user_merges", [merge]),
            *stream("left", people(everybody[3])),
            *stream("both", [{"email": everybody[4], "member": False}, {"email": "new@example.com", "member": True}]),
        ],
        streams=streams,
        **DESTRUCTIVE,
    )
    entries = project.load.audited
    assert briefly(entries) == [
        ("delete", [["email", ANN]], "removed"),
        ("forget", [["email", BOB]], "removed"),
        ("merge", [["email", CAT], ["email", everybody[3]]], "removed"),
        ("remove", [["email", everybody[3]]], "removed"),
        ("remove", [["email", everybody[4]]], "removed"),
    ]
    assert {(entry["version"], entry["last_version"]) for entry in entries} == {(None, None)}
    assert len({entry["run"] for entry in entries}) == 1


@pytest.mark.parametrize(("what", "action"), [("clear", "remove"), ("delete", "delete"), ("forget", "forget")])
def test_what_is_removed_because_the_source_has_deleted_its_row_is_in_it(
    project: Project, what: str, action: str
) -> None:
    project.load(stream("users", people(ANN, BOB, plan="gold")))
    records = [{"email": ANN, "plan": None, "_sdc_deleted_at": "2026-11-28T10:00:00Z"}, *people(BOB, plan="free")]
    routes = {"users": {"on_deleted": "remove", "on_removed": what}}
    project.load(stream("users", records), streams=routes, **DESTRUCTIVE)
    assert briefly(project.load.audited) == [(action, [["email", ANN]], "removed")]


def test_what_takes_nothing_away_is_not_in_it(project: Project) -> None:
    project.load([*stream("users", people(ANN)), *stream("list_members", people(ANN, list="VIP"))])
    project.load(version("users", 1, people(ANN, BOB)), **mirror("users", on_removed="nothing"))
    project.load(version("users", 2, people(ANN)), **mirror("users", on_removed="nothing"))
    assert project.load.audited == []


def test_what_was_gone_already_is_said_to_be(new_project: NewProject) -> None:
    project = new_project(project_type="userId")
    options = DESTRUCTIVE | {"project_type": "userId"}
    project.load(stream("user_deletions", [{"userId": "nobody"}]), **options)
    assert briefly(project.load.audited) == [("delete", [["userId", "nobody"]], "already_gone")]


def test_what_was_in_a_list_that_somebody_else_has_deleted_is_already_gone(project: Project) -> None:
    project.load(version("list_members", 1, people(ANN, BOB)), **mirror())
    path_params = {"listId": str(project.holds.lists()["VIP"])}
    project.holds.client.request("DELETE", "/api/lists/{listId}", path_params=path_params)
    project.load(version("list_members", 2, people(BOB)), **mirror())
    assert [outcome for _, _, outcome in briefly(project.load.audited)] == ["already_gone", "already_gone"]


def test_what_iterable_refuses_is_in_it_with_the_reason(project: Project) -> None:
    project.load(version("list_members", 1, people(ANN, BOB)), **mirror())
    project.sandbox.inject(route="POST /api/lists/unsubscribe", fault="answer", status=400, times=1)
    project.load(version("list_members", 2, people(BOB)), **mirror())
    (entry,) = project.load.audited
    assert (entry["outcome"], entry["code"]) == ("rejected", "400")
    assert entry["reason"]


def test_a_removal_that_could_not_be_asked_for_is_in_it(project: Project) -> None:
    options = mirror("users", on_removed="delete") | DESTRUCTIVE | {"placeholder_users": True}
    project.load(version("users", 1, [{"userId": "shared"}, {"email": ANN}]), **options)
    project.load(version("users", 2, people(ANN)), **options)
    (entry,) = project.load.audited
    assert (entry["identity"], entry["outcome"], entry["code"]) == ([["userId", "shared"]], "rejected", "sharedUserId")


def test_a_merge_of_which_nobody_knows_is_unconfirmed(project: Project) -> None:
    project.load(stream("users", people(ANN, BOB)))
    project.sandbox.inject(route="POST /api/users/merge", fault="reset_after", times=1)
    merges = stream("user_merges", [{"sourceEmail": ANN, "destinationEmail": BOB}])
    for _ in range(2):
        project.load(merges, **DESTRUCTIVE)
    first, second = project.load.audited
    assert (first["outcome"], first["endpoint"]) == ("unconfirmed", "POST /api/users/merge")
    assert (second["outcome"], second["code"]) == ("rejected", "unconfirmed")


def test_a_request_that_failed_is_in_it_and_so_is_what_the_next_run_does(project: Project) -> None:
    project.load(version("list_members", 1, people(ANN, BOB)), **mirror())
    project.sandbox.inject(route="POST /api/lists/unsubscribe", fault="generic_error", times=1)
    with pytest.raises(RemovalFailedError):
        project.load(version("list_members", 2, people(BOB)), **mirror())
    project.load(version("list_members", 3, people(BOB)), **mirror())
    assert [outcome for _, _, outcome in briefly(project.load.audited)] == ["failed", "removed"]


@pytest.mark.parametrize("moment", Moment)
def test_after_a_kill_everything_that_is_gone_is_in_it(project: Project, tmp_path: Path, moment: Moment) -> None:
    project.load(version("metadata", 1, [{"table": "shops", "key": f"k{n}", "value": {}} for n in range(6)]))
    options = mirror("metadata")
    rows = [{"table": "shops", "key": f"k{n}", "value": {"n": n}} for n in range(6)]
    project.load(version("metadata", 1, rows), **options)
    with Interrupting.proxy(project.sandbox.url, 4, moment, signal.SIGKILL) as proxy:
        assert started(project, tmp_path, proxy, version("metadata", 2, rows[:1]), **options) == -signal.SIGKILL
    project.load(version("metadata", 3, rows[:1]), **options)
    gone = {entry["identity"][0][1] for entry in project.load.audited}
    assert gone == {f"shops/k{n}" for n in range(1, 6)}


def test_a_dry_run_has_its_planned_removals_beside_its_plan(project: Project, tmp_path: Path) -> None:
    project.load(version("list_members", 1, people(ANN, BOB)), **mirror())
    planning = {"dry_run": True, "dry_run_path": str(tmp_path / "plan")}
    audit = project.load(version("list_members", 2, people(BOB)), **mirror(), **planning)["list_members"]["audit"]
    assert Path(audit["path"]).parent == tmp_path / "plan"
    (entry,) = map(json.loads, Path(audit["path"]).read_text().splitlines())
    assert (entry["identity"], entry["outcome"]) == ([["email", ANN]], "planned")
    assert project.load.audited == []


@pytest.mark.parametrize(
    "route",
    [
        {"object": "list_members", "mode": "mirror"},
        {"object": "list_members", "mode": "remove"},
        {"object": "list_members", "member_column": "member"},
        {"object": "user_deletions"},
        {"object": "user_forgets"},
        {"object": "user_merges"},
    ],
)
def test_a_route_that_takes_away_is_refused_where_that_cannot_be_written_down(
    project: Project, tmp_path: Path, route: dict[str, Any]
) -> None:
    (tmp_path / "file").touch()
    unusable = {"audit_path": str(tmp_path / "file" / "audit")}
    with pytest.raises(SettingError, match="`audit_path` cannot be written"):
        project.load([], streams={"x": route}, **unusable, **DESTRUCTIVE)


def test_so_is_a_stream_that_goes_there_by_its_name_and_no_other(project: Project, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    unusable = {"audit_path": str(tmp_path / "file" / "audit")}
    project.load(stream("users", people(ANN)), **unusable)
    with pytest.raises(SettingError, match="`audit_path` cannot be written"):
        project.load(stream("user_deletions", people(ANN)), **unusable, **DESTRUCTIVE)
    assert project.holds.exists(ANN)


def test_every_object_that_cannot_be_taken_back_has_endpoints_that_are_in_it() -> None:
    """Stopping a campaign needs the same permission, but everything of the campaign is still there."""
    destructive = {name for name, object_ in OBJECTS.items() if object_.spec.permission == "allow_destructive"}
    deletions = {"user_deletions", "user_forgets", "user_merges", "list_deletions", "catalog_deletions"}
    assert destructive - {"campaign_stops"} == deletions


def test_a_full_disk_fails_the_run_and_state_does_not_move_past_what_is_gone(project: Project, tmp_path: Path) -> None:
    everybody = [f"{number}@example.com" for number in range(50)]
    project.load(stream("list_members", people(*everybody, list="VIP")))
    route = {"left": {"object": "list_members", "mode": "remove", "list": "VIP"}}
    api = {"api_key": project.sandbox.api_key, "api_url": project.sandbox.url, "enforce_rate_limits": False}
    config = settings(tmp_path, **api, streams=route)
    lines = [json.dumps(message) for message in stream("left", people(*everybody))]
    ended = subprocess.run(
        [sys.executable, "-B", COMMAND, "--config", config],
        input="\n".join([*lines, json.dumps({"type": "STATE", "value": STATE})]),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "`audit_path`): File too large. State has not moved past what was removed." in ended.stderr
    assert [file.stat().st_size for file in project.load.audit_directory.glob("*.ndjson")] == [0]


def test_the_command_of_the_documentation_finds_an_entry(project: Project) -> None:
    project.load(version("list_members", 1, people(ANN, BOB)), **mirror())
    project.load(version("list_members", 2, people(BOB)), **mirror())
    folder = project.load.audit_directory.parent
    commands = [["sh", "-c", f"grep -h {ANN} audit/*.audit.ndjson"]]
    if shutil.which("jq"):
        commands.append(["sh", "-c", f"jq -c 'select(.identity | flatten | index(\"{ANN}\"))' audit/*.audit.ndjson"])
    for command in commands:
        found = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
        assert json.loads(found)["outcome"] == "removed"
