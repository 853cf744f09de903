"""The first value of a field fixes its type."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterable_sandbox.rules.field_types import type_of
from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire import dates
from tests.sandbox.conftest import Http

EMAIL = "ana@example.com"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", "string"),
        ("2020-04-13", "date"),
        ("2020-04-13 14:04:09", "date"),
        ("2020-04-13 14:04:09 +00:00", "date"),
        ("2020-04-13T14:04:09.000Z", "date"),
        ("2020-04-13T14:04:09.000+02:00", "date"),
        ("2020-04-13 14:04:09.000", "string"),
        ("2020-04-13T14:04:09Z", "string"),
        ("2020-13-13", "string"),
        ("13.04.2020", "string"),
        (1, "long"),
        (1.5, "double"),
        (True, "boolean"),
        ({"a": 1}, "object"),
        ({"lat": 1.5, "lon": 2}, "object"),
        (["x", "y"], "string"),
        ([{"a": 1}], "object"),
    ],
)
def test_types_are_detected_by_iterables_rules(http: Http, value: Any, expected: str) -> None:
    http.update({"email": EMAIL, "dataFields": {"field": value}})
    assert http.get("/api/users/getFields").json()["fields"]["field"] == expected


def test_a_place_needs_the_right_name_and_the_right_keys(http: Http) -> None:
    http.update({"email": EMAIL, "dataFields": {"home_geo_location": {"lat": 1.5, "lon": 2}}})
    fields = http.get("/api/users/getFields").json()["fields"]
    assert fields["home_geo_location"] == "geo_location"
    assert "home_geo_location.lat" not in fields


def test_nested_fields_have_dotted_names_and_system_fields_are_there_from_the_start(http: Http) -> None:
    http.update({"email": EMAIL, "dataFields": {"a": {"b c": [{"d": 1}]}}})
    fields = http.get("/api/users/getFields").json()["fields"]
    assert (fields["a"], fields["a.b c"], fields["a.b c.d"]) == ("object", "object", "long")
    assert (fields["email"], fields["signupDate"]) == ("string", "date")


def test_null_and_empty_arrays_fix_no_type(http: Http) -> None:
    http.update({"email": EMAIL, "dataFields": {"a": None, "b": []}})
    assert not {"a", "b"} & http.get("/api/users/getFields").json()["fields"].keys()


def test_one_wrong_value_refuses_the_whole_batch_and_every_field_is_named(http: Http) -> None:
    http.update({"email": EMAIL, "dataFields": {"n": 1}})
    users = [
        {"email": "other@example.com", "dataFields": {"n": 2}},
        {"email": EMAIL, "dataFields": {"n": "x", "signupDate": "GGG"}},
    ]
    response = http.post("/api/users/bulkUpdate", {"users": users})
    assert response.status_code == 400
    answer = response.json()
    assert answer["code"] == "RequestFieldsTypesMismatched"
    assert answer["msg"].startswith("Project 8575: ")
    assert "Field 'n' already exists for type 'user' and has a data type of 'long'" in answer["msg"]
    assert answer["params"]["validationErrors"] == {
        "n": {
            "incomingTypes": ["string", "keyword"],
            "expectedType": "long",
            "_type": "UnexpectedType",
            "offendingValue": "x",
            "category": "user",
        },
        "signupDate": {
            "incomingTypes": ["string", "keyword"],
            "expectedType": "date",
            "_type": "UnexpectedType",
            "offendingValue": "GGG",
            "category": "user",
        },
    }
    assert http.user("other@example.com") == {}


def test_a_refused_batch_fixes_no_types(http: Http) -> None:
    http.update({"email": EMAIL, "dataFields": {"n": 1}})
    http.post("/api/users/bulkUpdate", {"users": [{"email": EMAIL, "dataFields": {"new": 1, "n": "x"}}]})
    assert http.update({"email": EMAIL, "dataFields": {"new": "text"}})["createdFields"] == ["new"]


def test_two_first_values_of_one_batch_can_clash_with_each_other(http: Http) -> None:
    users = [{"email": f"{row}@example.com", "dataFields": {"n": value}} for row, value in enumerate((1, "x"))]
    assert http.post("/api/users/bulkUpdate", {"users": users}).json()["code"] == "RequestFieldsTypesMismatched"


@pytest.mark.parametrize(("first", "then"), [(1.5, 2), ("text", "2020-04-13"), (["a"], "b"), ({"a": 1}, {"b": 2})])
def test_values_that_fit_the_type_pass(http: Http, first: Any, then: Any) -> None:
    http.update({"email": EMAIL, "dataFields": {"f": first}})
    assert http.update({"email": EMAIL, "dataFields": {"f": then}})["successCount"] == 1


@pytest.mark.parametrize(
    ("first", "then"), [(1, 1.5), (1, "1"), ("1", 1), ("2020-04-13", "soon"), ([1], ["a"]), (1, {})]
)
def test_values_that_do_not_fit_the_type_are_refused(http: Http, first: Any, then: Any) -> None:
    http.update({"email": EMAIL, "dataFields": {"f": first}})
    response = http.post("/api/users/bulkUpdate", {"users": [{"email": EMAIL, "dataFields": {"f": then}}]})
    assert response.json()["params"]["validationErrors"]["f"]["offendingValue"] == (
        then[0] if then != [] and isinstance(then, list) else then
    )


def test_a_project_may_take_decimals_into_fields_of_whole_numbers() -> None:
    with Sandbox(decimals_into_long="accept") as sandbox:
        http = Http(sandbox)
        http.update({"email": EMAIL, "dataFields": {"n": 1}})
        assert http.update({"email": EMAIL, "dataFields": {"n": 1.5}})["successCount"] == 1
        http.session.close()


@pytest.mark.parametrize(("seen", "then"), [("double", 1), ("long", 0)])
def test_a_project_may_see_a_whole_number_in_a_decimal_without_a_fraction(seen: Any, then: int) -> None:
    with Sandbox(whole_decimals=seen) as sandbox:
        http = Http(sandbox)
        http.update({"email": EMAIL, "dataFields": {"n": 5.0}})
        response = http.post("/api/users/bulkUpdate", {"users": [{"email": EMAIL, "dataFields": {"n": 2.5}}]})
        assert response.json().get("successCount", 0) == then
        assert http.update({"email": EMAIL, "dataFields": {"n": 7.0}})["successCount"] == 1
        http.session.close()


def test_only_the_iso_form_of_a_date_reads_back_in_another_form(http: Http) -> None:
    sent = {"iso": "2020-08-19T20:50:04.000Z", "day": "2015-11-13", "time": "2016-11-29 13:22:56"}
    http.update({"email": EMAIL, "dataFields": sent})
    shown = http.user(EMAIL)
    assert {name: shown[name] for name in sent} == sent | {"iso": "2020-08-19 20:50:04 +00:00"}


def test_new_fields_are_reported_or_dropped_as_the_request_says(http: Http) -> None:
    answer = http.update({"email": EMAIL, "dataFields": {"a": {"b": 1}}})
    assert (answer["createdFields"], answer["filteredOutFields"]) == (["a", "a.b"], [])
    answer = http.update({"email": EMAIL, "dataFields": {"a": {"b": 2, "c": 3}, "d": 4}}, createNewFields=False)
    assert (answer["createdFields"], answer["filteredOutFields"]) == ([], ["a.c", "d"])
    fields = http.user(EMAIL)
    assert fields["a"] == {"b": 2}
    assert "d" not in fields


def test_a_project_can_drop_new_fields_unless_the_request_wants_them() -> None:
    with Sandbox(unknown_fields="drop") as sandbox:
        http = Http(sandbox)
        assert http.update({"email": EMAIL, "dataFields": {"a": 1}})["filteredOutFields"] == ["a"]
        assert http.update({"email": EMAIL, "dataFields": {"a": 1}}, createNewFields=True)["createdFields"] == ["a"]
        http.session.close()


def test_events_of_one_name_share_types_and_other_names_do_not(http: Http) -> None:
    http.track({"email": EMAIL, "eventName": "one", "dataFields": {"n": 1}})
    http.track({"email": EMAIL, "eventName": "two", "dataFields": {"n": "text"}})
    events = [{"email": EMAIL, "eventName": "one", "dataFields": {"n": "text"}}]
    response = http.post("/api/events/trackBulk", {"events": events})
    assert response.status_code == 400
    assert list(response.json()["params"]["validationErrors"]) == ["one:::n"]
    assert len(http.export("customEvent")) == 2


@given(st.datetimes())
def test_what_reads_back_as_a_date_is_a_date_again(moment: Any) -> None:
    text = moment.strftime("%Y-%m-%dT%H:%M:%S.000Z").rjust(24, "0")
    assert dates.is_date(text)
    assert dates.is_date(dates.stored_form(text))


@given(
    st.one_of(
        st.text(), st.integers(), st.floats(allow_nan=False), st.booleans(), st.dictionaries(st.text(), st.integers())
    )
)
def test_every_value_has_a_type(value: Any) -> None:
    assert type_of("field", value) in {"string", "date", "long", "double", "boolean", "object"}
