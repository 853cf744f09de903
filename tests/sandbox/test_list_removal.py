"""Deleting lists, and samples of their members."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from iterable_sandbox.wire.clock import StoppedClock
from tests.sandbox.conftest import Http, opened

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def subscribe(http: Http, list_id: int, count: int) -> list[str]:
    emails = [f"u{number}@example.com" for number in range(count)]
    http.ok("/api/lists/subscribe", {"listId": list_id, "subscribers": [{"email": email} for email in emails]})
    return emails


def preview(http: Http, list_id: int, **params: int) -> list[str]:
    response = http.get("/api/lists/previewUsers", listId=list_id, **params)
    assert response.status_code == 200, response.text
    return response.text.splitlines()


def test_a_deleted_list_is_gone_from_the_project_and_from_profiles() -> None:
    clock = StoppedClock(NOW)
    with opened(clock=clock) as http:
        gone, kept = http.new_list(), http.new_list()
        [email] = subscribe(http, gone, 1)
        subscribe(http, kept, 1)
        before = http.user(email)
        clock.advance(timedelta(hours=1))
        answer = http.send("DELETE", f"/api/lists/{gone}").json()
        assert answer["msg"] == f"List {gone} in Project 8575 was successfully deleted."
        assert [found["id"] for found in http.get("/api/lists").json()["lists"]] == [kept]
        assert http.user(email) == before | {"emailListIds": [kept]}
        assert "invalidListId" in http.get("/api/lists/getUsers", listId=gone).text


def test_a_missing_list_cannot_be_deleted(http: Http) -> None:
    response = http.send("DELETE", "/api/lists/5052803")
    assert response.status_code == 400
    assert response.json() == {"msg": "error.lists.deleteFailed(5052803)", "code": "BadParams", "params": None}


def test_a_list_is_in_use_while_a_campaign_will_send_to_it(seeded: Http) -> None:
    used = seeded.get("/api/campaigns", campaignState="Scheduled").json()["campaigns"][0]
    for list_id in (used["listIds"][0], used["suppressionListIds"][0]):
        assert seeded.send("DELETE", f"/api/lists/{list_id}").status_code == 409
        assert seeded.get(f"/api/lists/{list_id}/size").text != "0"
    finished = seeded.get("/api/campaigns", campaignState="Finished").json()["campaigns"]
    free = {campaign["listIds"][0] for campaign in finished} - {used["listIds"][0]}
    assert seeded.send("DELETE", f"/api/lists/{free.pop()}").status_code == 200


def test_a_preview_is_a_random_sample_of_a_thousand(http: Http) -> None:
    list_id = http.new_list()
    emails = subscribe(http, list_id, 1200)
    first, second = preview(http, list_id), preview(http, list_id)
    assert len(first) == len(set(first)) == 1000
    assert set(first) <= set(emails)
    assert first != second
    assert len(preview(http, list_id, size=7)) == 7
    assert set(preview(http, list_id, size=9999)) == set(emails)


def test_a_preview_of_nobody_is_empty(http: Http) -> None:
    assert preview(http, http.new_list()) == []
    assert http.get("/api/lists/previewUsers", listId=1).status_code == 400


@pytest.mark.parametrize("path", ["getUsers", "previewUsers"])
def test_members_can_come_with_blank_lines_between_them(path: str) -> None:
    with opened(blank_lines=True) as http:
        list_id = http.new_list()
        emails = subscribe(http, list_id, 3)
        lines = http.get(f"/api/lists/{path}", listId=list_id).text.splitlines()
        assert sorted(line for line in lines if line) == emails
        assert len(lines) == 6
