"""Members of lists: added, removed, by name and by id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from iterable_api.waiting.retry_policy import LIST_OF_ONE_NAME, RetryPolicy
from target_iterable.config.setting_error import SettingError
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.delivery.errors import DeliveryFailedError
from target_iterable.project.lists import Lists
from target_iterable.requests import sender
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


@pytest.mark.parametrize("name", ["vip_customers", "analytics-vip_customers"])
@pytest.mark.parametrize("options", [{}, {"mode": "mirror"}, {"member_column": "is_in"}])
def test_a_list_has_the_name_of_its_stream_if_nothing_else_names_it(
    project: Project, name: str, options: dict[str, str]
) -> None:
    rows = [{"email": ANN, "is_in": True}, {"email": BOB, "is_in": True}]
    summary = project.load(stream(name, rows), streams={"*": {"object": "list_members", **options}})
    assert (summary[name]["written"], summary[name]["rejected"]) == (2, 0)
    assert project.holds.members("vip_customers") == {ANN, BOB}
    assert list(project.holds.lists()) == ["vip_customers"]


def test_what_leaves_by_the_name_of_its_stream_leaves_that_list_alone(project: Project) -> None:
    for name in ("VIP", "others"):
        project.load(members(ANN, BOB), streams={"list_members": {"list": name}})
    project.load(stream("VIP", [{"email": ANN}]), streams={"VIP": {"object": "list_members", "mode": "remove"}})
    assert project.holds.members("VIP") == {BOB}
    assert project.holds.members("others") == {ANN, BOB}


@pytest.mark.parametrize("name", ["list_members", "public-list_users"])
def test_a_stream_with_the_name_of_its_object_names_no_list(project: Project, name: str) -> None:
    assert project.load(stream(name, [{"email": ANN}]))[name]["reasons"] == {"missingList": 1}
    assert project.holds.lists() == {}


def test_a_record_without_a_list_does_not_end_in_that_of_the_stream_if_others_name_theirs(project: Project) -> None:
    rows = [{"email": ANN, "list": "VIP"}, {"email": BOB, "list": None}, {"email": CAT, "list": " "}]
    summary = project.load(stream("customers", rows), streams={"customers": {"object": "list_members"}})
    assert summary["customers"]["reasons"] == {"missingList": 2}
    assert list(project.holds.lists()) == ["VIP"]


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


@pytest.mark.parametrize(
    "options", [{"mode": "remove"}, {"member_column": "is_in"}, {"mode": "remove", "on_deleted": "remove"}]
)
@pytest.mark.parametrize("deleted", [None, "2026-01-02T03:04:05Z"])
def test_removing_from_a_list_that_is_not_there_makes_no_list_and_changes_nothing(
    project: Project, options: dict[str, str], deleted: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    route = {"left": {"object": "list_members", "list": "VIP", "on_deleted": "remove", **options}}
    rows = [{"email": who, "is_in": False, "_sdc_deleted_at": deleted} for who in (ANN, BOB)]
    summary = project.load(stream("left", rows), streams=route)["left"]
    assert (summary["unchanged"], summary["rejected"], summary["requests"]) == (2, 0, 0)
    assert project.holds.lists() == {}
    assert sum("does not exist" in message for message in caplog.messages) == 1


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


@pytest.mark.parametrize("is_in", [True, 1])
def test_a_column_may_say_who_is_in_and_who_is_out(project: Project, is_in: object) -> None:
    route = {"list_members": {"list": "VIP", "member_column": "vip"}}
    project.load(stream("list_members", [{"email": who, "list": "VIP"} for who in (ANN, BOB)]))
    rows = [
        {"email": ANN, "vip": False, "plan": "paid"},
        {"email": CAT, "vip": is_in, "plan": "paid"},
        {"email": BOB, "vip": None},
        {"email": BOB, "vip": "no"},
        {"email": BOB, "vip": 2},
    ]
    summary = project.load(stream("list_members", rows), streams=route)
    assert project.holds.members("VIP") == {BOB, CAT}
    assert summary["list_members"]["reasons"] == {"missingMembership": 3}
    assert "vip" not in project.holds.user(email=CAT)
    assert "plan" not in project.holds.user(email=ANN)


def test_who_goes_in_and_out_ends_up_as_the_last_record_says(project: Project) -> None:
    route = {"list_members": {"list": "VIP", "member_column": "vip"}}
    rows = [
        {"email": who, "vip": vip} for who, vip in [(ANN, True), (BOB, True), (ANN, False), (CAT, False), (CAT, True)]
    ]
    project.load(stream("list_members", rows), streams=route)
    assert project.holds.members("VIP") == {BOB, CAT}


@pytest.mark.parametrize("project_type", ["email", "userId", "hybrid"])
def test_members_who_do_not_exist_are_made_unless_the_route_forbids_it(
    new_project: NewProject, project_type: str
) -> None:
    project = new_project(project_type=project_type)
    key, ann, bob = ("email", ANN, BOB) if project_type == "email" else ("userId", "A1", "B2")
    route = {"list_members": {"list": "VIP", "update_existing_users_only": True}}
    project.load(stream("users", [{key: ann}]), project_type=project_type)
    rows = [{key: ann, "plan": "paid"}, {key: bob, "plan": "paid"}]
    summary = project.load(stream("list_members", rows), project_type=project_type, streams=route)["list_members"]
    assert (summary["written"], summary["unchanged"], summary["rejected"]) == (1, 1, 0)
    assert project.holds.members("VIP") == {ann}
    assert project.sandbox.counts()["users"] == 1


def test_a_removal_ends_the_mail_of_the_channel_only_on_request(project: Project) -> None:
    channel = {"id": 3, "name": "News", "channelType": "Marketing", "messageMedium": "Email"}
    project.sandbox.store.resources.add("channel", [(3, channel)])
    project.load(members(ANN, BOB), streams={"list_members": {"list": "VIP"}})
    leaving = {"object": "list_members", "mode": "remove", "list": "VIP"}
    project.load(stream("left", [{"email": ANN}]), streams={"left": leaving})
    project.load(stream("gone", [{"email": BOB}]), streams={"gone": {**leaving, "channel_unsubscribe": True}})
    assert project.holds.user(email=ANN)["unsubscribedChannelIds"] == []
    assert project.holds.user(email=BOB)["unsubscribedChannelIds"] == [3]


def test_objects_of_members_merge_with_those_of_the_profile_on_request(project: Project) -> None:
    project.load(stream("users", [{"email": ANN, "address": {"city": "Bern"}}]))
    route = {"list_members": {"list": "VIP", "merge_nested_objects": True}}
    project.load(stream("list_members", [{"email": ANN, "address.zip": 3000}]), streams=route)
    assert project.holds.user(email=ANN)["address"] == {"city": "Bern", "zip": 3000}


def test_a_record_whose_list_is_not_there_is_rejected_unless_it_removes_and_the_others_go_on(project: Project) -> None:
    project.holds.make_list("VIP")
    rows = [{"email": ANN, "listId": id_} for id_ in (404, project.holds.lists()["VIP"], 0)]
    summary = project.load(stream("list_members", rows))["list_members"]
    assert (summary["written"], summary["reasons"]) == (1, {"unknownList": 2})
    assert project.holds.members("VIP") == {ANN}
    removing = {"left": {"object": "list_members", "mode": "remove"}}
    left = project.load(stream("left", rows), streams=removing)["left"]
    assert (left["written"], left["rejected"]) == (3, 0)
    assert project.holds.members("VIP") == set()


NOT_YET = {"msg": "error.lists.invalidListId(1)", "code": "Success", "params": None}


def test_a_list_that_was_just_made_may_be_unknown_for_a_moment(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "JUST_MADE", RetryPolicy(4, 0.001, 0.001))
    project.sandbox.inject("answer", route="POST /api/lists/subscribe", status=400, body=NOT_YET, times=3)
    summary = project.load(members(ANN), streams={"list_members": {"list": "VIP"}})["list_members"]
    assert (summary["written"], summary["rejected"]) == (1, 0)
    assert project.holds.members("VIP") == {ANN}


def test_a_list_that_is_older_and_unknown_ends_the_run(project: Project) -> None:
    project.holds.make_list("VIP")
    fault = project.sandbox.inject("answer", route="POST /api/lists/subscribe", status=400, body=NOT_YET)
    with pytest.raises(DeliveryFailedError, match="invalidListId"):
        project.load(members(ANN), streams={"list_members": {"list": "VIP"}})
    assert fault.struck == 1


class Racing(Lists):
    """Lists of a process that is overtaken by another one each time it is about to make a list."""

    def __init__(self, *arguments: Any, overtake: Callable[[str], None]) -> None:
        super().__init__(*arguments)
        self._overtake = overtake

    def _make(self, name: str, description: str | None) -> Any:
        self._overtake(name)
        return super()._make(name, description)


def test_two_processes_that_miss_the_same_list_end_up_with_one(project: Project) -> None:
    other = Lists(project.holds.client)
    ids: list[int] = []
    slower = Racing(project.holds.client, overtake=lambda name: ids.append(other.id_of(name, create=True)))
    ids.append(slower.id_of("VIP", create=True))
    assert ids == [project.holds.lists()["VIP"]] * 2
    assert len(project.sandbox.store.lists.all()) == 1


def test_a_list_too_many_that_cannot_be_taken_back_is_told(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    project.sandbox.inject("answer", route="DELETE /api/lists/{listId}", status=409)
    slower = Racing(project.holds.client, overtake=project.holds.make_list)
    first = slower.id_of("VIP", create=True)
    assert first == min(found.id for found in project.sandbox.store.lists.all())
    assert "a second, empty list" in caplog.text


def test_a_list_that_another_process_is_about_to_take_back_does_not_count(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = project.sandbox.store.lists
    for _ in range(2):
        project.holds.make_list("VIP")
    older, newer = sorted(found.id for found in store.all())
    monkeypatch.setattr(project.holds.client, "sleep", lambda _: store.delete(newer))
    assert Lists(project.holds.client).id_of("VIP", create=True) == older


def test_lists_of_one_name_are_waited_for_once_a_run_as_the_policy_says(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps: list[float] = []
    monkeypatch.setattr(project.holds.client, "sleep", naps.append)
    for _ in range(2):
        project.holds.make_list("VIP")
    lists = Lists(project.holds.client)
    for _ in range(3):
        with pytest.raises(RecordRejectedError, match="several lists"):
            lists.id_of("VIP", create=True)
    assert naps == [*LIST_OF_ONE_NAME.waits()] == [1, 2, 4]


@pytest.mark.parametrize(
    "options",
    [{"member_column": "x"}, {"update_existing_users_only": True}, {"channel_unsubscribe": True, "mode": "add"}],
)
def test_options_that_do_nothing_in_a_mode_are_refused(project: Project, options: Mapping[str, Any]) -> None:
    with pytest.raises(SettingError, match="makes sense in the mode"):
        project.load(members(ANN), streams={"list_members": {"mode": "remove", "list": "VIP", **options}})
