"""Changing the e-mail of a user, and merging two users."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from iterable_sandbox.wire.clock import StoppedClock
from tests.sandbox.conftest import Http, opened

OLD, NEW = "old@example.com", "new@example.com"
START = "2026-11-01 00:00:00 +00:00"
LATER = "2026-11-02 00:00:00 +00:00"


@pytest.fixture
def day() -> Iterator[tuple[Http, StoppedClock]]:
    """An e-mail project whose clock stands at the start of a day."""
    clock = StoppedClock(datetime(2026, 11, 1, tzinfo=UTC))
    with opened(clock=clock) as http:
        yield http, clock


def test_a_new_address_keeps_lists_fields_and_events_and_begins_a_new_document(day: tuple[Http, StoppedClock]) -> None:
    http, clock = day
    list_id = http.new_list()
    row = {"email": OLD, "userId": "1", "dataFields": {"a": 1, "signupDate": None}}
    http.ok("/api/lists/subscribe", {"listId": list_id, "subscribers": [row]})
    http.track({"email": OLD, "eventName": "e", "dataFields": {"o": {"x": 1.0}}})
    http.update({"email": OLD, "dataFields": {"signupDate": None}})
    clock.advance(timedelta(days=1))
    assert http.ok("/api/users/updateEmail", {"currentEmail": "Old@example.com", "newEmail": "New@example.com"})
    fields = http.user(NEW)
    assert (http.user(OLD), fields["a"], fields["userId"], fields["emailListIds"]) == ({}, 1, "1", [list_id])
    assert fields["itblInternal"]["documentCreatedAt"] == fields["signupDate"] == LATER
    assert fields["signupSource"] == "ListAPI"
    [event] = http.export("customEvent")
    assert (event["email"], event["userId"], event["o"], event["createdAt"]) == (NEW, "1", {"x": 1.0}, START)
    assert http.get("/api/lists/getUsers", listId=list_id).text.strip() == NEW


def test_the_current_address_outranks_the_user_id_and_either_will_do(http: Http) -> None:
    http.update({"email": OLD, "userId": "1"}, {"email": "b@example.com", "userId": "2"})
    http.ok("/api/users/updateEmail", {"currentEmail": OLD, "currentUserId": "2", "newEmail": NEW})
    assert http.user(NEW)["userId"] == "1"
    http.ok("/api/users/updateEmail", {"currentUserId": "2", "newEmail": "c@example.com"})
    assert http.user("c@example.com")["userId"] == "2"


@pytest.mark.parametrize(
    ("body", "status", "msg"),
    [
        ({"currentEmail": "sayan", "newEmail": NEW}, 400, "Invalid currentEmail sayan"),
        ({"currentEmail": OLD, "newEmail": "sayan"}, 400, "Invalid newEmail sayan"),
        ({"currentEmail": "nobody@example.com", "newEmail": NEW}, 400, "User does not exist."),
        ({"newEmail": NEW}, 400, "Either email or userId"),
        ({"currentEmail": OLD, "newEmail": "taken@example.com"}, 409, "Email already exists"),
        ({"currentEmail": OLD, "newEmail": "forgotten@example.com"}, 409, "User is forgotten"),
    ],
)
def test_an_address_does_not_change_if(http: Http, body: dict[str, str], status: int, msg: str) -> None:
    http.update({"email": OLD}, {"email": "taken@example.com"})
    http.ok("/api/users/forget", {"email": "forgotten@example.com"})
    response = http.post("/api/users/updateEmail", body)
    assert (response.status_code, response.json()["msg"].startswith(msg)) == (status, True)
    assert http.user(OLD)["email"] == OLD


@pytest.mark.parametrize("kind", ["userId", "hybrid"])
def test_other_projects_change_addresses_through_an_update(kind: str) -> None:
    with opened(project_type=kind) as http:
        http.update({"userId": "1", "email": OLD})
        assert http.post("/api/users/updateEmail", {"currentEmail": OLD, "newEmail": NEW}).status_code == 400


def test_a_merge_gives_the_destination_what_only_the_source_has(day: tuple[Http, StoppedClock]) -> None:
    http, clock = day
    list_id = http.new_list()
    http.update({"email": NEW, "dataFields": {"both": "new", "o": {"x": 1}}})
    source = {"email": OLD, "dataFields": {"both": "old", "o": {"y": 1}, "only": 1}}
    http.ok("/api/lists/subscribe", {"listId": list_id, "subscribers": [source]})
    http.track({"email": OLD, "eventName": "e"})
    clock.advance(timedelta(days=1))
    http.ok("/api/users/merge", {"sourceEmail": OLD, "destinationEmail": NEW})
    fields = http.user(NEW)
    assert (fields["both"], fields["o"], fields["only"], fields["email"]) == ("new", {"x": 1}, 1, NEW)
    assert fields["itblInternal"]["documentCreatedAt"] == LATER
    assert http.user(OLD) == {}
    assert [line["email"] for line in http.export("customEvent")] == [NEW]
    assert http.get("/api/lists/getUsers", listId=list_id).text.strip() == NEW


def test_a_merge_joins_the_arrays_that_it_names(http: Http) -> None:
    ours = {"tags": ["a", "b"], "cars": [{"id": 1, "n": "ours"}], "age": 4, "left": [1]}
    theirs = {"tags": ["b", "c"], "cars": [{"id": 1, "n": "theirs"}, {"id": 2, "n": "x"}], "age": 5, "left": [2]}
    http.update({"email": NEW, "dataFields": ours}, {"email": OLD, "dataFields": theirs})
    arrays = [{"field": "tags"}, {"field": "cars", "dedupeBy": "id"}, {"field": "age"}, {"field": "absent"}]
    http.ok("/api/users/merge", {"sourceEmail": OLD, "destinationEmail": NEW, "arrayMerge": arrays})
    fields = http.user(NEW)
    assert (fields["tags"], fields["age"], fields["left"]) == (["a", "b", "c"], [4, 5], [1])
    assert fields["cars"] == [{"id": 1, "n": "ours"}, {"id": 2, "n": "x"}]
    assert "absent" not in fields


def test_a_key_for_an_array_that_holds_no_objects_fails_the_whole_merge(http: Http) -> None:
    http.update({"email": NEW, "dataFields": {"tags": ["a"]}}, {"email": OLD, "dataFields": {"tags": ["b"]}})
    arrays = [{"field": "tags", "dedupeBy": "id"}]
    body = {"sourceEmail": OLD, "destinationEmail": NEW, "arrayMerge": arrays}
    assert http.post("/api/users/merge", body).status_code == 400
    assert (http.user(OLD)["tags"], http.user(NEW)["tags"]) == (["b"], ["a"])


def test_a_merge_into_nobody_renames_and_a_second_one_fails(http: Http) -> None:
    http.update({"email": OLD, "dataFields": {"a": 1}})
    http.track({"email": OLD, "eventName": "e"})
    body = {"sourceEmail": OLD, "destinationEmail": NEW}
    http.ok("/api/users/merge", body)
    assert (http.user(OLD), http.user(NEW)["a"]) == ({}, 1)
    assert http.export("customEvent")[0]["email"] == NEW
    assert http.post("/api/users/merge", body).json()["code"] == "UnknownEmailError"


def test_a_hybrid_merge_gives_the_destination_the_identifier_that_it_lacks() -> None:
    with opened(project_type="hybrid") as http:
        http.update({"email": OLD}, {"userId": "1"})
        http.track({"email": OLD, "eventName": "e"})
        http.ok("/api/users/merge", {"sourceEmail": OLD, "destinationUserId": "1"})
        assert http.user(OLD)["userId"] == "1"
        [event] = http.export("customEvent")
        assert (event["email"], event["userId"]) == (OLD, "1")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"sourceEmail": "nobody@example.com"}, 400),
        ({"sourceUserId": "1"}, 400),
        ({"destinationEmail": OLD}, 400),
        ({"destinationEmail": "forgotten@example.com"}, 409),
        ({"sourceEmail": "forgotten@example.com"}, 409),
    ],
)
def test_users_are_not_merged_if(http: Http, change: dict[str, str], status: int) -> None:
    http.update({"email": OLD, "userId": "1"}, {"email": NEW})
    http.ok("/api/users/forget", {"email": "forgotten@example.com"})
    body = {"sourceEmail": OLD, "destinationEmail": NEW} | change
    assert http.post("/api/users/merge", body).status_code == status
    assert http.sandbox.store.users.count() == 2
