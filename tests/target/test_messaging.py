"""Campaigns and journeys that are triggered, and messages to single users: each at most once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from target_iterable.config.setting_error import SettingError
from target_iterable.config.settings import SETTINGS
from tests.target.conftest import Project
from tests.target.loading import Message, stream
from tests.target.scenery import MEDIA, add_campaigns

ANN, BOB = "ann@example.com", "bob@example.com"
CAMPAIGN = {medium: number for number, medium in enumerate(MEDIA, 100)}
JOURNEY = 50


@pytest.fixture
def busy(project: Project) -> Project:
    """A project with a triggered campaign of each medium, a journey, and a list VIP that Ann and Bob are on."""
    add = project.sandbox.store.resources.add
    add_campaigns(project.sandbox, CAMPAIGN["email"])
    add("template", [(20, {"templateId": 20, "messageTypeId": 30})])
    add("messageType", [(30, {"id": 30, "channelId": 40})])
    add("journey", [(JOURNEY, {"id": JOURNEY, "enabled": True})])
    vip = {"list_members": {"object": "list_members", "list": "VIP"}}
    project.load(stream("list_members", [{"email": ANN}, {"email": BOB}]), streams=vip)
    return project


def load(project: Project, name: str, *records: dict[str, Any], key: Sequence[str] = ("id",), **route: Any) -> Any:
    messages: list[Message] = stream(name, records, key)
    routes = {name: {"object": name, **route}}
    return project.load(messages, streams=routes, allow_messaging=True, max_rejects="100%")[name]


def sent(project: Project, medium: str = "email") -> list[dict[str, Any]]:
    params = {"dataTypeName": f"{medium}Send", "range": "All"}
    text = project.holds.client.request("GET", "/api/export/data.json", params=params).text
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("name", ["messages", "campaign_triggers", "journey_triggers"])
def test_nobody_is_written_to_unless_that_is_allowed_by_name(busy: Project, name: str) -> None:
    with pytest.raises(SettingError, match="allow_messaging"):
        busy.load(stream(name, [{"id": 1, "email": ANN, "campaignId": 100}], ["id"]))


@pytest.mark.parametrize("medium", MEDIA)
def test_a_message_goes_to_its_user_with_its_fields(busy: Project, medium: str) -> None:
    busy.load(stream("users", [{"email": ANN, "phoneNumber": "+5583999999999"}]))
    record = {"id": 1, "email": ANN, "order": "A-17", "dataFields": '{"total": 3}'}
    assert load(busy, "messages", record, mode=medium, campaign_id=CAMPAIGN[medium])["written"] == 1
    [line] = sent(busy, medium)
    assert (line["email"], line["campaignId"]) == (ANN, CAMPAIGN[medium])
    assert json.loads(line["transactionalData"]) == {"id": 1, "order": "A-17", "total": 3}


def test_a_message_is_sent_once_for_its_key(busy: Project) -> None:
    record = {"id": 1, "email": ANN, "campaignId": 100}
    assert load(busy, "messages", record, record)["unchanged"] == 1
    assert load(busy, "messages", record, record | {"id": 2})["unchanged"] == 1
    assert [line["email"] for line in sent(busy)] == [ANN, ANN]


def test_a_message_of_which_nobody_knows_whether_it_was_sent_is_not_sent_again(
    busy: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SETTINGS["properties"]["max_tries"], "default", 1)
    busy.sandbox.inject(route="POST /api/email/target", fault="reset_after", times=1)
    record = {"id": 1, "email": ANN, "campaignId": 100}
    for _ in range(2):
        assert load(busy, "messages", record)["reasons"] == {"unconfirmed": 1}
    assert len(sent(busy)) == 1


def test_a_message_waits_for_its_time(busy: Project) -> None:
    record = {"id": 1, "email": ANN, "campaignId": 100, "sendAt": "2099-01-01T00:00:00+02:00"}
    assert load(busy, "messages", record)["rejected"] == 1  # more than a year ahead
    [entry] = busy.sandbox.requests("POST /api/email/target")
    assert entry.status == 400
    assert sent(busy) == []


@pytest.mark.parametrize(
    ("name", "record", "code"),
    [
        ("messages", {"email": ANN, "campaignId": 100}, "missingKey"),
        ("messages", {"id": 1, "email": ANN}, "invalidNumber"),
        ("messages", {"id": 1, "campaignId": 100}, "missingIdentity"),
        ("messages", {"id": 1, "email": ANN, "campaignId": 100, "sendAt": "soon"}, "invalidDate"),
        ("messages", {"id": 1, "email": ANN, "campaignId": 100, "allowRepeatMarketingSends": "no"}, "invalidBoolean"),
        ("messages", {"id": 1, "email": ANN, "campaignId": 100, "metadata": "none"}, "invalidObject"),
        ("messages", {"id": 1, "email": ANN, "campaignId": 999}, "BadParams"),
        ("campaign_triggers", {"id": 1, "campaignId": 100}, "missingList"),
        ("campaign_triggers", {"id": 1, "campaignId": 100, "listIds": ["VIP"]}, "invalidNumber"),
        ("journey_triggers", {"id": 1, "workflowId": 999, "email": ANN}, "BadParams"),
    ],
)
def test_what_makes_no_sense_is_rejected_and_nothing_is_sent(
    busy: Project, name: str, record: dict[str, Any], code: str
) -> None:
    key = ["id"] if "id" in record else []
    assert load(busy, name, record, key=key)["reasons"] == {code: 1}
    assert sent(busy) == []


PHONE = "+5583999999999"


@pytest.mark.parametrize("medium", ["sms", "whatsApp"])
def test_a_message_goes_to_a_phone_number_where_the_route_and_the_project_take_one(busy: Project, medium: str) -> None:
    busy.load(stream("users", [{"email": ANN, "phoneNumber": PHONE}]))
    record = {"id": 1, "recipientPhone": PHONE, "campaignId": CAMPAIGN[medium], "order": "A-17"}
    assert load(busy, "messages", record, mode=medium)["reasons"] == {"missingIdentity": 1}
    options: Any = {"mode": medium, "undocumented_fields": True}
    assert load(busy, "messages", record, **options)["reasons"] == {"BadParams": 1}
    busy.sandbox.project.settings = replace(busy.sandbox.project.settings, recipient_phones=True)
    assert load(busy, "messages", record, **options)["written"] == 1
    assert load(busy, "messages", record, **options)["unchanged"] == 1
    [line] = sent(busy, medium)
    assert (line["email"], json.loads(line["transactionalData"])) == (ANN, {"id": 1, "order": "A-17"})


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"recipientPhone": 41440000000}, "invalidPhone"),
        ({"recipientPhone": ""}, "missingIdentity"),
        ({"recipientPhone": PHONE, "email": "ann"}, "invalidEmails"),
        ({"recipientPhone": PHONE, "email": ANN, "metadata": "none"}, "invalidObject"),
    ],
)
def test_a_phone_number_or_metadata_that_makes_no_sense_is_rejected(
    busy: Project, record: dict[str, Any], code: str
) -> None:
    options: Any = {"mode": "sms", "undocumented_fields": True, "campaign_id": CAMPAIGN["sms"]}
    assert load(busy, "messages", {"id": 1, **record}, **options)["reasons"] == {code: 1}
    assert busy.sandbox.requests("POST /api/sms/target") == []


def test_a_campaign_goes_to_lists_once(busy: Project) -> None:
    vip = busy.holds.lists()["VIP"]
    record = {"id": 1, "campaignId": 100, "listIds": vip, "discount": "10 %"}
    assert load(busy, "campaign_triggers", record)["written"] == 1
    assert load(busy, "campaign_triggers", record)["unchanged"] == 1
    assert sorted(line["email"] for line in sent(busy)) == [ANN, BOB]


def test_a_campaign_spares_the_suppressed(busy: Project) -> None:
    out = {"out": {"object": "list_members", "list": "Out"}}
    busy.load(stream("out", [{"email": BOB}]), streams=out)
    lists = busy.holds.lists()
    record = {"id": 1, "listIds": [lists["VIP"]], "suppressionListIds": [lists["Out"]]}
    assert load(busy, "campaign_triggers", record, campaign_id=100)["written"] == 1
    assert [line["email"] for line in sent(busy)] == [ANN]


def test_a_user_or_a_list_enters_a_journey(busy: Project) -> None:
    records: list[dict[str, Any]] = [
        {"id": 1, "email": ANN, "reason": "birthday"},
        {"id": 2, "listId": busy.holds.lists()["VIP"]},
    ]
    assert load(busy, "journey_triggers", *records, workflow_id=JOURNEY)["written"] == len(records)
    params = {"dataTypeName": "journeyExit", "range": "All"}
    text = busy.holds.client.request("GET", "/api/export/data.json", params=params).text
    assert sorted(json.loads(line)["email"] for line in text.splitlines()) == [ANN, ANN, BOB]
