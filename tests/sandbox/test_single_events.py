"""Custom events one by one, and the events of one user."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from iterable_sandbox.wire.clock import StoppedClock
from tests.sandbox.conftest import Http, opened

EMAIL = "ana@example.com"


def test_a_tracked_event_answers_with_its_id_as_recorded(http: Http) -> None:
    assert http.ok("/api/events/track", {"email": EMAIL, "eventName": "e", "id": "1234"}) == {
        "msg": "Event with id: 1234 tracked.",
        "code": "Success",
        "params": {"id": "1234"},
    }
    generated = http.ok("/api/events/track", {"email": EMAIL, "eventName": "e"})["params"]["id"]
    assert {line["id"] for line in http.export("customEvent")} == {"1234", generated}


def test_both_endpoints_update_the_event_with_the_same_id(http: Http) -> None:
    http.track({"email": EMAIL, "eventName": "e", "id": "1", "dataFields": {"a": 1, "b": 1}})
    http.ok("/api/events/track", {"email": EMAIL, "eventName": "e", "id": "1", "dataFields": {"b": 2}})
    [line] = http.export("customEvent")
    assert (line["a"], line["b"]) == (1, 2)


def test_a_name_that_is_not_allowed_is_refused_with_200() -> None:
    with opened(disallowed_events=frozenset({"secret"})) as http:
        answer = http.ok("/api/events/track", {"email": EMAIL, "eventName": "secret"})
        assert answer["msg"].endswith("is disallowed from tracking.")
        assert http.export("customEvent") == []


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"email": "sayan"}, "InvalidEmailAddressError"),
        ({"userId": "unknown"}, "UnknownUserIdError"),
        ({}, "BadParams"),
        ({"email": EMAIL, "id": "x" * 513}, "BadParams"),
        ({"email": EMAIL, "dataFields": {"n": "x"}}, "RequestFieldsTypesMismatched"),
    ],
)
def test_an_event_is_refused_with_400_if(http: Http, row: dict[str, object], code: str) -> None:
    http.track({"email": EMAIL, "eventName": "e", "dataFields": {"n": 1}})
    response = http.post("/api/events/track", {"eventName": "e"} | row)
    assert (response.status_code, response.json()["code"]) == (400, code)
    assert len(http.export("customEvent")) == 1


def test_a_malformed_address_is_named_as_recorded(http: Http) -> None:
    response = http.post("/api/events/track", {"eventName": "e", "email": "sayan"})
    assert response.json() == {"msg": "Invalid email: sayan", "code": "InvalidEmailAddressError", "params": None}


def test_events_of_somebody_who_is_forgotten_are_409(http: Http) -> None:
    http.ok("/api/users/forget", {"email": EMAIL})
    assert http.post("/api/events/track", {"email": EMAIL, "eventName": "e"}).status_code == 409


def test_the_events_of_a_user_come_newest_first_and_at_most_200() -> None:
    clock = StoppedClock(datetime(2026, 11, 1, tzinfo=UTC))
    with opened(clock=clock) as http:
        http.ok("/api/lists/subscribe", {"listId": http.new_list(), "subscribers": [{"email": EMAIL, "userId": "1"}]})
        clock.advance(timedelta(seconds=1))
        http.track(
            *({"email": EMAIL, "eventName": "e", "createdAt": clock.now() + n * 1000} for n in range(250)),
            {"email": EMAIL, "eventName": "first", "createdAt": 1, "dataFields": {"a": 1}},
        )
        found = http.get(f"/api/events/{EMAIL}").json()["events"]
        assert len(found) == 30
        assert [event["createdAt"] for event in found] == sorted((e["createdAt"] for e in found), reverse=True)
        assert len(http.get("/api/events/byUserId/1", limit=1000).json()["events"]) == 200


def test_a_custom_event_has_data_fields_and_another_one_its_type(http: Http) -> None:
    http.ok("/api/lists/subscribe", {"listId": http.new_list(), "subscribers": [{"email": EMAIL}]})
    http.track({"email": EMAIL, "eventName": "e", "createdAt": 1, "dataFields": {"a": 1}})
    system, custom = http.get(f"/api/events/{EMAIL}").json()["events"]
    assert (system["eventType"], system["signupSource"]) == ("emailSubscribe", "ListAPI")
    assert (custom["eventName"], custom["dataFields"], custom["email"]) == ("e", {"a": 1}, EMAIL)
    assert "documentCreatedAt" in custom["itblInternal"]


def test_an_unknown_user_has_no_events(http: Http) -> None:
    assert http.get("/api/events/nobody@example.com").json() == {"events": []}
    assert http.get("/api/events/byUserId/nobody").json() == {"events": []}
    assert http.get("/api/events/000").status_code == 400
