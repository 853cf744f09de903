"""Changes of e-mail addresses, from records to profiles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from target_iterable.config.settings import SETTINGS
from tests.target.conftest import NewProject, Project
from tests.target.loading import Message, stream

OLD, NEW, TAKEN = "old@example.com", "new@example.com", "taken@example.com"
CHANGE = "POST /api/users/updateEmail"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the ledger is by default."""
    monkeypatch.chdir(tmp_path)


def changes(*records: dict[str, Any], key: tuple[str, ...] = ()) -> list[Message]:
    return stream("user_emails", records, key)


def people(*records: dict[str, Any]) -> list[Message]:
    return stream("users", [*records, {"email": TAKEN, "userId": "t"}])


BY_ADDRESS = {"currentEmail": OLD.upper(), "newEmail": NEW}
BY_ID = {"currentUserId": "u1", "newEmail": NEW}


@pytest.mark.parametrize("change", [BY_ADDRESS, BY_ID])
def test_a_user_gets_another_address_and_keeps_profile_and_lists(project: Project, change: dict[str, Any]) -> None:
    member = stream("list_members", [{"email": OLD, "userId": "u1", "city": "Bern", "list": "VIP"}])
    project.load([*member, *changes(change)])
    assert not project.holds.exists(OLD)
    assert project.holds.user(email=NEW)["city"] == "Bern"
    assert project.holds.members("VIP") == {NEW}


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("userId", BY_ID),
        ("userId", {**BY_ADDRESS, **BY_ID}),
        ("hybrid", BY_ID),
        ("hybrid", BY_ADDRESS),
        ("hybrid", {**BY_ID, "currentEmail": TAKEN}),
    ],
)
def test_where_an_address_is_a_field_it_is_written_in_bulk(
    new_project: NewProject, kind: str, change: dict[str, Any]
) -> None:
    project = new_project(project_type=kind)
    project.load([*people({"email": OLD, "userId": "u1", "city": "Bern"}), *changes(change)], project_type=kind)
    profile = project.holds.user(userId="u1")
    assert (profile["email"], profile["city"]) == (NEW, "Bern")
    assert project.sandbox.requests(CHANGE) == []


def test_a_change_by_address_is_made_once_for_each_key(project: Project) -> None:
    back = {"currentEmail": NEW, "newEmail": OLD}
    rows = [{"id": 1, **BY_ADDRESS}, {"id": 2, **back}, {"id": 3, **BY_ADDRESS}]
    for written, unchanged in ((3, 0), (0, 3)):
        counts = project.load([*people({"email": OLD}), *changes(*rows, key=("id",))])["user_emails"]
        assert (counts["written"], counts["unchanged"]) == (written, unchanged)
        project.load(stream("users", [{"email": NEW, "visits": 1}]))
    assert project.holds.user(email=NEW)["visits"] == 1


def test_a_change_that_was_made_before_is_written_also_when_nothing_is_remembered(project: Project) -> None:
    project.load(people({"email": OLD}, {"email": "2@example.com", "userId": "u2"}))
    rows = changes(BY_ADDRESS, {"currentUserId": "u2", "newEmail": "second@example.com"})
    for ledger in ("first.db", "second.db"):
        counts = project.load(rows, ledger=ledger)["user_emails"]
        assert (counts["written"], counts["rejected"]) == (2, 0)
    assert (project.holds.exists(OLD), project.holds.exists(NEW)) == (False, True)
    assert project.holds.user(userId="u2")["email"] == "second@example.com"


def test_a_change_whose_answer_is_lost_is_written(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SETTINGS["properties"]["max_tries"], "default", 2)
    project.load(people({"email": OLD}))
    project.sandbox.inject(route=CHANGE, fault="reset_after", times=1)
    counts = project.load(changes(BY_ADDRESS))["user_emails"]
    assert (counts["written"], counts["rejected"]) == (1, 0)
    assert project.holds.exists(NEW)


def test_only_addresses_that_have_changed_are_sent_with_skip_unchanged(project: Project) -> None:
    project.load(people({"email": OLD, "userId": "u1"}))
    route = {"user_emails": {"skip_unchanged": True}}
    for address, written in ((NEW, 1), (NEW, 0), ("newer@example.com", 1)):
        counts = project.load(changes({**BY_ID, "newEmail": address}), streams=route)["user_emails"]
        assert (counts["written"], counts["unchanged"]) == (written, 1 - written)
    assert project.holds.user(userId="u1")["email"] == "newer@example.com"


def test_a_change_that_cannot_be_is_rejected_with_its_reason(project: Project) -> None:
    project.load(people({"email": OLD, "userId": "u1"}, {"email": "gone@example.com"}))
    project.holds.client.post_json("/api/users/forget", {"email": "gone@example.com"})
    rows = [
        {"currentEmail": OLD, "newEmail": TAKEN},
        {"currentUserId": "u1", "newEmail": TAKEN},
        {"currentEmail": OLD, "newEmail": "gone@example.com"},
        {"currentEmail": "nobody@example.com", "newEmail": NEW},
        {"currentUserId": "nobody", "newEmail": NEW},
        {"newEmail": NEW},
        {"currentEmail": OLD},
        {"currentEmail": OLD, "newEmail": "nowhere"},
        {"currentEmail": "nowhere", "newEmail": NEW},
        {"currentEmail": OLD, "newEmail": OLD.upper()},
    ]
    assert project.load(changes(*rows))["user_emails"]["reasons"] == {
        "EmailAlreadyExists": 2,
        "ForgottenUserError": 1,
        "UnknownEmailError": 1,
        "UnknownUserIdError": 1,
        "missingIdentity": 1,
        "missingEmail": 1,
        "invalidEmails": 2,
        "sameEmail": 1,
    }
    assert project.holds.user(userId="u1")["email"] == OLD


@pytest.mark.parametrize("change", [BY_ADDRESS, BY_ID])
def test_a_change_makes_no_user(new_project: NewProject, change: dict[str, Any]) -> None:
    project = new_project(project_type="hybrid")
    counts = project.load(changes(change), project_type="hybrid")["user_emails"]
    assert (counts["unchanged"], project.sandbox.counts()["users"]) == (1, 0)


def test_an_address_alone_finds_nobody_where_users_go_by_their_ids(new_project: NewProject) -> None:
    project = new_project(project_type="userId")
    counts = project.load(changes(BY_ADDRESS), project_type="userId")["user_emails"]
    assert counts["reasons"] == {"missingIdentity": 1}


def test_events_behind_a_change_find_the_user_by_the_new_address(project: Project) -> None:
    project.load(people({"email": OLD, "userId": "u1"}))
    project.load([*changes(BY_ADDRESS), *stream("events", [{"email": NEW, "eventName": "seen"}])])
    assert [event["userId"] for event in project.holds.events()] == ["u1"]
