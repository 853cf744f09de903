"""Users in an email-based project: writing and reading them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from iterable_sandbox.wire.clock import StoppedClock
from tests.sandbox.conftest import Http, opened

EMAIL = "ana@example.com"


def test_a_user_reads_back_as_it_was_recorded(http: Http) -> None:
    http.update({"email": EMAIL, "dataFields": {"name": "Ana", "address": {"city": "Bonn"}}})
    user = http.get(f"/api/users/{EMAIL}").json()["user"]
    fields = user["dataFields"]
    assert user["email"] == fields["email"] == EMAIL
    assert (fields["name"], fields["address"], fields["signupSource"]) == ("Ana", {"city": "Bonn"}, "API")
    assert fields["itblInternal"]["emailDomain"] == "example.com"
    assert fields["signupDate"].endswith(" +00:00")
    assert "emailListIds" not in fields


def test_an_unknown_address_is_an_empty_object(http: Http) -> None:
    for response in (
        http.get("/api/users/nobody@example.com"),
        http.get("/api/users/getByEmail", email="nobody@example.com"),
    ):
        assert (response.status_code, response.json()) == (200, {})


UNKNOWN = {"msg": "No user exists with userId nobody", "code": "error.users.noUserWithIdExists", "params": None}


@pytest.mark.parametrize(
    ("settings", "status", "body"),
    [
        ({}, 400, UNKNOWN),
        ({"unknown_user_id": "error"}, 400, UNKNOWN),
        ({"unknown_user_id": "text"}, 400, "No user with that id exists!"),
        ({"unknown_user_id": "empty"}, 200, {}),
        ({"unknown_user_id": "empty_user"}, 200, {"user": {}}),
    ],
)
def test_an_unknown_user_id_is_answered_as_the_setting_says(
    settings: dict[str, Any], status: int, body: object
) -> None:
    with opened(**settings) as http:
        for response in (http.get("/api/users/byUserId", userId="nobody"), http.get("/api/users/byUserId/nobody")):
            is_text = response.headers["Content-Type"].startswith("text/plain")
            assert (response.status_code, response.text if is_text else response.json()) == (status, body)


def test_a_malformed_address_is_400(http: Http) -> None:
    response = http.get("/api/users/000")
    assert response.status_code == 400
    assert response.json() == {"msg": "Invalid email: 000", "code": "InvalidEmailAddressError", "params": None}


@pytest.mark.parametrize("email", ["a+b@example.com", "a/b@example.com", "a'b@example.com"])
def test_special_characters_of_an_address_work_encoded_in_the_path_and_in_the_query(http: Http, email: str) -> None:
    http.update({"email": email})
    encoded = email.replace("+", "%2B").replace("/", "%2F")
    assert http.get(f"/api/users/{encoded}").json()["user"]["email"] == email
    assert http.user(email)["email"] == email


def test_a_bare_plus_in_a_path_is_a_blank(http: Http) -> None:
    http.update({"email": "a+b@example.com"})
    assert http.get("/api/users/a+b@example.com").status_code == 400


def test_addresses_are_stored_and_echoed_in_lower_case(http: Http) -> None:
    http.update({"email": "MixedCase@Example.com"})
    assert http.user("mixedcase@EXAMPLE.com")["email"] == "mixedcase@example.com"
    assert http.update({"email": "No.Domain"})["failedUpdates"]["invalidEmails"] == ["no.domain"]


def test_user_ids_are_case_sensitive(http: Http) -> None:
    http.update({"email": EMAIL, "userId": "Ab"})
    assert http.get("/api/users/byUserId/Ab").json()["user"]["userId"] == "Ab"
    assert http.get("/api/users/byUserId/ab").status_code == 400


def test_fields_that_are_not_sent_stay_and_null_removes(http: Http) -> None:
    http.update({"email": EMAIL, "dataFields": {"a": 1, "b": 2, "o": {"x": 1, "y": 2}}})
    http.update({"email": EMAIL, "dataFields": {"b": None, "o": {"y": None}}, "mergeNestedObjects": True})
    fields = http.user(EMAIL)
    assert (fields["a"], fields["o"]) == (1, {"x": 1})
    assert "b" not in fields


def test_objects_are_replaced_unless_they_are_merged(http: Http) -> None:
    http.update({"email": EMAIL, "dataFields": {"o": {"x": {"y": 1}, "z": 1}}})
    http.update({"email": EMAIL, "dataFields": {"o": {"x": {"w": 2}}}, "mergeNestedObjects": True})
    assert http.user(EMAIL)["o"] == {"x": {"y": 1, "w": 2}, "z": 1}
    http.update({"email": EMAIL, "dataFields": {"o": {"z": 3}}})
    assert http.user(EMAIL)["o"] == {"z": 3}


def test_arrays_are_replaced(http: Http) -> None:
    http.update({"email": EMAIL, "dataFields": {"tags": ["a", "b"]}})
    http.update({"email": EMAIL, "dataFields": {"tags": ["c"]}, "mergeNestedObjects": True})
    assert http.user(EMAIL)["tags"] == ["c"]


def test_fields_that_iterable_manages_cannot_be_written(http: Http) -> None:
    fields = {"itblInternal": {"emailDomain": "x"}, "profileUpdatedAt": "2001-01-01 00:00:00", "signupSource": "Mars"}
    http.update({"email": EMAIL, "dataFields": fields})
    shown = http.user(EMAIL)
    assert shown["itblInternal"]["emailDomain"] == "example.com"
    assert (shown["signupSource"], shown["profileUpdatedAt"] > "2002") == ("API", True)


def test_the_sign_up_date_is_an_ordinary_field_that_can_be_removed_for_good(http: Http) -> None:
    http.update({"email": EMAIL})
    http.update({"email": EMAIL, "dataFields": {"signupDate": None}})
    http.update({"email": EMAIL, "dataFields": {"a": 1}})
    assert "signupDate" not in http.user(EMAIL)


def test_every_update_renews_profile_updated_at_even_without_a_change() -> None:
    clock = StoppedClock(datetime(2026, 11, 1, tzinfo=UTC))
    with opened(clock=clock) as http:
        http.update({"email": EMAIL, "dataFields": {"a": 1}})
        clock.advance(timedelta(hours=1))
        http.update({"email": EMAIL, "dataFields": {"a": 1}})
        fields = http.user(EMAIL)
        assert fields["profileUpdatedAt"] == "2026-11-01 01:00:00 +00:00"
        assert fields["itblInternal"]["documentCreatedAt"] == "2026-11-01 00:00:00 +00:00"


def test_failures_are_named_by_identifier_and_counted(http: Http) -> None:
    answer = http.update({"email": "shrouti"}, {"email": EMAIL}, {"userId": "x" * 53}, {"userId": "unknown"})
    assert (answer["successCount"], answer["failCount"]) == (1, 3)
    failed = {bucket: names for bucket, names in answer["failedUpdates"].items() if names}
    assert failed == {"invalidEmails": ["shrouti"], "invalidUserIds": ["x" * 53], "notFoundUserIds": ["unknown"]}
    assert (answer["invalidEmails"], answer["invalidUserIds"]) == (["shrouti"], ["x" * 53, "unknown"])
    assert len(answer["failedUpdates"]) == 10


def test_a_malformed_address_in_the_data_fields_fails_its_row(http: Http) -> None:
    answer = http.update({"email": EMAIL, "dataFields": {"email": "no address"}})
    assert answer["failedUpdates"]["invalidEmails"] == ["no address"]
    assert http.user(EMAIL) == {}


def test_a_row_without_identity_fails_without_a_name(http: Http) -> None:
    answer = http.update({"dataFields": {"a": 1}})
    assert (answer["failCount"], any(answer["failedUpdates"].values())) == (1, False)


def test_rows_of_one_user_apply_in_their_order(http: Http) -> None:
    http.update(*({"email": EMAIL, "dataFields": {"n": number}} for number in range(5)))
    assert http.user(EMAIL)["n"] == 4


def test_writing_the_list_ids_moves_a_user_between_lists_without_events(http: Http) -> None:
    first, second = http.new_list(), http.new_list()
    http.update({"email": EMAIL, "dataFields": {"emailListIds": [first]}})
    http.update({"email": EMAIL, "dataFields": {"emailListIds": [second]}})
    assert [http.get(f"/api/lists/{number}/size").text for number in (first, second)] == ["0", "1"]
    assert http.export("emailSubscribe") == []
