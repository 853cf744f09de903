"""Webhooks over `/_sandbox`, which stands for Iterable's web interface, and on the page."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Http
from tests.sandbox.hooked import EMAIL, calls, hooked, target
from tests.scripted_server import Answer, ScriptedServer

ENDPOINT = "https://hooks.example.com/in"
HIDDEN = {"authToken", "headers", "events"}


def webhooks(http: Http) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = http.get("/_sandbox/webhooks").json()["webhooks"]
    return found


def test_a_new_webhook_is_in_the_list_of_the_api_without_its_events(http: Http) -> None:
    made = http.ok("/_sandbox/webhooks", {"endpoint": ENDPOINT, "events": ["emailOpen"], "channelIds": [7]})
    [shown] = http.get("/api/webhooks").json()["webhooks"]
    assert shown == {
        "id": made["id"],
        "endpoint": ENDPOINT,
        "authType": "NoAuth",
        "enabled": True,
        "blastSendEnabled": True,
        "triggeredSendEnabled": True,
        "channelIds": [7],
        "messageTypeIds": [],
    }
    assert made["webhooks"][0]["events"] == ["emailOpen"]


def test_ids_of_webhooks_are_never_given_again(http: Http) -> None:
    first = http.ok("/_sandbox/webhooks", {"endpoint": ENDPOINT})["id"]
    assert http.send("DELETE", f"/_sandbox/webhooks/{first}").json() == {"webhooks": []}
    assert http.ok("/_sandbox/webhooks", {"endpoint": ENDPOINT})["id"] == first + 1


def test_a_change_leaves_what_it_does_not_name(http: Http) -> None:
    secret = {"authType": "OAuth2", "authToken": "s3cr3t", "headers": [{"key": "X-A", "value": "s3cr3t"}]}
    number = http.ok("/_sandbox/webhooks", {"endpoint": ENDPOINT, "events": ["emailOpen"]} | secret)["id"]
    [before] = webhooks(http)
    http.ok("/_sandbox/webhooks", {"id": number, "enabled": False, "events": ["smsSend"]})
    assert webhooks(http) == [before | {"enabled": False, "events": ["smsSend"]}]
    stored = http.sandbox.store.resources.get("webhook", number)
    assert stored is not None
    assert stored["authToken"] == "s3cr3t"


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({}, "endpoint: a webhook must go to an https:// URL"),
        ({"endpoint": "http://example.com/"}, "endpoint: a webhook must go to an https:// URL"),
        ({"endpoint": "https://[::1"}, "endpoint: no URL"),
        ({"endpoint": ENDPOINT, "events": ["customEvent"]}, "events: Iterable has no system webhook for customEvent"),
        ({"endpoint": ENDPOINT, "authType": "Digest"}, "authType: Input should be 'NoAuth', 'Basic' or 'OAuth2'"),
        ({"endpoint": ENDPOINT, "secret": "x"}, "secret: Extra inputs are not permitted"),
        ({"endpoint": ENDPOINT, "authToken": "a\r\nX: y"}, "authToken: String should match pattern"),
        ({"endpoint": ENDPOINT, "headers": [{"key": "a b", "value": "x"}]}, "headers.0.key: String should match"),
        ({"endpoint": ENDPOINT, "headers": [{"key": "a", "value": "x\n"}]}, "headers.0.value: String should match"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused_and_not_made(http: Http, wrong: dict[str, Any], problem: str) -> None:
    refused = http.post("/_sandbox/webhooks", wrong)
    assert refused.status_code == 400
    assert problem in refused.json()["error"]
    assert webhooks(http) == []


def test_the_list_counts_calls_by_their_outcome_and_the_attempts_can_be_forgotten(server: ScriptedServer) -> None:
    server.script = [Answer(500)]
    with hooked(server, webhook_pauses=(0,)) as http:
        target(http)
        calls(http, server)
        [webhook] = webhooks(http)
        assert webhook["calls"] == {"failed": 1, "delivered": 1, "waiting": 0}
        attempts = http.get("/_sandbox/webhooks/attempts").json()["attempts"]
        assert [(one["event"], one["status"], one["tries"]) for one in attempts] == [
            ("emailSend", 500, 1),
            ("emailSend", 200, 2),
        ]
        assert http.send("DELETE", "/_sandbox/webhooks/attempts").json() == {"attempts": []}
        assert webhooks(http)[0]["calls"] == {"waiting": 0}


def test_the_list_shows_what_waits(server: ScriptedServer) -> None:
    with hooked(server, webhook_delay=3600) as http:
        target(http)
        assert webhooks(http)[0]["calls"] == {"waiting": 1}


def test_the_page_shows_webhooks_and_attempts(server: ScriptedServer) -> None:
    server.script = [Answer(503)]
    with hooked(server, {"endpoint": "/hook?token=s3cr3t"}, webhook_pauses=()) as http:
        target(http)
        calls(http, server)
        page = http.get("/_page/webhooks").text.partition('id="webhooks"')[2]
        for shown in (f"{server.url}/hook<", "1 given up, 0 waiting", "emailSend", "503"):
            assert shown in page
        assert EMAIL not in page


def test_a_webhook_is_made_only_by_who_may_control_the_sandbox(http: Http) -> None:
    headers = {"Origin": "https://example.com", "Api-Key": "another"}
    url = f"{http.sandbox.url}/_sandbox/webhooks"
    assert http.session.post(url, json={"endpoint": ENDPOINT}, headers=headers, timeout=10).status_code == 403
    assert webhooks(http) == []
