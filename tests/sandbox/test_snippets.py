"""Snippets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from iterable_sandbox.wire.clock import StoppedClock
from tests.sandbox.conftest import Http, opened


def create(http: Http, name: str = "footer", **fields: Any) -> int:
    response = http.post("/api/snippets", {"name": name, "content": "{{name}}"} | fields)
    assert response.status_code == 201, response.text
    number: int = response.json()["snippetId"]
    return number


def snippet(http: Http, identifier: int | str) -> dict[str, Any]:
    found: dict[str, Any] = http.get(f"/api/snippets/{identifier}").json()["snippet"]
    return found


def test_a_snippet_is_read_by_id_or_by_name(http: Http) -> None:
    number = create(http, description="at the end", variables=["name"], createdByUserId="ana@example.com")
    found = snippet(http, number)
    assert found == snippet(http, "footer") == http.get("/api/snippets").json()["snippets"][0]
    expected = {"id": number, "name": "footer", "content": "{{name}}", "variables": ["name"], "projectId": 8575}
    people = {"createdBy": "ana@example.com", "updatedBy": "ana@example.com"}
    assert found == found | expected | people


def test_an_update_keeps_who_made_it_and_what_is_not_named() -> None:
    clock = StoppedClock(datetime(2026, 11, 1, tzinfo=UTC))
    with opened(clock=clock) as http:
        number = create(http, description="kept")
        clock.advance(timedelta(hours=1))
        answer = http.send("PUT", f"/api/snippets/{number}", {"content": "new", "createdByUserId": "bo@example.com"})
        assert (answer.status_code, answer.json()) == (200, {"snippetId": number})
        found = snippet(http, number)
        assert (found["content"], found["description"], found["updatedBy"]) == ("new", "kept", "bo@example.com")
        assert found["createdAt"] == "2026-11-01T00:00:00.000Z"
        assert found["updatedAt"] == "2026-11-01T01:00:00.000Z"


def test_putting_creates_an_unknown_name_but_no_unknown_id(http: Http) -> None:
    created = http.send("PUT", "/api/snippets/my%20snippet", {"content": "a"})
    assert created.status_code == 201
    assert snippet(http, created.json()["snippetId"])["name"] == "my snippet"
    assert http.send("PUT", "/api/snippets/my%20snippet", {"content": "b"}).status_code == 200
    assert http.send("PUT", "/api/snippets/999", {"content": "a"}).status_code == 404


def test_a_deleted_snippet_is_gone(http: Http) -> None:
    first, second = create(http, "a"), create(http, "b")
    assert http.send("DELETE", f"/api/snippets/{first}").json() == {"snippetId": first}
    assert http.send("DELETE", "/api/snippets/b").json() == {"snippetId": second}
    assert http.get("/api/snippets").json() == {"snippets": []}
    assert http.send("DELETE", "/api/snippets/b").status_code == 404
    assert http.get(f"/api/snippets/{first}").status_code == 404


def test_an_id_is_never_given_twice(seeded: Http) -> None:
    taken = {row["id"] for row in seeded.get("/api/snippets").json()["snippets"]}
    for _ in range(3):
        number = create(seeded, "again")
        assert number not in taken
        taken.add(number)
        seeded.send("DELETE", f"/api/snippets/{number}")


def test_a_name_is_taken_once(http: Http) -> None:
    create(http)
    assert http.post("/api/snippets", {"name": "footer", "content": ""}).status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "a.b"},
        {"name": "x" * 101},
        {"name": None},
        {"content": "{{name"},
        {"content": "<script src='x.js'></script>"},
        {"content": "<body onload='x()'>"},
        {"content": "<a href=' javascript:x()'>"},
        {"variables": ["a b"]},
    ],
)
def test_what_a_snippet_may_not_hold_is_refused(http: Http, wrong: dict[str, Any]) -> None:
    assert http.post("/api/snippets", {"name": "footer", "content": ""} | wrong).status_code == 400
    assert http.get("/api/snippets").json() == {"snippets": []}


def test_json_in_a_script_element_is_no_script(http: Http) -> None:
    create(http, content='<script type="application/ld+json">{}</script>')
