"""Exports in other shapes: the events of one user, and CSV."""

from __future__ import annotations

import csv
import json
from typing import Any

import pytest

from iterable_api.facts.data_types import EVENTS
from tests.sandbox.conftest import Http, opened

EMAIL = "ana@example.com"


def user_events(http: Http, **params: Any) -> list[dict[str, Any]]:
    response = http.get("/api/export/userEvents", **params)
    assert response.status_code == 200, response.text
    return [json.loads(line) for line in response.text.splitlines()]


def somebody(http: Http, data_type: str) -> str:
    """Somebody who has an event of a data type."""
    email: str = http.export(data_type)[0]["email"]
    return email


def test_a_users_events_are_those_of_the_other_exports(seeded: Http) -> None:
    email = somebody(seeded, "emailClick")
    found = user_events(seeded, email=email.upper(), includeCustomEvents="true")
    expected = sorted(
        (data_type.name, line["createdAt"])
        for data_type in EVENTS
        for line in seeded.export(data_type.name)
        if line.get("email") == email
    )
    assert sorted((event["_type"], event["createdAt"]) for event in found) == expected


def test_custom_events_come_only_when_asked_for(http: Http) -> None:
    http.track({"email": EMAIL, "eventName": "e", "dataFields": {"a": {"b": 1}}})
    assert user_events(http, email=EMAIL) == []
    [event] = user_events(http, email=EMAIL, includeCustomEvents="true")
    assert (event["_type"], event["eventName"], event["a"]) == ("customEvent", "e", {"b": 1})


def test_iterables_own_fields_are_objects_and_unknown_places_are_null(seeded: Http) -> None:
    behind_a_proxy = next(line["email"] for line in seeded.export("emailOpen") if "proxySource" in line)
    events = user_events(seeded, email=behind_a_proxy)
    opens = [event for event in events if event["_type"] == "emailOpen"]
    hidden = [event for event in opens if event["userAgentDevice"] == "Gmail"]
    assert hidden
    assert all((event["city"], event["region"]) == (None, None) for event in hidden)
    assert all(event["city"] and event["region"] for event in opens if event not in hidden)
    for event in events:
        assert set(event["itblInternal"]) == {"documentCreatedAt", "documentUpdatedAt"}
        assert not any("." in name for name in event)


def test_subscriptions_show_message_types(http: Http) -> None:
    http.ok("/api/lists/subscribe", {"listId": http.new_list(), "subscribers": [{"email": EMAIL}]})
    [event] = user_events(http, email=EMAIL)
    assert (event["_type"], event["messageTypeIds"]) == ("emailSubscribe", [])


def test_a_user_is_found_by_user_id_too() -> None:
    with opened(project_type="userId") as http:
        http.track({"userId": "Ann", "eventName": "e"})
        assert len(user_events(http, userId="Ann", includeCustomEvents="true")) == 1
        assert user_events(http, userId="ann", includeCustomEvents="true") == []


def test_nobodys_events_are_an_empty_body_and_bad_questions_are_refused(http: Http) -> None:
    response = http.get("/api/export/userEvents", email="nobody@example.com")
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["Content-Type"] == "application/x-json-stream"
    assert http.get("/api/export/userEvents").status_code == 400
    assert http.get("/api/export/userEvents", email="000").json()["code"] == "InvalidEmailAddressError"


def table(http: Http, data_type: str, **params: Any) -> list[list[str]]:
    response = http.get("/api/export/data.csv", dataTypeName=data_type, range="All", **params)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "text/csv"
    return list(csv.reader(response.content.decode().splitlines(), delimiter=params.get("delimiter", ",")))


@pytest.mark.parametrize("data_type", ["user", "emailSend", "purchase", "emailSubscribe"])
def test_csv_holds_every_value_of_data_json(seeded: Http, data_type: str) -> None:
    header, *rows = table(seeded, data_type)
    lines = seeded.export(data_type)
    assert len(rows) == len(lines) > 0
    assert set(header) == {name for line in lines for name in line}
    for row, line in zip(rows, lines, strict=True):
        cells = dict(zip(header, row, strict=True))
        assert {name: cell for name, cell in cells.items() if cell} == {
            name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
            for name, value in line.items()
            if value != ""
        }


def test_cells_can_hold_delimiters_quotes_and_newlines(http: Http) -> None:
    text = 'a,b;"c"\nd'
    http.update({"email": EMAIL, "dataFields": {"text": text, "list": ["x", "y"]}})
    for delimiter in (",", ";", "\t"):
        response = http.get(
            "/api/export/data.csv", dataTypeName="user", range="All", onlyFields="text,list", delimiter=delimiter
        )
        [row] = csv.DictReader(response.text.splitlines(keepends=True), delimiter=delimiter)
        assert row == {"text": text, "list": '["x","y"]'}


def test_csv_without_rows_is_empty_and_a_delimiter_is_one_character(http: Http) -> None:
    assert table(http, "purchase") == []
    params = {"dataTypeName": "purchase", "delimiter": "::"}
    assert http.get("/api/export/data.csv", **params).status_code == 400
