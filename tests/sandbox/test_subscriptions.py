"""Subscriptions of users: replaced as a whole, or changed for one list, channel or message type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.conftest import Http, opened

EMAIL = "ana@example.com"
CHANNEL, TYPE, OPT_IN_TYPE = 39_581, 47_257, 47_258


def add_channel(http: Http) -> None:
    resources = http.sandbox.store.resources
    resources.add("channel", [(CHANNEL, {"id": CHANNEL, "channelType": "Marketing", "messageMedium": "Email"})])
    for number, policy in ((TYPE, "OptOut"), (OPT_IN_TYPE, "OptIn")):
        shown = {"id": number, "channelId": CHANNEL, "subscriptionPolicy": policy}
        resources.add("messageType", [(number, shown)])


@pytest.fixture
def http() -> Iterator[Http]:
    """A project with the subscription endpoints, one channel, two message types and one user."""
    with opened() as http:
        add_channel(http)
        http.update({"email": EMAIL, "userId": "1"})
        yield http


def overwrite(http: Http, **arrays: Any) -> dict[str, Any]:
    return http.ok("/api/users/updateSubscriptions", {"email": EMAIL} | arrays)


def test_each_array_that_is_given_replaces_what_is_there(http: Http) -> None:
    first, second = http.new_list(), http.new_list()
    overwrite(http, emailListIds=[first], unsubscribedChannelIds=[1, 2])
    overwrite(http, emailListIds=[second], unsubscribedChannelIds=None)
    fields = http.user(EMAIL)
    assert (fields["emailListIds"], fields["unsubscribedChannelIds"]) == ([second], [1, 2])
    assert [http.get(f"/api/lists/{number}/size").text for number in (first, second)] == ["0", "1"]
    overwrite(http, emailListIds=[], unsubscribedChannelIds=[])
    fields = http.user(EMAIL)
    assert (fields["emailListIds"], fields["unsubscribedChannelIds"]) == ([], [])


def test_a_change_is_one_event_for_what_was_gained_and_one_for_what_was_lost(http: Http) -> None:
    lists = [http.new_list(), http.new_list()]
    overwrite(http, emailListIds=lists, unsubscribedChannelIds=[1], campaignId=5, templateId=6)
    [gained], [lost] = http.export("emailSubscribe"), http.export("emailUnSubscribe")
    assert (gained["emailListIds"], gained["channelIds"], gained["signupSource"]) == (lists, [], "API")
    assert (lost["emailListIds"], lost["channelIds"], lost["campaignId"], lost["templateId"]) == ([], [1], 5, 6)
    overwrite(http, emailListIds=lists)
    assert len(http.export("emailSubscribe")) == 1
    overwrite(http, unsubscribedChannelIds=[])
    assert sorted(line["channelIds"] for line in http.export("emailSubscribe")) == [[], [1]]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"email": EMAIL, "emailListIds": [999]}, "BadParams"),
        ({"email": EMAIL, "subscribedMessageTypeIds": [TYPE]}, "BadParams"),
        ({"email": "sayan"}, "InvalidEmailAddressError"),
        ({"email": "nobody@example.com"}, "UnknownEmailError"),
    ],
)
def test_subscriptions_are_refused_with_400_if(http: Http, row: dict[str, Any], code: str) -> None:
    response = http.post("/api/users/updateSubscriptions", row)
    assert (response.status_code, response.json()["code"]) == (400, code)


def test_many_users_at_once_fail_one_by_one(http: Http) -> None:
    list_id = http.new_list()
    http.ok("/api/users/forget", {"email": "gone@example.com"})
    people = ("email", EMAIL), ("email", "sayan"), ("userId", "x" * 53), ("userId", "2"), ("email", "gone@example.com")
    rows = [{kind: name, "emailListIds": [list_id]} for kind, name in people]
    assert http.ok("/api/users/bulkUpdateSubscriptions", {"updateSubscriptionsRequests": rows}) == {
        "successCount": 1,
        "failCount": 4,
        "invalidEmails": ["sayan"],
        "invalidUserIds": ["x" * 53],
        "validEmailFailures": ["gone@example.com"],
        "validUserIdFailures": ["2"],
    }
    assert http.user(EMAIL)["emailListIds"] == [list_id]


def test_opting_in_needs_the_feature_and_an_open_channel() -> None:
    with opened(opt_in_message_types=True) as http:
        add_channel(http)
        http.update({"email": EMAIL})
        body = {"email": EMAIL, "subscribedMessageTypeIds": [OPT_IN_TYPE], "unsubscribedChannelIds": [CHANNEL]}
        assert http.post("/api/users/updateSubscriptions", body).status_code == 400
        http.ok("/api/users/updateSubscriptions", body | {"validateChannelAlignment": False})
        http.update({"email": EMAIL, "dataFields": {"subscribedMessageTypeIds": []}})
        assert http.user(EMAIL)["subscribedMessageTypeIds"] == [OPT_IN_TYPE]


def test_ids_that_came_as_one_number_or_as_null_do_no_harm(http: Http) -> None:
    http.update({"email": EMAIL, "dataFields": {"unsubscribedChannelIds": 1, "unsubscribedMessageTypeIds": None}})
    overwrite(http, emailListIds=[])
    assert http.user(EMAIL)["unsubscribedChannelIds"] == [1]


def test_a_project_may_make_users_from_subscriptions() -> None:
    with opened(unknown_user_in_subscriptions="create") as http:
        http.ok("/api/users/updateSubscriptions", {"email": EMAIL, "unsubscribedChannelIds": [1]})
        assert http.user(EMAIL)["unsubscribedChannelIds"] == [1]


@pytest.mark.parametrize("person", [f"user/{EMAIL}", "byUserId/1"])
def test_one_user_joins_and_leaves_a_list(http: Http, person: str) -> None:
    list_id = http.new_list()
    joined = http.send("PATCH", f"/api/subscriptions/emailList/{list_id}/{person}")
    assert (joined.status_code, joined.json()["code"]) == (202, "Success")
    assert http.user(EMAIL)["emailListIds"] == [list_id]
    assert http.send("DELETE", f"/api/subscriptions/EMAILLIST/{list_id}/{person}").status_code == 202
    assert http.user(EMAIL)["emailListIds"] == []
    assert (len(http.export("emailSubscribe")), len(http.export("emailUnSubscribe"))) == (1, 1)


@pytest.mark.parametrize(
    ("group", "number", "field", "subscribed"),
    [
        ("messageChannel", CHANNEL, "unsubscribedChannelIds", False),
        ("messageType", TYPE, "unsubscribedMessageTypeIds", False),
        ("messageType", OPT_IN_TYPE, "subscribedMessageTypeIds", True),
    ],
)
def test_channels_and_types_are_left_and_opt_in_types_are_chosen(
    http: Http, group: str, number: int, field: str, *, subscribed: bool
) -> None:
    for action, there in (("unsubscribe", not subscribed), ("subscribe", subscribed)):
        path = f"/api/subscriptions/{group}/{number}"
        assert http.send("PUT", path, {"users": [EMAIL]}, action=action).status_code == 202
        assert http.user(EMAIL)[field] == ([number] if there else [])


def test_many_users_join_at_once_and_unknown_ones_are_left_out(http: Http) -> None:
    http.update({"email": "b@example.com", "userId": "2"})
    list_id = http.new_list()
    body = {"users": [EMAIL, "nobody@example.com"], "usersByUserId": ["2", "3"]}
    assert http.send("PUT", f"/api/subscriptions/emailList/{list_id}", body, action="subscribe").status_code == 202
    assert http.get(f"/api/lists/{list_id}/size").text == "2"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "nothing/1", 404),
        ("PUT", "messageType/1", 400),
        ("PUT", "messageChannel/1", 400),
        ("PUT", "emailList/1", 400),
        ("PUT", "emailList/x", 400),
        ("PUT", f"messageType/{TYPE}?action=dance", 400),
        ("PATCH", f"messageType/{TYPE}/user/sayan", 400),
        ("PATCH", f"messageType/{TYPE}/user/nobody@example.com", 400),
        ("PATCH", f"messageType/{TYPE}/user/gone@example.com", 409),
    ],
)
def test_a_group_is_not_changed_if(http: Http, method: str, path: str, status: int) -> None:
    http.ok("/api/users/forget", {"email": "gone@example.com"})
    assert http.send(method, f"/api/subscriptions/{path}", {"users": [EMAIL]}).status_code == status


def test_the_code_of_an_answer_may_be_accepted() -> None:
    with opened(subscription_code="Accepted") as http:
        add_channel(http)
        http.update({"email": EMAIL})
        answer = http.send("PUT", f"/api/subscriptions/emailList/{http.new_list()}", {"users": [EMAIL]})
        assert (answer.status_code, answer.json()["code"]) == (202, "Accepted")


def test_a_project_without_the_feature_does_not_have_the_endpoints() -> None:
    with opened(subscription_endpoints=False) as http:
        for method, path in (("PUT", "emailList/1"), ("PATCH", f"emailList/1/user/{EMAIL}")):
            response = http.send(method, f"/api/subscriptions/{path}", {"users": []})
            assert (response.status_code, response.json()["msg"]) == (404, "Endpoint not found")
        body = {"email": EMAIL, "messageTypeIds": [1]}
        assert http.post("/api/subscriptions/subscribeToDoubleOptIn", body).status_code == 404


def test_double_opt_in_answers_in_plain_text_and_subscribes_nobody_yet(http: Http) -> None:
    path, body = "/api/subscriptions/subscribeToDoubleOptIn", {"email": EMAIL, "messageTypeIds": [TYPE]}
    accepted = http.post(path, body | {"phoneNumber": "+5583999999999"})
    assert (accepted.status_code, accepted.text) == (202, "Request for double opt-in subscription accepted")
    assert http.user(EMAIL)["phoneNumber"] == "+5583999999999"
    assert "subscribedMessageTypeIds" not in http.user(EMAIL)
    unknown = http.post(path, {"userId": "9", "messageTypeIds": [TYPE]})
    assert (unknown.status_code, unknown.text) == (400, "User not found for userId: 9 or email: None")


def test_double_opt_in_answers_a_wrong_shape_with_the_second_envelope(http: Http) -> None:
    response = http.post("/api/subscriptions/subscribeToDoubleOptIn", {"email": EMAIL})
    assert (response.status_code, set(response.json())) == (400, {"error", "message", "code", "data"})
