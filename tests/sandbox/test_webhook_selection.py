"""Filters: ticked events, the switches of sends, channels and message types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from iterable_sandbox.server import Sandbox
from tests.sandbox.conftest import Http
from tests.sandbox.hooked import (
    EMAIL,
    JOURNEY,
    MARKETING,
    NEWS,
    OFFERS,
    OTHER,
    PUSH,
    SMS,
    arrived,
    blast,
    calls,
    hooked,
    report,
    target,
)
from tests.scripted_server import ScriptedServer

Hook = Mapping[str, Any]


def names(http: Http, server: ScriptedServer) -> list[str]:
    return sorted(one["eventName"] for one in arrived(http, server))


def everything(http: Http) -> None:
    """One event of each kind that the filters tell apart."""
    target(http)
    blast(http)
    target(http, "push", PUSH)
    target(http, "sms", SMS)
    report(http, "trackPushOpen", campaignId=PUSH)
    http.ok("/api/lists/subscribe", {"listId": http.new_list(), "subscribers": [{"email": EMAIL}]})
    http.ok("/api/workflows/triggerWorkflow", {"workflowId": JOURNEY, "email": EMAIL})


def test_only_ticked_events_are_told(server: ScriptedServer) -> None:
    with hooked(server, {"events": ["pushSend", "smsSend"]}) as http:
        everything(http)
        assert names(http, server) == ["pushSend", "smsSend"]


@pytest.mark.parametrize(
    ("switches", "expected"),
    [
        ({}, ["Blast", "Triggered"]),
        ({"blastSendEnabled": False}, ["Triggered"]),
        ({"triggeredSendEnabled": False}, ["Blast"]),
        ({"blastSendEnabled": False, "triggeredSendEnabled": False}, []),
    ],
)
def test_sends_of_blasts_and_triggered_campaigns_are_switched_apart(
    server: ScriptedServer, switches: Hook, expected: list[str]
) -> None:
    with hooked(server, switches) as http:
        everything(http)
        got = arrived(http, server)
        kinds = {"Campaign 100": "Triggered", "Campaign 101": "Blast"}
        sends = sorted(kinds[one["dataFields"]["campaignName"]] for one in got if one["eventName"] == "emailSend")
        assert sends == expected
        assert len(got) == 5 + len(expected)


def test_the_switches_are_about_all_events_of_campaigns_where_the_setting_says_so(server: ScriptedServer) -> None:
    with hooked(server, {"triggeredSendEnabled": False}, webhook_send_switches="campaigns") as http:
        everything(http)
        assert names(http, server) == ["emailSend", "emailSubscribe", "journeyExit"]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"channelIds": [OTHER]}, ["emailSend"]),
        ({"messageTypeIds": [OFFERS]}, ["emailSend"]),
        ({"channelIds": [MARKETING]}, ["emailSend", "pushOpen", "pushSend", "smsSend"]),
        ({"channelIds": [MARKETING, OTHER], "messageTypeIds": [OFFERS]}, ["emailSend"]),
        ({"channelIds": [OTHER], "messageTypeIds": [NEWS]}, []),
        ({"channelIds": [999]}, []),
    ],
)
def test_a_webhook_is_limited_to_channels_and_message_types(
    server: ScriptedServer, limits: Hook, expected: list[str]
) -> None:
    with hooked(server, limits) as http:
        everything(http)
        assert names(http, server) == expected


def test_events_without_a_channel_pass_where_the_setting_says_so(server: ScriptedServer) -> None:
    with hooked(server, {"channelIds": [OTHER]}, webhook_without_channel="send") as http:
        everything(http)
        assert names(http, server) == ["emailSend", "emailSubscribe", "journeyExit"]


def test_changes_of_lists_alone_can_be_left_out(server: ScriptedServer) -> None:
    with hooked(server, webhook_list_updates=False) as http:
        everything(http)
        http.ok("/api/users/updateSubscriptions", {"email": EMAIL, "unsubscribedChannelIds": [OTHER]})
        assert names(http, server)[:3] == ["emailSend", "emailSend", "emailUnSubscribe"]
        assert "emailSubscribe" not in names(http, server)


def test_each_webhook_gets_its_own_events(server: ScriptedServer) -> None:
    with hooked(server, {"endpoint": "/one", "events": ["emailSend"]}) as http:
        http.sandbox.add_webhook(f"{server.url}/two", events=["emailSend", "smsSend"])
        http.sandbox.add_webhook(f"{server.url}/off", enabled=False)
        everything(http)
        got = [one.target for one in calls(http, server)]
        assert {path: got.count(path) for path in set(got)} == {"/one": 2, "/two": 3}


def test_webhooks_that_seeding_makes_have_nothing_ticked(database: str) -> None:
    with Sandbox(database=database) as sandbox:
        http = Http(sandbox)
        webhooks = http.get("/_sandbox/webhooks").json()["webhooks"]
        http.session.close()
    assert [webhook["events"] for webhook in webhooks] == [[], []]
