"""Deleting users and forgetting them."""

from __future__ import annotations

from hashlib import sha256

import pytest

from tests.sandbox.conftest import Http, opened

EMAIL = "ana@example.com"
OTHER = "li@example.com"


def test_deleting_a_user_takes_its_events_and_its_memberships(http: Http) -> None:
    list_id = http.new_list()
    http.ok("/api/lists/subscribe", {"listId": list_id, "subscribers": [{"email": EMAIL}, {"email": OTHER}]})
    http.track({"email": EMAIL, "eventName": "e"}, {"email": OTHER, "eventName": "e"})
    answer = http.send("DELETE", f"/api/users/{EMAIL}")
    assert (answer.status_code, answer.json()) == (200, {"msg": "", "code": "Success", "params": None})
    assert http.user(EMAIL) == {}
    assert [line["email"] for line in http.export("customEvent")] == [OTHER]
    assert http.get(f"/api/lists/{list_id}/size").text == "1"


def test_deleting_an_unknown_address_is_no_error(http: Http) -> None:
    assert http.send("DELETE", "/api/users/nobody@example.com").status_code == 200
    assert http.send("DELETE", "/api/users/000").json()["code"] == "InvalidEmailAddressError"


def test_a_deleted_user_may_come_back_as_a_new_one(http: Http) -> None:
    http.update({"email": EMAIL, "dataFields": {"a": 1}})
    http.send("DELETE", f"/api/users/{EMAIL}")
    assert http.update({"email": EMAIL})["successCount"] == 1
    assert "a" not in http.user(EMAIL)


def test_everybody_who_shares_a_user_id_is_deleted_and_a_second_time_is_400(http: Http) -> None:
    http.update({"email": EMAIL, "userId": "1"}, {"email": OTHER, "userId": "1"})
    answer = http.send("DELETE", "/api/users/byUserId/1")
    assert (answer.status_code, answer.json()["msg"]) == (200, "All users associated with 1 were successfully deleted")
    assert http.sandbox.store.users.count() == 0
    again = http.send("DELETE", "/api/users/byUserId/1")
    assert (again.status_code, again.json()) == (
        400,
        {"msg": "User does not exist. Email:  UserId: 1", "code": "BadParams", "params": None},
    )


def test_a_user_id_project_does_not_delete_by_address() -> None:
    with opened(project_type="userId") as http:
        http.update({"userId": "1", "email": EMAIL})
        assert http.send("DELETE", f"/api/users/{EMAIL}").status_code == 400
        assert http.sandbox.store.users.count() == 1


def test_forgetting_deletes_and_refuses_what_comes_later(http: Http) -> None:
    http.update({"email": EMAIL})
    http.track({"email": EMAIL, "eventName": "e"})
    assert http.ok("/api/users/forget", {"email": "Ana@Example.com"})["code"] == "Success"
    assert http.ok("/api/users/forget", {"email": EMAIL})["code"] == "Success"
    assert (http.user(EMAIL), http.export("customEvent")) == ({}, [])
    refused = http.post("/api/users/update", {"email": EMAIL})
    assert (refused.status_code, refused.json()["code"]) == (409, "ForgottenUserError")
    assert http.update({"email": EMAIL})["failedUpdates"]["forgottenEmails"] == [EMAIL]
    assert http.track({"email": EMAIL, "eventName": "e"})["failedUpdates"]["forgottenEmails"] == [EMAIL]
    for action in ("subscribe", "unsubscribe"):
        body = {"listId": http.new_list(), "subscribers": [{"email": EMAIL}]}
        assert http.ok(f"/api/lists/{action}", body)["failedUpdates"]["forgottenEmails"] == [EMAIL]


def test_nobody_takes_the_address_of_somebody_who_is_forgotten() -> None:
    with opened(project_type="hybrid") as http:
        http.ok("/api/users/forget", {"email": EMAIL})
        answer = http.update({"userId": "1", "dataFields": {"email": EMAIL}})
        assert answer["failedUpdates"]["forgottenEmails"] == [EMAIL]


def test_who_is_forgotten_is_listed_by_hash_until_unforgotten(http: Http) -> None:
    http.ok("/api/users/forget", {"email": " Ana@Example.com "})
    assert http.get("/api/users/forgotten").json() == {"hashedEmails": [sha256(EMAIL.encode()).hexdigest()]}
    http.ok("/api/users/unforget", {"email": EMAIL})
    assert http.get("/api/users/forgotten").json() == {"hashedEmails": []}
    assert http.update({"email": EMAIL})["successCount"] == 1


def test_user_ids_are_hashed_in_lower_case() -> None:
    with opened(project_type="userId") as http:
        http.ok("/api/users/forget", {"userId": "Ab"})
        assert http.get("/api/users/forgottenUserIds").json() == {"hashedUserIds": [sha256(b"ab").hexdigest()]}
        assert http.update({"userId": "Ab"})["failedUpdates"]["forgottenUserIds"] == ["Ab"]


@pytest.mark.parametrize(
    ("kind", "body", "wrong"),
    [("email", {"userId": "1"}, "forgottenUserIds"), ("userId", {"email": EMAIL}, "forgotten")],
)
def test_a_project_forgets_only_by_what_identifies_its_users(kind: str, body: dict[str, str], wrong: str) -> None:
    with opened(project_type=kind) as http:
        for action in ("forget", "unforget"):
            assert http.post(f"/api/users/{action}", body).status_code == 400
        assert http.get(f"/api/users/{wrong}").status_code == 400


def test_a_hybrid_project_forgets_a_user_by_both_identifiers() -> None:
    with opened(project_type="hybrid") as http:
        http.update({"email": EMAIL, "userId": "1"})
        http.ok("/api/users/forget", {"email": EMAIL})
        assert http.update({"userId": "1"})["failedUpdates"]["forgottenUserIds"] == ["1"]
