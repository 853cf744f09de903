"""Writing one user at a time by users/update, and its answers."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import Http, opened

EMAIL = "ana@example.com"


def test_a_single_update_makes_a_user_and_updates_it(http: Http) -> None:
    assert http.ok("/api/users/update", {"email": EMAIL, "dataFields": {"a": 1, "o": {"x": 1}}}) == {
        "msg": "",
        "code": "Success",
        "params": None,
    }
    http.ok("/api/users/update", {"email": EMAIL, "dataFields": {"a": None, "o": {"y": 1}}, "mergeNestedObjects": True})
    fields = http.user(EMAIL)
    assert fields["o"] == {"x": 1, "y": 1}
    assert "a" not in fields


def test_a_project_may_say_in_words_what_an_update_did() -> None:
    with opened(update_text=True) as http:
        assert http.ok("/api/users/update", {"email": EMAIL})["msg"] == "User successfully created/updated."


def test_new_fields_of_a_single_update_are_dropped_if_it_says_so(http: Http) -> None:
    http.ok("/api/users/update", {"email": EMAIL, "dataFields": {"new": 1}, "createNewFields": False})
    assert "new" not in http.user(EMAIL)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"email": "000"}, "InvalidEmailAddressError"),
        ({"userId": "x" * 53}, "InvalidUserIdError"),
        ({"userId": "padded "}, "InvalidUserIdError"),
        ({"userId": "unknown"}, "UnknownUserIdError"),
        ({"email": EMAIL, "dataFields": {"email": "b@example.com"}}, "BadParams"),
        ({"dataFields": {}}, "BadParams"),
    ],
)
def test_what_would_fail_a_row_fails_a_single_update_with_400(http: Http, body: dict[str, object], code: str) -> None:
    response = http.post("/api/users/update", body)
    assert (response.status_code, response.json()["code"]) == (400, code)


def test_a_wrong_type_is_400_and_a_refused_update_fixes_no_type(http: Http) -> None:
    http.update({"email": EMAIL, "dataFields": {"n": 1}})
    response = http.post("/api/users/update", {"email": EMAIL, "dataFields": {"n": "x", "new": 1}})
    assert (response.status_code, response.json()["code"]) == (400, "RequestFieldsTypesMismatched")
    http.post("/api/users/update", {"userId": "unknown", "dataFields": {"other": 1}})
    assert not {"new", "other"} & http.get("/api/users/getFields").json()["fields"].keys()


def test_identifiers_of_two_users_of_a_hybrid_project_are_409() -> None:
    with opened(project_type="hybrid") as http:
        http.update({"email": "a@example.com", "userId": "1"}, {"email": "b@example.com", "userId": "2"})
        by_email = http.post("/api/users/update", {"email": "a@example.com", "userId": "2"})
        by_field = http.post("/api/users/update", {"email": "a@example.com", "dataFields": {"userId": "2"}})
        assert (by_email.status_code, by_email.json()["code"]) == (409, "EmailAlreadyExists")
        assert (by_field.status_code, by_field.json()["code"]) == (409, "UserIdAlreadyExists")


def test_a_phone_number_names_its_region_as_long_as_it_is_there(http: Http) -> None:
    http.update({"email": EMAIL, "dataFields": {"phoneNumber": "+5583999999999"}})
    assert http.user(EMAIL)["itblInternal"]["regionCode"] == "BR"
    assert http.export("user")[0]["itblInternal.regionCode"] == "BR"
    http.update({"email": EMAIL, "dataFields": {"phoneNumber": None}})
    assert "regionCode" not in http.user(EMAIL)["itblInternal"]


@pytest.mark.parametrize("number", ["soon", "0228 123", ["+5583999999999"]])
def test_what_is_no_international_number_names_no_region(http: Http, number: object) -> None:
    http.update({"email": EMAIL, "dataFields": {"phoneNumber": number}})
    assert "regionCode" not in http.user(EMAIL)["itblInternal"]


def test_a_wrong_type_may_fail_its_row_alone() -> None:
    with opened(type_clashes="row") as http:
        http.update({"email": EMAIL, "dataFields": {"n": 1}})
        answer = http.update(
            {"email": "bad@example.com", "dataFields": {"n": "x", "lost": 1}},
            {"email": "good@example.com", "dataFields": {"n": 2, "kept": 1}},
        )
        assert answer["failedUpdates"]["invalidDataEmails"] == ["bad@example.com"]
        assert (answer["successCount"], answer["failCount"], answer["createdFields"]) == (1, 1, ["kept"])
        assert http.user("good@example.com")["n"] == 2
        assert http.user("bad@example.com") == {}


def test_a_wrong_type_may_fail_one_subscriber_alone() -> None:
    with opened(type_clashes="row") as http:
        http.update({"email": EMAIL, "dataFields": {"n": 1}})
        subscribers = [{"email": "bad@example.com", "dataFields": {"n": "x"}}, {"email": EMAIL}]
        answer = http.ok("/api/lists/subscribe", {"listId": http.new_list(), "subscribers": subscribers})
        assert (answer["successCount"], answer["failedUpdates"]["invalidDataEmails"]) == (1, ["bad@example.com"])


def test_more_fields_than_a_project_may_have_are_refused_and_fewer_pass() -> None:
    with opened() as http:
        known = len(http.get("/api/users/getFields").json()["fields"])
    with opened(max_user_fields=known + 2, max_event_fields=1) as http:
        http.update({"email": EMAIL, "dataFields": {"a": 1, "b": 1}})
        http.update({"email": EMAIL, "dataFields": {"a": 2}})
        for path, body in (
            ("/api/users/bulkUpdate", {"users": [{"email": EMAIL, "dataFields": {"c": 1}}]}),
            ("/api/users/update", {"email": EMAIL, "dataFields": {"a": 1, "c": 1}}),
            ("/api/events/trackBulk", {"events": [{"email": EMAIL, "eventName": "e", "dataFields": {"a": 1, "b": 1}}]}),
        ):
            response = http.post(path, body)
            assert (response.status_code, response.json()["code"]) == (400, "UniqueFieldsLimitExceeded")


def test_fields_that_are_dropped_do_not_count_as_too_many() -> None:
    with opened(max_user_fields=1, unknown_fields="drop") as http:
        assert http.update({"email": EMAIL, "dataFields": {"c": 1}})["filteredOutFields"] == ["c"]
