"""Sandboxes that call a webhook, and the requests that arrive."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from time import monotonic, sleep
from typing import Any, Final

from iterable_api.facts.key_types import KeyType
from iterable_sandbox.wire.clock import StoppedClock
from iterable_sandbox.writes import events
from tests.sandbox.conftest import Http, opened
from tests.scripted_server import Request, ScriptedServer

EMAIL: Final = "ana@example.com"
TRIGGERED, BLAST, PUSH, SMS = 100, 101, 102, 103
MARKETING, OTHER = 40, 41
NEWS, OFFERS = 30, 31
JOURNEY, EXPERIMENT = 50, 60
_APP_KEY: Final = "a" * 32

_CONTENTS: Final[Mapping[int, Any]] = {
    TRIGGERED: {"subject": "Hello {{firstName}}", "fromEmail": "shop@mail.example.com"},
    BLAST: {"subject": "News"},
    PUSH: {"message": "Look", "title": "New", "payload": {"path": "/"}, "deeplink": {"ios": "a", "android": "b"}},
    SMS: {"message": "Your parcel"},
}


@contextmanager
def hooked(server: ScriptedServer, webhook: Mapping[str, Any] | None = None, **settings: Any) -> Iterator[Http]:
    """A project with campaigns and a user, whose webhook is the path `/hook` of a server, or another path of it."""
    with opened(keys={_APP_KEY: KeyType.MOBILE}, **settings) as http:
        _furnish(http)
        asked = {"endpoint": "/hook", **(webhook or {})}
        http.sandbox.add_webhook(server.url + asked.pop("endpoint"), **asked)
        yield http


def _furnish(http: Http) -> None:
    add = http.sandbox.store.resources.add
    media = {TRIGGERED: "Email", BLAST: "Email", PUSH: "Push", SMS: "SMS"}
    for number, medium in media.items():
        kind = "Blast" if number == BLAST else "Triggered"
        campaign = {"id": number, "name": f"Campaign {number}", "messageMedium": medium, "type": kind}
        campaign |= {"templateId": number + 1000, "labels": ["spring"], "campaignState": "Running"}
        add("campaign", [(number, campaign | ({"workflowId": JOURNEY} if number == TRIGGERED else {}))])
        type_id = OFFERS if number == BLAST else NEWS
        template = {"templateId": number + 1000, "name": f"Template {number}", "messageTypeId": type_id}
        add("template", [(number + 1000, template | {"contents": {"": _CONTENTS[number]}})])
    for type_id, channel in ((NEWS, MARKETING), (OFFERS, OTHER)):
        add("messageType", [(type_id, {"id": type_id, "channelId": channel, "subscriptionPolicy": "OptOut"})])
        add("channel", [(channel, {"id": channel, "messageMedium": "Email", "channelType": "Marketing"})])
    add("journey", [(JOURNEY, {"id": JOURNEY, "name": "Welcome & more", "enabled": True})])
    add("experiment", [(EXPERIMENT, {"id": EXPERIMENT, "campaignId": BLAST})])
    http.update({"email": EMAIL, "dataFields": {"phoneNumber": "+15550100", "timeZone": "Europe/Berlin"}})


def target(http: Http, path: str = "email", campaign: int = TRIGGERED, **fields: Any) -> None:
    """Send a message to the user."""
    http.ok(f"/api/{path}/target", {"campaignId": campaign, "recipientEmail": EMAIL} | fields)


def blast(http: Http, **line: Any) -> None:
    """Write the send of a blast, which no request can ask for."""
    user = http.sandbox.store.users.by_email(EMAIL)
    assert user is not None
    fields = {"campaignId": BLAST, "templateId": BLAST + 1000, "messageId": "b1as7"} | line
    events.record(http.sandbox.project, "emailSend", user, fields)


def report(http: Http, path: str, **fields: Any) -> None:
    """Report as an app of the user does."""
    headers = {"Api-Key": _APP_KEY}
    body = {"email": EMAIL, "messageId": "m1"} | fields
    response = http.session.post(f"{http.sandbox.url}/api/events/{path}", json=body, headers=headers, timeout=10)
    assert response.status_code == 200, response.text


def arrived(http: Http, server: ScriptedServer) -> list[dict[str, Any]]:
    """Payloads that the receiver got, once every event was delivered."""
    return [json.loads(request.body) for request in calls(http, server)]


def calls(http: Http, server: ScriptedServer) -> list[Request]:
    """Requests that the receiver got, once every event was delivered."""
    assert http.sandbox.wait_for_webhooks(30)
    return list(server.requests)


def until(happened: Callable[[], object]) -> None:
    """Wait until something has happened; for ten seconds at most."""
    deadline = monotonic() + 10
    while not happened():
        assert monotonic() < deadline
        sleep(0.01)


def stopped_clock() -> StoppedClock:
    """A clock that moves only when it is advanced."""
    return StoppedClock(datetime(2026, 11, 1, tzinfo=UTC))


def subscribe(http: Http, count: int) -> None:
    """Put so many new users on a new list: one event each."""
    subscribers = [{"email": f"reader{number}@example.com"} for number in range(count)]
    http.ok("/api/lists/subscribe", {"listId": http.new_list(), "subscribers": subscribers})


def outcomes(http: Http) -> Counter[str]:
    """How many attempts ended in each way."""
    return Counter(attempt.outcome for attempt in http.sandbox.attempts())
