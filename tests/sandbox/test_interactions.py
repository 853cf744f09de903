"""Interactions with messages: each report is stored as an event of its data type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from iterable_api.facts.key_types import KeyType
from tests.sandbox.conftest import Http, opened

EMAIL = "ana@example.com"
APP_KEY = "a" * 32
DEVICE = {"deviceId": "d", "platform": "iOS", "appPackageName": "com.example"}
REPORT = {"email": EMAIL, "messageId": "m1", "createdAt": 1625162444, "deviceInfo": DEVICE}


@pytest.fixture
def http() -> Iterator[Http]:
    """A project with one user and a key for its app."""
    with opened(keys={APP_KEY: KeyType.MOBILE}) as http:
        http.update({"email": EMAIL})
        http.session.headers["Api-Key"] = APP_KEY
        yield http


def lines(http: Http, data_type: str) -> list[dict[str, Any]]:
    http.session.headers["Api-Key"] = http.sandbox.api_key
    return http.export(data_type)


@pytest.mark.parametrize(
    ("path", "data_type", "fields"),
    [
        ("events/trackInAppOpen", "inAppOpen", {}),
        ("events/trackInAppClick", "inAppClick", {"clickedUrl": "https://example.com"}),
        ("events/trackInAppClose", "inAppClose", {"closeAction": "back", "inboxSessionId": "s"}),
        ("events/trackInAppDelivery", "inAppDelivery", {}),
        ("events/inAppConsume", "inAppDelete", {"deleteAction": "inbox-swipe"}),
        ("events/trackPushOpen", "pushOpen", {"campaignId": 5, "templateId": 6}),
        ("events/trackWebPushClick", "webPushClick", {"campaignId": 5}),
        ("embedded-messaging/events/received", "embeddedReceived", {}),
    ],
)
def test_a_report_is_in_the_export_of_its_data_type(
    http: Http, path: str, data_type: str, fields: dict[str, Any]
) -> None:
    http.ok(f"/api/{path}", REPORT | {"messageContext": {"saveToInbox": True}} | fields)
    [line] = lines(http, data_type)
    expected = fields | {"email": EMAIL, "messageId": "m1", "createdAt": "2021-07-01 18:00:44 +00:00"}
    assert line.items() >= expected.items()
    assert (line["deviceInfo.platform"], line["messageContext.saveToInbox"]) == ("iOS", True)


def test_a_message_that_is_consumed_without_a_reason_makes_no_event(http: Http) -> None:
    http.ok("/api/events/inAppConsume", REPORT)
    assert lines(http, "inAppDelete") == []


def test_a_session_makes_one_event_and_one_for_each_impression(http: Http) -> None:
    impressions = [{"messageId": f"m{n}", "placementId": 1, "displayCount": n, "displayDuration": 1.5} for n in (1, 2)]
    session = {"id": "s", "start": 1625162400, "end": 1625162444}
    http.ok("/api/embedded-messaging/events/session", REPORT | {"session": session, "impressions": impressions})
    [line] = lines(http, "embeddedSession")
    assert line["embeddedSessionId"] == "s"
    seen = {line["messageId"]: line for line in lines(http, "embeddedImpression")}
    assert (seen["m2"]["embeddedImpressionDisplayCount"], seen["m2"]["deviceInfo.deviceId"]) == (2, "d")
    assert (seen["m1"]["embeddedImpressionPlacementId"], seen["m1"]["embeddedSessionId"]) == (1, "s")
    assert seen["m1"]["embeddedImpressionDisplayDuration"] == 1.5
    assert seen["m1"]["createdAt"] == "2021-07-01 18:00:44 +00:00"
    assert {"placementId", "displayCount", "displayDuration", "session.id"} & {*line, *seen["m1"]} == set()


def test_a_click_on_an_embedded_message_is_stored_under_other_names_than_it_is_reported(http: Http) -> None:
    http.ok("/api/embedded-messaging/events/click", REPORT | {"buttonIdentifier": "b", "targetUrl": "app://x"})
    [line] = lines(http, "embeddedClick")
    assert (line["embeddedButtonId"], line["embeddedTargetUrl"]) == ("b", "app://x")
    assert {"buttonIdentifier", "targetUrl"} & line.keys() == set()


def test_the_extra_fields_of_a_push_open_are_at_the_top_and_hide_nothing(http: Http) -> None:
    http.ok("/api/events/trackPushOpen", REPORT | {"campaignId": 5, "dataFields": {"a": 1, "messageId": "other"}})
    [line] = lines(http, "pushOpen")
    assert (line["a"], line["messageId"]) == (1, "m1")


def test_reports_about_nobody_are_400(http: Http) -> None:
    response = http.post("/api/events/trackInAppOpen", REPORT | {"email": "nobody@example.com"})
    assert (response.status_code, response.json()["code"]) == (400, "UnknownEmailError")


def test_a_report_names_its_message(http: Http) -> None:
    assert list(http.post("/api/events/trackInAppOpen", {"email": EMAIL}).json()["params"]) == ["obj.messageId"]
