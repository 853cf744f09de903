"""Payloads: keys against the evidence, values against the export."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.sandbox.conftest import Http, opened
from tests.sandbox.hooked import (
    BLAST,
    EMAIL,
    EXPERIMENT,
    JOURNEY,
    MARKETING,
    NEWS,
    TRIGGERED,
    arrived,
    blast,
    calls,
    hooked,
    report,
    target,
)
from tests.sandbox.webhook_evidence import EXAMPLES, PRODUCTION, RECOGNISED_BY
from tests.scripted_server import ScriptedServer

Json = dict[str, Any]
OPTIONAL = {
    "emailClick": {"hrefIndex"},
    "emailUnSubscribe": {"recipientState", "bounceMessage", "fromPhoneNumber", "userListIds"},
}


@dataclass
class Told:
    """By event name: the payloads of webhooks, and the lines of exports."""

    payloads: dict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))
    lines: dict[str, list[Json]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    """A project that has lived until every event with a webhook has happened, and was told to one webhook."""
    told = Told()
    with ScriptedServer().running() as server, opened() as http:
        webhook = http.sandbox.add_webhook(f"{server.url}/hook")
        names = set(RECOGNISED_BY)
        http.ok("/_sandbox/live", {"events": 400, "advance": 4000})
        subscribers = [{"email": f"new{number}@example.com"} for number in range(3)]
        http.ok("/api/lists/subscribe", {"listId": http.new_list(), "subscribers": subscribers})
        while names:
            for one in arrived(http, server):
                told.payloads[one["eventName"]].append(one)
            server.requests.clear()
            names -= told.payloads.keys()
            http.ok("/_sandbox/webhooks", {"id": webhook, "events": sorted(names)})
            http.ok("/_sandbox/live", {"events": 400, "advance": 4000})
        told.lines = {name: http.export(name) for name in RECOGNISED_BY}
        yield told


def test_webhooks_are_told_of_39_events_and_of_no_other(http: Http) -> None:
    http.sandbox.add_webhook("https://hooks.example.com/")
    [webhook] = http.get("/_sandbox/webhooks").json()["webhooks"]
    assert (len(webhook["events"]), set(webhook["events"])) == (39, set(RECOGNISED_BY))
    for other in ("customEvent", "purchase", "inAppClose", "rcsSend", "embeddedSend", "emailsend"):
        with pytest.raises(ValueError, match=f"no system webhook for {other}"):
            http.sandbox.add_webhook("https://hooks.example.com/", events=[other])


@pytest.mark.parametrize("name", sorted(PRODUCTION))
def test_an_email_event_has_the_keys_that_production_has(told: Told, name: str) -> None:
    for payload in told.payloads[name]:
        assert payload["dataFields"].keys() - OPTIONAL.get(name, set()) == PRODUCTION[name]


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_an_event_has_the_keys_of_the_examples(told: Told, name: str) -> None:
    for payload in told.payloads[name]:
        assert payload["dataFields"].keys() >= EXAMPLES[name]


@pytest.mark.parametrize("name", sorted(RECOGNISED_BY))
def test_an_event_has_the_envelope_and_says_the_same_as_the_export(told: Told, name: str) -> None:
    lines = told.lines[name]
    assert told.payloads[name]
    for payload in told.payloads[name]:
        data = payload["dataFields"]
        assert payload.keys() - {"userId"} == {"email", "eventName", "dataFields"}
        assert payload["email"] == data["email"]
        alike = [line for line in lines if all(_equal(line, data, key) for key in ("email", *RECOGNISED_BY[name]))]
        assert alike
        assert any(all(_equal(line, data, key) for key in data.keys() & _rebuilt(line).keys()) for line in alike)
        assert any(payload.get("userId") == line.get("userId") for line in alike)


@pytest.mark.parametrize("name", sorted(RECOGNISED_BY))
def test_what_an_event_is_recognised_by_has_a_value(told: Told, name: str) -> None:
    for payload in told.payloads[name]:
        assert all(payload["dataFields"][key] is not None for key in RECOGNISED_BY[name])


def test_no_key_of_a_webhook_is_dotted_or_only_for_the_export(told: Told) -> None:
    for payloads in told.payloads.values():
        for payload in payloads:
            assert not [key for key in payload["dataFields"] if "." in key or key.startswith("itbl")]


def _rebuilt(line: Mapping[str, Any]) -> Json:
    rebuilt: Json = {}
    for key, value in line.items():
        owner, _, inner = key.partition(".")
        if inner:
            rebuilt.setdefault(owner, {})[inner] = value
        else:
            rebuilt[key] = value
    return rebuilt


def _equal(line: Mapping[str, Any], data: Mapping[str, Any], key: str) -> bool:
    stored = _rebuilt(line).get(key)
    return key not in _rebuilt(line) or stored == data[key]


def test_names_of_campaign_template_journey_and_channel_are_joined(server: ScriptedServer) -> None:
    with hooked(server) as http:
        target(http)
        [payload] = arrived(http, server)
    message_id = payload["dataFields"]["messageId"]
    assert (
        payload["dataFields"].items()
        >= {
            "campaignId": TRIGGERED,
            "campaignName": "Campaign 100",
            "templateId": 1100,
            "templateName": "Template 100",
            "workflowId": JOURNEY,
            "workflowName": "Welcome & more",
            "experimentId": None,
            "channelId": MARKETING,
            "messageTypeId": NEWS,
            "emailSubject": "Hello {{firstName}}",
            "emailId": f"c100:t1100:{EMAIL}",
            "sendingDomain": "mail.example.com",
            "messageId": message_id,
            "espName": None,
        }.items()
    )
    assert payload["dataFields"]["labels"] == ["spring"]


def test_an_event_of_a_blast_has_its_experiment_and_no_journey(server: ScriptedServer) -> None:
    with hooked(server) as http:
        blast(http)
        [data] = [one["dataFields"] for one in arrived(http, server)]
    expected = {"campaignId": BLAST, "experimentId": EXPERIMENT, "workflowId": None, "workflowName": None}
    assert data.items() >= expected.items()


def test_names_of_a_campaign_that_is_not_there_are_null(server: ScriptedServer) -> None:
    with hooked(server) as http:
        blast(http, campaignId=0, templateId=9)
        [data] = [one["dataFields"] for one in arrived(http, server)]
    assert (data["campaignId"], data["campaignName"], data["templateName"]) == (0, None, None)
    assert (data["labels"], data["channelId"]) == ([], None)


@pytest.mark.parametrize(
    ("form", "given", "expected"),
    [
        ("text", {"a": {"b": 1}}, '{"a":{"b":1}}'),
        ("text", None, "{}"),
        ("object", {"a": {"b": 1}}, {"a": {"b": 1}}),
        ("object", None, {}),
    ],
)
def test_transactional_data_is_text_unless_a_setting_says_otherwise(
    server: ScriptedServer, form: str, given: Json | None, expected: object
) -> None:
    with hooked(server, webhook_transactional_data=form) as http:
        target(http, dataFields=given)
        assert arrived(http, server)[0]["dataFields"]["transactionalData"] == expected
        exported = http.export("emailSend")[0].get("transactionalData")
        assert (None if exported is None else json.loads(exported)) == given


def test_transactional_data_has_no_more_characters_than_documented(server: ScriptedServer) -> None:
    with hooked(server) as http:
        target(http, dataFields={"long": "x" * 20_000})
        assert len(arrived(http, server)[0]["dataFields"]["transactionalData"]) == 12_000


def test_push_messages_have_real_objects_and_empty_texts(server: ScriptedServer) -> None:
    with hooked(server) as http:
        target(http, "push", 102)
        data = arrived(http, server)[0]["dataFields"]
    assert (data["payload"], data["deeplink"]) == ({"path": "/"}, {"ios": "a", "android": "b"})
    assert (data["sound"], data["badge"], data["contentAvailable"], data["pushMessage"]) == ("", "", False, "Look")


def test_a_report_of_an_app_becomes_objects(server: ScriptedServer) -> None:
    with hooked(server) as http:
        seen = {"deviceInfo": {"deviceId": "d1", "platform": "Web"}, "messageContext": {"saveToInbox": True}}
        report(http, "inAppConsume", deleteAction="other", **seen)
        [data] = [one["dataFields"] for one in arrived(http, server)]
        assert data.items() >= ({"deleteAction": "other", "messageId": "m1"} | seen).items()
        [line] = http.export("inAppDelete")
        assert line["deviceInfo.deviceId"] == "d1"


def test_embedded_events_have_the_names_that_iterable_stores(server: ScriptedServer) -> None:
    with hooked(server) as http:
        click = {"email": EMAIL, "messageId": "m1", "buttonIdentifier": "", "targetUrl": "https://example.com"}
        http.ok("/api/embedded-messaging/events/click", click)
        impression = {"messageId": "m1", "placementId": 7, "displayCount": 2, "displayDuration": 1.5}
        http.ok(
            "/api/embedded-messaging/events/session",
            {"email": EMAIL, "session": {"id": "s1", "start": 1, "end": 2}, "impressions": [impression]},
        )
        by_name = {one["eventName"]: one["dataFields"] for one in arrived(http, server)}
    assert by_name["embeddedClick"]["embeddedTargetUrl"] == "https://example.com"
    assert by_name["embeddedClick"]["embeddedButtonId"] == ""
    assert by_name["embeddedImpression"]["embeddedImpressionDisplayDuration"] == 1.5
    assert by_name["embeddedImpression"]["embeddedImpressionPlacementId"] == 7
    assert by_name["embeddedSession"]["embeddedSessionId"] == "s1"


def test_a_user_without_an_address_goes_by_the_user_id(server: ScriptedServer) -> None:
    with hooked(server, project_type="hybrid") as http:
        http.update({"userId": "u1", "preferUserId": True})
        list_id = http.new_list()
        http.ok("/api/lists/subscribe", {"listId": list_id, "subscribers": [{"userId": "u1"}]})
        [payload] = arrived(http, server)
    assert (payload.get("email"), payload["userId"], payload["dataFields"]["userId"]) == (None, "u1", "u1")
    assert "email" not in payload["dataFields"]


def test_skips_are_as_in_2019_where_the_setting_says_so(server: ScriptedServer) -> None:
    for names_on_skips, count in ((True, 20), (False, 5)):
        server.forget()
        with hooked(server, webhook_names_on_skips=names_on_skips) as http:
            http.update({"email": EMAIL, "dataFields": {"unsubscribedChannelIds": [MARKETING]}})
            target(http)
            [payload] = arrived(http, server)
            assert payload["eventName"] == "emailSendSkip"
            assert len(payload["dataFields"]) == count
            assert payload["dataFields"]["reason"] == "ChannelUnsubscribed"


def test_document_ids_are_one_for_each_event_and_can_be_left_out(server: ScriptedServer) -> None:
    with hooked(server, webhook_duplicates=1) as http:
        target(http)
        target(http)
        ids = [one["dataFields"]["esDocumentId"] for one in arrived(http, server)]
        assert (len(ids), len(set(ids)), {len(one) for one in ids}) == (4, 2, {20})
        http.ok("/_sandbox/settings", {"webhook_document_ids": False})
        target(http)
        assert "esDocumentId" not in json.loads(calls(http, server)[-1].body)["dataFields"]


def test_opens_of_apps_are_as_in_older_examples_where_settings_say_so(server: ScriptedServer) -> None:
    with hooked(server, webhook_message_ids=False, webhook_in_app_delete="inAppConsume") as http:
        report(http, "trackInAppOpen")
        report(http, "inAppConsume", deleteAction="other")
        by_name = {one["eventName"]: one["dataFields"] for one in arrived(http, server)}
    assert by_name.keys() == {"inAppOpen", "inAppConsume"}
    assert "messageId" not in by_name["inAppOpen"]
    assert by_name["inAppConsume"]["messageId"] == "m1"


def test_who_leaves_a_journey_is_recognised_by_when(server: ScriptedServer) -> None:
    with hooked(server) as http:
        http.ok("/api/workflows/triggerWorkflow", {"workflowId": JOURNEY, "email": EMAIL})
        [data] = [one["dataFields"] for one in arrived(http, server)]
        [line] = http.export("journeyExit")
        assert data["workflowName"] == "Welcome & more"
        assert (data["timeZone"], data["exitReason"]) == ("Europe/Berlin", "completed")
        for name in ("workflowId", "entranceTime", "exitTime", "createdAt"):
            assert data[name] == line[name] is not None
