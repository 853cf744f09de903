"""Members of lists: added, removed, by name and by id."""

from __future__ import annotations

import pytest

from tests.target.conftest import NewProject, Project
from tests.target.loading import Message, stream

ANN, BOB, CAT = "ann@example.com", "bob@example.com", "cat@example.com"


def members(*addresses: str) -> list[Message]:
    return stream("list_members", [{"email": address} for address in addresses])


def test_a_list_is_made_once_and_found_by_its_name_from_then_on(project: Project) -> None:
    route = {"list_members": {"list": "VIP"}}
    project.load(members(ANN, BOB), streams=route)
    summary = project.load(members(CAT), streams=route)
    assert list(project.holds.lists()) == ["VIP"]
    assert project.holds.members("VIP") == {ANN, BOB, CAT}
    assert summary["list_members"]["written"] == 1


def test_the_list_may_stand_in_a_column_by_name_or_by_id(project: Project) -> None:
    project.load(members(ANN), streams={"list_members": {"list": "by id"}})
    rows = [{"email": BOB, "listId": str(project.holds.lists()["by id"])}, {"email": BOB, "list": "by name"}]
    summary = project.load(stream("public-list_members", rows))
    assert project.holds.members("by id") == {ANN, BOB}
    assert project.holds.members("by name") == {BOB}
    assert summary["public-list_members"]["requests"] == 2


def test_profile_fields_travel_along_and_the_list_does_not_become_one(project: Project) -> None:
    project.load(stream("list_users", [{"email": ANN, "list": "VIP", "listId": None, "plan": "paid"}]))
    profile = project.holds.user(email=ANN)
    assert profile["plan"] == "paid"
    assert not {"list", "listId"} & profile.keys()


def test_nulls_are_left_out_when_they_should_keep_what_is_there(project: Project) -> None:
    project.load(stream("list_members", [{"email": ANN, "list": "VIP", "plan": "paid"}]))
    rows = [{"email": ANN, "list": "VIP", "plan": None}]
    project.load(stream("list_members", rows), streams={"list_members": {"nulls": "keep"}})
    assert project.holds.user(email=ANN)["plan"] == "paid"
    project.load(stream("list_members", rows))
    assert "plan" not in project.holds.user(email=ANN)


def test_removed_members_leave_the_list_and_keep_their_profile(project: Project) -> None:
    project.load(stream("list_members", [{"email": who, "list": "VIP", "plan": "paid"} for who in (ANN, BOB)]))
    route = {"left": {"object": "list_members", "mode": "remove", "list": "VIP"}}
    rows = [{"email": ANN, "plan": "gone"}, {"email": "nobody@example.com"}]
    summary = project.load(stream("left", rows), streams=route)
    assert project.holds.members("VIP") == {BOB}
    assert project.holds.user(email=ANN)["plan"] == "paid"
    assert (summary["left"]["written"], summary["left"]["rejected"]) == (2, 0)


def test_removing_from_a_list_that_is_not_there_makes_no_list(project: Project) -> None:
    route = {"left": {"object": "list_members", "mode": "remove", "list": "VIP"}}
    summary = project.load(stream("left", [{"email": ANN}]), streams=route)
    assert summary["left"]["reasons"] == {"unknownList": 1}
    assert project.holds.lists() == {}


def test_answers_of_2021_are_understood(new_project: NewProject) -> None:
    project = new_project(old_list_answers=True)
    summary = project.load(members(ANN, BOB), streams={"list_members": {"list": "VIP"}})
    assert summary["list_members"]["written"] == 2
    assert project.holds.members("VIP") == {ANN, BOB}


def test_two_lists_of_one_name_are_not_guessed_between(project: Project) -> None:
    for _ in range(2):
        project.holds.make_list("VIP")
    summary = project.load(members(ANN), streams={"list_members": {"list": "VIP"}})
    assert summary["list_members"]["reasons"] == {"ambiguousList": 1}


def test_a_dynamic_list_is_not_written(project: Project) -> None:
    project.sandbox.store.lists.create("People in Bern", None, 0, type_="Dynamic")
    summary = project.load(members(ANN), streams={"list_members": {"list": "People in Bern"}})
    assert summary["list_members"]["reasons"] == {"unwritableList": 1}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"email": ANN}, "missingList"),
        ({"email": ANN, "listId": "x"}, "invalidNumber"),
        ({"list": "VIP"}, "missingIdentity"),
    ],
)
def test_a_member_that_cannot_be_sent_is_rejected_with_its_reason(
    project: Project, row: dict[str, str], reason: str
) -> None:
    assert project.load(stream("list_members", [row]))["list_members"]["reasons"] == {reason: 1}
