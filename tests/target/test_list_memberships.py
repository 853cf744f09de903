"""All lists of a user in one record."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from target_iterable.config.setting_error import SettingError
from tests.target.conftest import NewProject, Project
from tests.target.interrupting import Interrupting, Moment
from tests.target.loading import stream
from tests.target.test_command_line import COMMAND, settings

ANN, BOB, CAT = "ann@example.com", "bob@example.com", "cat@example.com"
MANAGED = ["News", "VIP"]


def load(project: Project, *rows: dict[str, Any], **options: Any) -> dict[str, Any]:
    route = {"people": {"object": "list_memberships", **options}}
    return dict(project.load(stream("people", rows), streams=route)["people"])


def members(project: Project) -> dict[str, set[str]]:
    return {name: project.holds.members(name) for name in project.holds.lists()}


def test_a_record_puts_its_user_into_all_lists_that_it_names(project: Project) -> None:
    load(project, {"email": ANN, "lists": ["News", "VIP"], "plan": "paid"}, {"email": BOB, "lists": '["News"]'})
    assert members(project) == {"News": {ANN, BOB}, "VIP": {ANN}}
    profile = project.holds.user(email=ANN)
    assert profile["plan"] == "paid"
    assert not {"lists", "list"} & profile.keys()


def test_a_record_takes_its_user_out_of_the_managed_lists_that_it_does_not_name(project: Project) -> None:
    load(project, *({"email": who, "lists": ["News", "VIP", "Press"]} for who in (ANN, BOB, CAT)))
    rows = [{"email": ANN, "lists": ["VIP"]}, {"email": BOB, "lists": []}]
    summary = load(project, *rows, managed_lists=MANAGED)
    assert members(project) == {"News": {CAT}, "VIP": {ANN, CAT}, "Press": {ANN, BOB, CAT}}
    assert (summary["read"], summary["written"], summary["rejected"]) == (4, 4, 0)
    (file,) = project.load.audit_directory.glob("*.ndjson")
    entries = [json.loads(line) for line in file.read_text().splitlines()]
    assert {(entry["action"], *entry["identity"][0]) for entry in entries} == {
        ("remove", "email", ANN),
        ("remove", "email", BOB),
    }


def test_a_record_of_a_deleted_row_can_be_written_like_all_others(project: Project) -> None:
    load(project, {"email": ANN, "lists": MANAGED})
    rows = [{"email": ANN, "lists": ["VIP"], "_sdc_deleted_at": "2026-01-02T03:04:05Z"}]
    summary = load(project, *rows, managed_lists=MANAGED, on_deleted="write")
    assert members(project) == {"News": set(), "VIP": {ANN}}
    assert summary["written"] == 2
    assert load(project, *rows, managed_lists=MANAGED)["reasons"] == {"deletedRow": 1}


def test_without_managed_lists_nobody_is_taken_out(project: Project) -> None:
    load(project, {"email": ANN, "lists": ["News", "VIP"]})
    summary = load(project, {"email": ANN, "lists": ["VIP"]}, {"email": ANN, "lists": []})
    assert members(project) == {"News": {ANN}, "VIP": {ANN}}
    assert (summary["written"], summary["unchanged"]) == (1, 1)


def test_a_managed_list_that_does_not_exist_is_not_created_to_leave_it(project: Project) -> None:
    summary = load(project, {"email": ANN, "lists": ["News"]}, managed_lists=MANAGED)
    assert members(project) == {"News": {ANN}}
    assert (summary["read"], summary["written"]) == (1, 1)


def test_the_last_record_of_a_user_counts(project: Project) -> None:
    rows = [{"email": ANN, "lists": lists} for lists in (["News"], ["VIP"], [], ["VIP", "News"], ["News"])]
    load(project, *rows, managed_lists=MANAGED)
    assert members(project) == {"News": {ANN}, "VIP": set()}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"email": ANN, "lists": None}, "missingLists"),
        ({"email": ANN}, "missingLists"),
        ({"email": ANN, "lists": "News"}, "invalidLists"),
        ({"email": ANN, "lists": ["News", " "]}, "invalidLists"),
        ({"email": ANN, "lists": [7]}, "invalidLists"),
        ({"email": "nobody", "lists": ["News"]}, "invalidEmails"),
    ],
)
def test_a_record_that_does_not_say_its_lists_takes_nobody_out(
    project: Project, row: dict[str, Any], reason: str
) -> None:
    load(project, {"email": ANN, "lists": MANAGED})
    summary = load(project, row, {"email": BOB, "lists": ["News"]}, managed_lists=["News"])
    assert (summary["reasons"], summary["written"]) == ({reason: 1}, 1)
    assert members(project) == {"News": {ANN, BOB}, "VIP": {ANN}}


def test_a_default_says_that_a_null_is_no_list(project: Project) -> None:
    load(project, {"email": ANN, "groups": MANAGED}, lists_column="groups")
    load(project, {"email": ANN, "groups": None}, lists_column="groups", managed_lists=["VIP"], defaults={"groups": []})
    assert members(project) == {"News": {ANN}, "VIP": set()}


def test_a_list_that_is_not_managed_is_named_once(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    load(project, *({"email": who, "lists": ["Press"]} for who in (ANN, BOB)), managed_lists=MANAGED)
    assert sum("'Press'" in message for message in caplog.messages) == 1


def test_many_users_of_some_lists_need_one_request_for_each_list(project: Project) -> None:
    rows = [{"email": f"{number}@example.com", "lists": ["News", "VIP"]} for number in range(50)]
    assert load(project, *rows)["requests"] == 2


@pytest.mark.parametrize("project_type", ["userId", "hybrid"])
def test_users_may_be_named_by_ids(new_project: NewProject, project_type: str) -> None:
    project = new_project(project_type=project_type)
    route = {"people": {"object": "list_memberships", "managed_lists": MANAGED}}
    for lists in (MANAGED, ["VIP"]):
        project.load(stream("people", [{"userId": "u1", "lists": lists}]), project_type=project_type, streams=route)
    assert members(project) == {"News": set(), "VIP": {"u1"}}


def test_unchanged_memberships_are_not_sent_again(project: Project, tmp_path: Any) -> None:
    route = {"people": {"object": "list_memberships", "managed_lists": MANAGED, "skip_unchanged": True}}
    ledger = str(tmp_path / "ledger.db")
    for lists, written in ((["VIP"], 1), (["VIP"], 0), (MANAGED, 1), ([], 2), ([], 0)):
        rows = [{"email": ANN, "lists": lists}]
        assert project.load(stream("people", rows), streams=route, ledger=ledger)["people"]["written"] == written


@pytest.mark.parametrize("lists", [[], [""], [7], "VIP", True])
def test_managed_lists_that_are_no_names_are_refused_at_the_start(project: Project, lists: Any) -> None:
    with pytest.raises(SettingError, match="managed_lists"):
        load(project, {"email": ANN, "lists": []}, managed_lists=lists)


def test_a_dry_run_counts_like_the_real_run_and_moves_nobody(project: Project, tmp_path: Path) -> None:
    load(project, *({"email": who, "lists": MANAGED} for who in (ANN, BOB)))
    rows = [{"email": ANN, "lists": ["Press", "VIP"]}, {"email": BOB, "lists": None}]
    route = {"people": {"object": "list_memberships", "managed_lists": [*MANAGED, "Press"]}}
    planned = project.load(stream("people", rows), streams=route, dry_run=True, dry_run_path=str(tmp_path / "plan"))
    assert members(project) == {"News": {ANN, BOB}, "VIP": {ANN, BOB}}
    real = project.load(stream("people", rows), streams=route)
    assert members(project) == {"News": {BOB}, "VIP": {ANN, BOB}, "Press": {ANN}}
    for count in ("read", "written", "unchanged", "rejected", "requests"):
        assert planned["people"][count] == real["people"][count]


@pytest.mark.parametrize("moment", Moment)
def test_a_killed_run_and_the_next_leave_what_one_run_would(project: Project, tmp_path: Path, moment: Moment) -> None:
    people = [f"{number}@example.com" for number in range(12)]
    load(project, *({"email": who, "lists": MANAGED} for who in people))
    rows = [{"email": who, "lists": [["News"], ["VIP"], []][place % 3]} for place, who in enumerate(people)]
    route = {"people": {"object": "list_memberships", "managed_lists": MANAGED}}
    config = {"streams": route, "max_batch_rows": 2, "enforce_rate_limits": False, "api_key": project.sandbox.api_key}
    with Interrupting.proxy(project.sandbox.url, 4, moment, signal.SIGKILL) as proxy:
        command = [COMMAND, "--config", settings(tmp_path, **config, api_url=proxy)]
        code, out = Interrupting.run(command, [*stream("people", rows), {"type": "STATE", "value": 1}])
    assert (code, out.split()) == (-signal.SIGKILL, [])
    load(project, *rows, managed_lists=MANAGED)
    assert members(project) == {"News": {*people[::3]}, "VIP": {*people[1::3]}}
