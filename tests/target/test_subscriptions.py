"""Subscriptions to lists, channels and types of messages: overwritten as a whole, or one at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from target_iterable.config.setting_error import SettingError
from target_iterable.delivery.errors import DeliveryFailedError
from tests.target.conftest import NewProject, Project
from tests.target.loading import stream

ANN, BOB, CAT = "ann@example.com", "bob@example.com", "cat@example.com"
CHANNEL, MESSAGE_TYPE, OPT_IN = 71, 81, 82
KINDS = ("emailListIds", "unsubscribedChannelIds", "unsubscribedMessageTypeIds", "subscribedMessageTypeIds")


@pytest.fixture
def shop(new_project: NewProject) -> Project:
    """Users, two lists, a channel, and two types of messages, one of which users must opt in to."""
    project = new_project(subscription_endpoints=True, opt_in_message_types=True)
    for name in ("News", "VIP"):
        project.holds.make_list(name)
    store = project.sandbox.store.resources
    store.add("channel", [(CHANNEL, {"id": CHANNEL, "name": "Marketing"})])
    policies = {MESSAGE_TYPE: "OptOut", OPT_IN: "OptIn"}
    types = {id_: {"id": id_, "channelId": CHANNEL, "subscriptionPolicy": way} for id_, way in policies.items()}
    store.add("messageType", types.items())
    project.load(stream("users", [{"email": who, "userId": who[0].upper()} for who in (ANN, BOB, CAT)]))
    project.sandbox.project.log.clear()
    return project


def list_ids(project: Project) -> list[int]:
    return [project.holds.lists()[name] for name in ("News", "VIP")]


def subscriptions(project: Project, email: str = ANN) -> list[list[int]]:
    profile = project.holds.user(email=email)
    return [profile.get(kind, []) for kind in KINDS]


def one_of(group: str, group_id: int, mode: str = "subscribe") -> Mapping[str, Any]:
    return {"changes": {"object": "subscriptions", "mode": mode, "group": group, "group_id": group_id}}


def test_each_array_that_is_given_replaces_what_was_there_and_the_others_stay(shop: Project) -> None:
    news, vip = list_ids(shop)
    first = {"emailListIds": [news], "unsubscribedMessageTypeIds": [MESSAGE_TYPE], "subscribedMessageTypeIds": [OPT_IN]}
    shop.load(stream("subscriptions", [{"email": ANN, **first}]))
    assert subscriptions(shop) == [[news], [], [MESSAGE_TYPE], [OPT_IN]]
    second = {"emailListIds": [vip], "unsubscribedMessageTypeIds": None, "subscribedMessageTypeIds": []}
    summary = shop.load(stream("subscriptions", [{"email": ANN, **second}]))
    assert subscriptions(shop) == [[vip], [], [MESSAGE_TYPE], []]
    assert (summary["subscriptions"]["written"], shop.holds.members("VIP")) == (1, {ANN})


@pytest.mark.parametrize(
    "spell", [list, json.dumps, lambda ids: ", ".join(map(str, ids)), lambda ids: [*map(str, ids)]]
)
def test_ids_come_as_an_array_as_json_or_with_commas(shop: Project, spell: Any) -> None:
    ids = list_ids(shop)
    shop.load(stream("subscriptions", [{"email": ANN, "emailListIds": spell(ids)}]))
    assert subscriptions(shop)[0] == sorted(ids)


def test_many_users_share_a_request_and_an_unsubscription_is_attributed(shop: Project) -> None:
    rows = [{"email": who, "unsubscribedChannelIds": [CHANNEL], "campaignId": "5"} for who in (ANN, BOB, CAT)]
    assert shop.load(stream("subscriptions", rows))["subscriptions"]["requests"] == 1
    params = {"dataTypeName": "emailUnSubscribe", "range": "All"}
    lines = shop.holds.client.request("GET", "/api/export/data.json", params=params).text.splitlines()
    assert [json.loads(line)["campaignId"] for line in lines] == [5, 5, 5]


def test_of_two_records_of_a_user_the_later_stays(shop: Project) -> None:
    news, vip = list_ids(shop)
    shop.load(stream("subscriptions", [{"email": ANN, "emailListIds": ids} for ids in ([news], [], [vip])]))
    assert subscriptions(shop)[0] == [vip]


def test_message_types_of_closed_channels_are_taken_if_the_route_says_so(shop: Project) -> None:
    row = {"email": ANN, "unsubscribedChannelIds": [CHANNEL], "subscribedMessageTypeIds": [OPT_IN]}
    refused = shop.load(stream("subscriptions", [row]), max_rejects="100%")["subscriptions"]
    assert refused["reasons"] == {"validEmailFailures": 1}
    route = {"subscriptions": {"validate_channel_alignment": False}}
    assert shop.load(stream("subscriptions", [row]), streams=route)["subscriptions"]["written"] == 1
    assert subscriptions(shop) == [[], [CHANNEL], [], [OPT_IN]]


def test_users_whom_iterable_cannot_serve_cost_one_more_request_for_all(shop: Project) -> None:
    strangers = [f"nobody{number}@example.com" for number in range(20)]
    rows = [{"email": who, "emailListIds": list_ids(shop)} for who in (ANN, *strangers, BOB)]
    summary = shop.load(stream("subscriptions", rows), max_rejects="100%")["subscriptions"]
    assert (summary["written"], summary["reasons"]) == (2, {"validEmailFailures": 20})
    assert summary["requests"] == 2
    assert subscriptions(shop, BOB)[0] == list_ids(shop)


def test_what_fails_by_chance_is_written_at_the_second_try(shop: Project) -> None:
    failed = {"successCount": 1, "failCount": 1, "validEmailFailures": [ANN]}
    shop.sandbox.inject("answer", route="POST /api/users/bulkUpdateSubscriptions", times=1, status=200, body=failed)
    rows = [{"email": who, "unsubscribedChannelIds": [CHANNEL]} for who in (ANN, BOB)]
    summary = shop.load(stream("subscriptions", rows))["subscriptions"]
    assert (summary["written"], summary["requests"]) == (2, 2)
    assert subscriptions(shop)[1] == [CHANNEL]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"email": ANN}, "missingSubscriptions"),
        ({"email": ANN, "emailListIds": None, "unsubscribedChannelIds": ""}, "missingSubscriptions"),
        ({"email": ANN, "emailListIds": ["News"]}, "invalidNumber"),
        ({"email": ANN, "emailListIds": "{1,2}"}, "invalidNumber"),
        ({"email": ANN, "emailListIds": [None]}, "invalidNumber"),
        ({"email": ANN, "emailListIds": True}, "invalidNumber"),
        ({"email": ANN, "emailListIds": [], "campaignId": "x"}, "invalidNumber"),
        ({"email": "nobody", "emailListIds": []}, "invalidEmails"),
        ({"emailListIds": []}, "missingIdentity"),
    ],
)
def test_a_record_that_says_nothing_clear_is_rejected(shop: Project, row: dict[str, Any], code: str) -> None:
    summary = shop.load(stream("subscriptions", [row]), max_rejects="100%")["subscriptions"]
    assert summary["reasons"] == {code: 1}
    assert shop.sandbox.requests("POST *") == []


@pytest.mark.parametrize(
    ("group", "kind", "group_id", "adds"),
    [
        ("messageChannel", 1, CHANNEL, "unsubscribe"),
        ("messageType", 2, MESSAGE_TYPE, "unsubscribe"),
        ("messageType", 3, OPT_IN, "subscribe"),
    ],
)
def test_one_channel_or_type_of_messages_is_subscribed_to_and_from(
    shop: Project, group: str, kind: int, group_id: int, adds: str
) -> None:
    takes = "subscribe" if adds == "unsubscribe" else "unsubscribe"
    rows = stream("changes", [{"email": ANN}, {"email": BOB}])
    summary = shop.load(rows, streams=one_of(group, group_id, adds))["changes"]
    assert (summary["written"], summary["requests"]) == (2, 1)
    assert subscriptions(shop)[kind] == subscriptions(shop, BOB)[kind] == [group_id]
    shop.load(rows, streams=one_of(group, group_id, takes))
    assert subscriptions(shop)[kind] == []


def test_users_are_named_by_address_or_by_user_id(shop: Project) -> None:
    rows = [{"email": ANN, "userId": "A"}, {"userId": "B"}, {"userId": "C"}]
    summary = shop.load(stream("changes", rows), streams=one_of("emailList", list_ids(shop)[0]))["changes"]
    assert (summary["written"], summary["requests"]) == (3, 2)
    assert shop.holds.members("News") == {ANN, BOB, CAT}


def test_group_and_id_may_stand_in_columns(shop: Project) -> None:
    news, vip = list_ids(shop)
    rows = [{"email": ANN, "subscriptionGroup": "EMAILLIST", "subscriptionGroupId": str(id_)} for id_ in (news, vip)]
    route = {"changes": {"object": "subscriptions", "mode": "subscribe"}}
    bad = [rows[0] | {"subscriptionGroup": "list"}, rows[0] | {"subscriptionGroupId": None}]
    summary = shop.load(stream("changes", [*rows, *bad]), streams=route)["changes"]
    assert (summary["written"], summary["reasons"]) == (2, {"invalidGroup": 1, "invalidNumber": 1})
    assert subscriptions(shop)[0] == [news, vip]


def test_where_iterable_has_not_switched_it_on_the_run_fails_and_says_so(new_project: NewProject) -> None:
    project = new_project(subscription_endpoints=False)
    rows = stream("changes", [{"email": ANN}])
    with pytest.raises(DeliveryFailedError, match="Endpoint not found"):
        project.load(rows, streams=one_of("emailList", 1))


def test_subscriptions_that_are_unchanged_cost_no_request(shop: Project) -> None:
    news, _ = list_ids(shop)
    rows = stream("subscriptions", [{"email": who, "emailListIds": [news]} for who in (ANN, BOB)])
    for unchanged in (0, 2):
        summary = shop.load(rows, streams={"subscriptions": {"skip_unchanged": True}})["subscriptions"]
        assert (summary["written"], summary["unchanged"]) == (2 - unchanged, unchanged)


def test_a_change_of_a_list_by_other_records_is_not_taken_for_unchanged(shop: Project) -> None:
    route = one_of("emailList", list_ids(shop)[0])["changes"] | {"skip_unchanged": True}
    joins, leaves = stream("changes", [{"email": ANN}]), stream("left", [{"email": ANN, "list": "News"}])
    streams = {"changes": route, "left": {"object": "list_members", "mode": "remove"}}
    for messages, members in ((joins, {ANN}), (leaves, set[str]()), (joins, {ANN})):
        shop.load(messages, streams=streams)
        assert shop.holds.members("News") == members


@pytest.mark.parametrize(
    ("route", "wrong"),
    [
        ({"mode": "subscribe", "group": "list"}, r"streams\.subscriptions\.group"),
        ({"mode": "overwrite", "group": "emailList"}, "makes sense in the mode subscribe and unsubscribe only"),
        ({"mode": "subscribe", "validate_channel_alignment": False}, "makes sense in the mode overwrite only"),
    ],
)
def test_a_route_that_makes_no_sense_is_refused(shop: Project, route: dict[str, Any], wrong: str) -> None:
    with pytest.raises(SettingError, match=wrong):
        shop.load(stream("subscriptions", [{"email": ANN}]), streams={"subscriptions": route})
