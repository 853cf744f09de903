"""From columns to fields: names, dates, numbers, identities."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterable_api.facts.identity import ProjectType
from target_iterable.core.json_encoding import dumps, exact
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.records.column_mapping import ColumnMapping, flatten_member, without_nulls
from target_iterable.records.ids import id_number, key_text
from target_iterable.records.user_identity import IdentityRule
from tests.target.conftest import Project
from tests.target.loading import stream

ANN = "ann@example.com"

NULLABLE_DATE_TIME = {"type": ["string", "null"], "format": "date-time"}
EITHER_WAY = {"anyOf": [{"type": "string", "format": "date-time"}, {"type": ["string", "null"]}]}
DAY = {"type": "string", "format": "date"}


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        (NULLABLE_DATE_TIME, "2024-11-25T13:37:19Z", "2024-11-25 13:37:19 +00:00"),
        (NULLABLE_DATE_TIME, "2024-11-25T13:37:19.123456+02:00", "2024-11-25 11:37:19 +00:00"),
        (NULLABLE_DATE_TIME, "2024-11-25 13:37:19", "2024-11-25 13:37:19 +00:00"),
        (NULLABLE_DATE_TIME, "2024-11-25", "2024-11-25"),
        (NULLABLE_DATE_TIME, None, None),
        (EITHER_WAY, "2024-11-25T13:37:19Z", "2024-11-25 13:37:19 +00:00"),
        (DAY, "2024-11-25", "2024-11-25"),
        (DAY, "2024-11-25T00:00:00+00:00", "2024-11-25 00:00:00 +00:00"),
        ({"type": "string"}, "2024-11-25T13:37:19Z", "2024-11-25T13:37:19Z"),
    ],
)
def test_what_the_schema_calls_a_date_is_spelt_as_iterable_reads_dates(type_: Any, value: Any, expected: Any) -> None:
    assert ColumnMapping({"properties": {"at": type_}}, {}).row({"at": value}) == {"at": expected}


@pytest.mark.parametrize("value", ["soon", "2024-02-30", "infinity", "99999-01-01T00:00:00Z"])
def test_a_date_that_is_none_is_refused_without_showing_it(value: str) -> None:
    with pytest.raises(RecordRejectedError) as raised:
        ColumnMapping({"properties": {"at": NULLABLE_DATE_TIME}}, {}).row({"at": value})
    assert raised.value.code == "invalidDate"
    assert value not in str(raised.value)


def test_columns_are_renamed_dropped_and_freed_of_the_sdks_own() -> None:
    columns = ColumnMapping(
        {"properties": {"Mail": {}, "at": DAY}}, {"Mail": "email", "secret": None, "at": "birthday"}
    )
    record = {"Mail": "a@example.com", "secret": 1, "at": "2000-01-01", "_sdc_sequence": 5, "Plan": "x"}
    assert columns.row(record) == {"email": "a@example.com", "birthday": "2000-01-01", "Plan": "x"}


def test_what_taps_say_about_the_source_is_left_out_unless_it_is_given_a_name() -> None:
    names = ("_sdc_table_version", "_smart_source_file", "_smart_source_lineno")
    schema: dict[str, Any] = {"properties": {name: {} for name in names}}
    columns = ColumnMapping(schema, {"_smart_source_file": "origin"})
    record = {"_sdc_table_version": 1, "_smart_source_file": "a.csv", "_smart_source_lineno": 7, "_smart": "x"}
    assert columns.row(record) == {"origin": "a.csv", "_smart": "x"}
    assert columns.moves is not None
    assert {name: move.field for name, move in columns.moves.items()} == {"_smart_source_file": "origin"}


@pytest.mark.parametrize("globs", [["*"], ["note", "*_at"]])
def test_empty_texts_are_nulls_where_the_route_says_so(project: Project, globs: list[str]) -> None:
    project.load(stream("users", [{"email": ANN, "note": "x", "seen_at": "2026-01-01"}]))
    record = {"email": ANN, "note": "", "seen_at": "", "plan": "gold"}
    types: dict[str, Any] = {"seen_at": NULLABLE_DATE_TIME}
    route = {"users": {"empty_as_null": globs, "defaults": {"note": "none"}}}
    assert project.load(stream("users", [record], (), **types), streams=route)["users"]["written"] == 1
    ann = project.holds.user(email=ANN)
    assert (ann["note"], ann.get("seen_at"), ann["plan"]) == ("none", None, "gold")


def test_empty_texts_stay_elsewhere(project: Project) -> None:
    route = {"users": {"empty_as_null": ["other"]}}
    project.load(stream("users", [{"email": ANN, "note": "", "other": ""}]), streams=route)
    ann = project.holds.user(email=ANN)
    assert (ann["note"], "other" in ann) == ("", False)


def test_two_columns_for_one_field_are_refused() -> None:
    with pytest.raises(RecordRejectedError, match="duplicateField"):
        ColumnMapping({}, {"mail": "email"}).row({"mail": "a", "email": "b"})


def test_defaults_stand_in_for_what_a_record_lacks_or_has_null() -> None:
    columns = ColumnMapping(
        {"properties": {"at": DAY}}, {"country": "land"}, {"country": "CH", "tags": [], "at": "2000-01-01"}
    )
    assert columns.row({"country": None, "tags": ["a"]}) == {"land": "CH", "tags": ["a"], "at": "2000-01-01"}
    assert columns.row({"country": "", "at": None}) == {"land": "", "tags": [], "at": "2000-01-01"}


def test_dots_lead_into_objects_and_leave_the_record_alone() -> None:
    columns = ColumnMapping({}, {"zip": "address.code.zip", "old": None})
    record = {"address.city": "Bern", "zip": 3000, "address": {"street": "A 1", "code": {"land": "CH"}}, "old": 1}
    before = copy.deepcopy(record)
    nested = {"street": "A 1", "code": {"land": "CH", "zip": 3000}, "city": "Bern"}
    assert columns.row(record) == {"address": nested}
    assert record == before
    assert columns.row({"address.city": "Bern", "address": None}) == {"address": {"city": "Bern"}}


@pytest.mark.parametrize("name", [".a", "a.", "a..b", "."])
def test_dots_without_a_name_between_them_are_part_of_the_name(name: str) -> None:
    assert ColumnMapping({}, {}).row({name: 1}) == {name: 1}


def test_dots_are_part_of_the_name_where_the_route_says_so() -> None:
    assert ColumnMapping({}, {}, nest=False).row({"address.city": "Bern", "address": 1}) == {
        "address.city": "Bern",
        "address": 1,
    }


@pytest.mark.parametrize(
    "record",
    [
        {"address": "Bern", "address.city": "Bern"},
        {"address.city": "Bern", "address": {"city": "Thun"}},
        {"a.b": 1, "a.b.c": 2},
        {"a.b.c": 2, "a.b": 1},
    ],
)
def test_columns_that_fight_for_a_place_are_refused(record: dict[str, Any]) -> None:
    with pytest.raises(RecordRejectedError, match="duplicateField"):
        ColumnMapping({}, {}).row(record)


def test_nulls_go_from_objects_at_any_depth_but_not_from_arrays() -> None:
    value = {"a": None, "b": {"c": None, "d": 0}, "e": [None, {"f": None}], "g": False}
    assert without_nulls(value) == {"b": {"d": 0}, "e": [None, {}], "g": False}


@pytest.mark.parametrize("value", [{"a": 1, "b": 2}, '{"a": 1, "b": 2}'])
def test_the_members_of_an_object_are_fields_and_columns_win(value: Any) -> None:
    assert flatten_member({"dataFields": value, "b": 3}, "dataFields") == {"a": 1, "b": 3}


@pytest.mark.parametrize("value", [None, ""])
def test_an_empty_object_gives_no_fields(value: Any) -> None:
    assert flatten_member({"dataFields": value, "b": 3}, "dataFields") == {"b": 3}


@pytest.mark.parametrize("value", [[1], 5, "text", "[1]"])
def test_what_is_not_an_object_cannot_be_spread(value: Any) -> None:
    with pytest.raises(RecordRejectedError, match="invalidObject"):
        flatten_member({"dataFields": value}, "dataFields")


@given(st.decimals(allow_nan=False, allow_infinity=False) | st.integers())
def test_numbers_keep_every_digit(number: Decimal | int) -> None:
    assert Decimal(dumps(number).decode()) == number


def test_json_is_compact_utf_8_with_dates_that_maps_have_made() -> None:
    moment = datetime(2024, 11, 25, 13, 37, 19, tzinfo=UTC)
    value = {"é": [moment, moment.replace(tzinfo=None), date(2024, 11, 25), Decimal("0.10"), None, True]}
    spelt = '"2024-11-25 13:37:19 +00:00"'
    assert dumps(exact(value)).decode() == f'{{"é":[{spelt},{spelt},"2024-11-25",0.10,null,true]}}'


@pytest.mark.parametrize(
    ("value", "code"), [(float("nan"), "invalidNumber"), (float("inf"), "invalidNumber"), ("\ud800", "invalidText")]
)
def test_what_json_cannot_hold_is_refused(value: Any, code: str) -> None:
    with pytest.raises(RecordRejectedError, match=code):
        dumps(exact({"x": [value]}))


@pytest.mark.parametrize(
    ("project", "identify_by", "sent", "other", "by_user_id"),
    [
        (ProjectType.EMAIL, None, {"email": "a@example.com"}, {"userId": "A1"}, False),
        (ProjectType.EMAIL, "userId", {"userId": "A1"}, {"email": "a@example.com"}, True),
        (ProjectType.USER_ID, None, {"userId": "A1"}, {"email": "a@example.com"}, False),
        (ProjectType.HYBRID, None, {"email": "a@example.com", "userId": "A1"}, {}, False),
        (ProjectType.HYBRID, "email", {"email": "a@example.com"}, {"userId": "A1"}, False),
    ],
)
def test_the_type_of_the_project_chooses_the_identifier(
    project: ProjectType, identify_by: str | None, sent: Any, other: Any, by_user_id: Any
) -> None:
    row = {"email": " A@Example.com ", "userId": "A1", "plan": "x"}
    identity = IdentityRule(project, identify_by).pop_identity(row)
    assert (identity.sent, identity.profile_fields(), identity.by_user_id) == (sent, other, by_user_id)
    assert identity.names == (("email", "a@example.com"), ("userId", "A1"))
    assert row == {"plan": "x"}


def test_an_email_based_project_takes_the_user_id_where_there_is_no_address() -> None:
    identity = IdentityRule(ProjectType.EMAIL).pop_identity({"email": None, "userId": 17})
    assert (identity.sent, identity.by_user_id) == ({"userId": "17"}, True)


@pytest.mark.parametrize(
    ("project", "row", "code"),
    [
        (ProjectType.EMAIL, {}, "missingIdentity"),
        (ProjectType.EMAIL, {"email": "  ", "userId": ""}, "missingIdentity"),
        (ProjectType.USER_ID, {"email": "a@example.com"}, "missingIdentity"),
        (ProjectType.EMAIL, {"email": "a.example.com"}, "invalidEmails"),
        (ProjectType.EMAIL, {"email": {"x": 1}}, "invalidEmails"),
        (ProjectType.USER_ID, {"userId": "x" * 53}, "invalidUserIds"),
        (ProjectType.USER_ID, {"userId": "ann "}, "invalidUserIds"),
        (ProjectType.USER_ID, {"userId": 1.5}, "invalidUserIds"),
        (ProjectType.USER_ID, {"userId": True}, "invalidUserIds"),
    ],
)
def test_a_row_without_a_usable_identifier_is_refused(project: ProjectType, row: Any, code: str) -> None:
    with pytest.raises(RecordRejectedError) as raised:
        IdentityRule(project).pop_identity(row)
    assert raised.value.code == code


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x", "x"),
        (7, "7"),
        (Decimal("7.0"), "7"),
        (7.0, "7"),
        (Decimal("7.5"), None),
        (Decimal("1E+400"), None),
        (float("inf"), None),
        (float("nan"), None),
        (True, None),
        ([], None),
        (None, None),
    ],
)
def test_texts_and_whole_numbers_are_keys(value: Any, expected: str | None) -> None:
    assert key_text(value) == expected


@pytest.mark.parametrize("value", ["7.5", -1, "", "1" * 19, None, "\u0667"])
def test_what_is_no_whole_number_is_refused(value: Any) -> None:
    with pytest.raises(RecordRejectedError, match="`campaignId`"):
        id_number("campaignId", value)
