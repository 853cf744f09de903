"""Sending messages: each is recorded as sent or skipped, or scheduled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from iterable_sandbox.wire.clock import StoppedClock
from tests.sandbox.conftest import Http, opened

EMAIL, OTHER = "ana@example.com", "li@example.com"
MEDIA = {"email": "Email", "push": "Push", "sms": "SMS", "inApp": "InApp", "webPush": "WebPush", "whatsApp": "WhatsApp"}
CAMPAIGN = {path: number for number, path in enumerate(MEDIA, 100)}
BLAST, TEMPLATE, TYPE, CHANNEL, JOURNEY = 1, 20, 30, 40, 50


@pytest.fixture
def http() -> Iterator[Http]:
    """A project with a triggered campaign of each medium, a blast, a journey and two users; its clock stands still."""
    with opened(clock=StoppedClock(datetime(2026, 11, 1, tzinfo=UTC))) as http:
        add = http.sandbox.store.resources.add
        rows = [(CAMPAIGN[path], medium, "Triggered") for path, medium in MEDIA.items()]
        for number, medium, kind in [*rows, (BLAST, "Email", "Blast")]:
            campaign = {"id": number, "messageMedium": medium, "templateId": TEMPLATE, "type": kind}
            add("campaign", [(number, campaign)])
        add("template", [(TEMPLATE, {"templateId": TEMPLATE, "messageTypeId": TYPE})])
        add("messageType", [(TYPE, {"id": TYPE, "channelId": CHANNEL})])
        journey = {"id": JOURNEY, "name": "Welcome", "startTileId": 7, "enabled": True}
        add("journey", [(JOURNEY, journey), (51, {"id": 51, "enabled": False})])
        http.update({"email": EMAIL, "userId": "1", "dataFields": {"phoneNumber": "+5583999999999"}}, {"email": OTHER})
        yield http


def target(http: Http, path: str = "email", **fields: Any) -> dict[str, Any]:
    return http.ok(f"/api/{path}/target", {"campaignId": CAMPAIGN[path], "recipientEmail": EMAIL} | fields)


@pytest.mark.parametrize("path", MEDIA)
def test_a_message_to_one_user_is_in_the_export_of_its_medium(http: Http, path: str) -> None:
    target(http, path, dataFields={"order": {"id": 1}})
    [line] = http.export(f"{path}Send")
    expected = {"email": EMAIL, "campaignId": CAMPAIGN[path], "templateId": TEMPLATE, "messageTypeId": TYPE}
    assert line.items() >= (expected | {"channelId": CHANNEL, "catalogLookupCount": 0}).items()
    assert len(line["messageId"]) == 32
    assert json.loads(line["transactionalData"]) == {"order": {"id": 1}}
    assert ("toPhoneNumber" in line, "toWhatsAppPhoneNumber" in line) == (path == "sms", path == "whatsApp")


@pytest.mark.parametrize(
    "change",
    [
        {"campaignId": 999},
        {"campaignId": CAMPAIGN["sms"]},
        {"campaignId": BLAST},
        {"recipientEmail": "nobody@example.com"},
        {"recipientEmail": None},
        {"sendAt": "soon"},
        {"sendAt": "2027-11-02 00:00:00"},
    ],
)
def test_a_message_is_refused_with_400_if(http: Http, change: dict[str, Any]) -> None:
    body = {"campaignId": CAMPAIGN["email"], "recipientEmail": EMAIL} | change
    assert http.post("/api/email/target", body).status_code == 400
    assert http.export("emailSend") == []


def test_a_message_that_may_not_repeat_is_skipped_the_second_time(http: Http) -> None:
    for _ in range(2):
        target(http, allowRepeatMarketingSends=False)
    [skipped] = http.export("emailSendSkip")
    assert (skipped["reason"], skipped["campaignId"]) == ("DuplicateMarketingMessage", CAMPAIGN["email"])
    target(http)
    assert len(http.export("emailSend")) == 2


@pytest.mark.parametrize("fields", [{"unsubscribedChannelIds": [CHANNEL]}, {"unsubscribedMessageTypeIds": [TYPE]}])
def test_who_unsubscribed_gets_no_message(http: Http, fields: dict[str, Any]) -> None:
    http.update({"email": EMAIL, "dataFields": fields})
    target(http)
    assert (len(http.export("emailSend")), len(http.export("emailSendSkip"))) == (0, 1)


def test_placeholders_are_never_mailed(http: Http) -> None:
    http.update({"userId": "9", "preferUserId": True})
    http.ok("/api/email/target", {"campaignId": CAMPAIGN["email"], "recipientUserId": "9"})
    http.ok("/api/push/target", {"campaignId": CAMPAIGN["push"], "recipientUserId": "9"})
    assert [len(http.export(name)) for name in ("emailSend", "emailSendSkip", "pushSend")] == [0, 1, 1]


def test_a_scheduled_message_is_sent_when_its_time_has_come(http: Http) -> None:
    target(http, sendAt="2026-11-01 02:00:00 +01:00")
    assert http.export("emailSend") == []
    http.sandbox.clock.advance(timedelta(hours=2))
    [line] = http.export("emailSend")
    assert line["createdAt"] == "2026-11-01 01:00:00 +00:00"
    assert len(http.export("emailSend")) == 1


def test_a_time_in_the_past_means_now(http: Http) -> None:
    target(http, sendAt="2026-10-31 00:00:00")
    assert http.export("emailSend")[0]["createdAt"] == "2026-11-01 00:00:00 +00:00"


@pytest.mark.parametrize("by_id", [True, False])
def test_a_scheduled_message_can_be_taken_back_once(http: Http, *, by_id: bool) -> None:
    kept = target(http, "sms", sendAt="2026-11-01 01:00:00")["params"]["scheduledMessageId"]
    number = target(http, sendAt="2026-11-01 01:00:00")["params"]["scheduledMessageId"]
    body = {"scheduledMessageId": number} if by_id else {"campaignId": CAMPAIGN["email"], "userId": "1"}
    assert http.post("/api/email/cancel", {"scheduledMessageId": kept}).status_code == 400
    assert http.ok("/api/email/cancel", body)["code"] == "Success"
    assert http.post("/api/email/cancel", body).status_code == 400
    http.sandbox.clock.advance(timedelta(hours=1))
    assert (len(http.export("emailSend")), len(http.export("smsSend"))) == (0, 1)


def test_taking_back_needs_a_campaign_or_an_id(http: Http) -> None:
    assert http.post("/api/email/cancel", {"email": EMAIL}).status_code == 400


def test_nothing_is_sent_to_somebody_who_was_deleted_meanwhile(http: Http) -> None:
    target(http, sendAt="2026-11-01 01:00:00")
    http.send("DELETE", f"/api/users/{EMAIL}")
    http.sandbox.clock.advance(timedelta(hours=1))
    assert http.export("emailSend") == []


def test_a_campaign_goes_to_its_lists_without_those_on_suppression_lists(http: Http) -> None:
    first, second, suppressed = http.new_list(), http.new_list(), http.new_list()
    for list_id, emails in ((first, [EMAIL, OTHER]), (second, [OTHER, "c@example.com"]), (suppressed, [EMAIL])):
        http.ok("/api/lists/subscribe", {"listId": list_id, "subscribers": [{"email": email} for email in emails]})
    body = {"campaignId": CAMPAIGN["push"], "listIds": [first, second], "suppressionListIds": [suppressed]}
    http.ok("/api/campaigns/trigger", body)
    assert sorted(line["email"] for line in http.export("pushSend")) == ["c@example.com", OTHER]


def test_a_campaign_needs_lists_that_are_there(http: Http) -> None:
    for list_ids in ([], [999]):
        body = {"campaignId": CAMPAIGN["push"], "listIds": list_ids}
        assert http.post("/api/campaigns/trigger", body).status_code == 400


def test_who_enters_a_journey_leaves_it(http: Http) -> None:
    list_id = http.new_list()
    http.ok("/api/lists/subscribe", {"listId": list_id, "subscribers": [{"email": OTHER}]})
    http.ok("/api/workflows/triggerWorkflow", {"workflowId": JOURNEY, "email": EMAIL})
    http.ok("/api/workflows/triggerWorkflow", {"workflowId": JOURNEY, "listId": list_id})
    exits = http.export("journeyExit")
    assert {(line["email"], line["workflowId"]) for line in exits} == {(EMAIL, JOURNEY), (OTHER, JOURNEY)}
    for line in exits:
        assert (line["exitReason"], line["exitNodeId"], line["nodePath"]) == ("completed", "7", "7")
        assert (line["workflowName"], line["nodeCount"], line["projectId"]) == ("Welcome", 1, 8575)


@pytest.mark.parametrize(
    "body", [{"workflowId": 999, "email": EMAIL}, {"workflowId": 51, "email": EMAIL}, {"workflowId": JOURNEY}]
)
def test_a_journey_is_not_entered_if(http: Http, body: dict[str, Any]) -> None:
    assert http.post("/api/workflows/triggerWorkflow", body).status_code == 400


def sent(http: Http, **params: Any) -> list[int]:
    found = http.get("/api/users/getSentMessages", **params).json()["messages"]
    return [message["campaignId"] for message in found]


def test_the_messages_of_a_user_come_newest_first_and_ten_unless_asked(http: Http) -> None:
    for _ in range(12):
        target(http)
        http.sandbox.clock.advance(timedelta(seconds=1))
    target(http, "sms")
    assert sent(http, email=EMAIL) == [CAMPAIGN["sms"]] + [CAMPAIGN["email"]] * 9
    assert len(sent(http, userId="1", limit=5000)) == 13
    message = http.get("/api/users/getSentMessages", email=EMAIL).json()["messages"][0]
    assert message.keys() == {"messageId", "campaignId", "templateId", "createdAt"}


def test_the_messages_of_a_user_have_more_fields_where_the_setting_says_so(http: Http) -> None:
    target(http)
    http.ok("/_sandbox/settings", {"sent_message_details": True})
    answer = http.get("/api/users/getSentMessages", email=EMAIL).json()
    [message] = answer["messages"]
    assert (answer["totalCount"], message["messageMedium"]) == (1, "Email")
    assert message["sentAt"] == message["updatedAt"] == message["createdAt"]
    assert message.keys() >= {"campaignName", "templateName", "status"}


def test_the_messages_of_a_user_are_filtered(http: Http) -> None:
    target(http)
    http.sandbox.clock.advance(timedelta(days=1))
    target(http, "sms")
    http.sandbox.store.resources.add("campaign", [(CAMPAIGN["sms"], {"id": CAMPAIGN["sms"], "type": "Blast"})])
    email, sms = CAMPAIGN["email"], CAMPAIGN["sms"]
    assert sent(http, email=EMAIL, messageMedium="Email") == [email]
    assert sent(http, email=EMAIL, excludeBlastCampaigns="true") == [email]
    assert sent(http, email=EMAIL, campaignIds=[sms, 7], excludeBlastCampaigns="true") == [sms]
    assert sent(http, email=EMAIL, startDateTime="2026-11-01 12:00:00 +00:00") == [sms]
    assert sent(http, email=EMAIL, endDateTime="2026-11-01 12:00:00 +00:00") == [email]
    assert sent(http, email="nobody@example.com") == []


@pytest.mark.parametrize("params", [{}, {"email": "sayan"}, {"email": EMAIL, "messageMedium": "Pigeon"}])
def test_the_messages_of_nobody_in_particular_are_400(http: Http, params: dict[str, str]) -> None:
    assert http.get("/api/users/getSentMessages", **params).status_code == 400


def test_an_open_takes_its_campaign_from_the_message(http: Http) -> None:
    target(http, "inApp")
    [line] = http.export("inAppSend")
    report = {"email": EMAIL, "messageId": line["messageId"]}
    http.ok("/api/embedded-messaging/events/received", report)
    assert http.export("embeddedReceived")[0]["campaignId"] == CAMPAIGN["inApp"]
