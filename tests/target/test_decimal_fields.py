"""A column that may hold fractions makes a field of decimals, also if its first value is whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from target_iterable.columnar.field_fitting import GROUP, add_points
from target_iterable.columnar.record_block import Draft, RecordBlock, rows_of
from target_iterable.columnar.row_groups import RowGroup
from target_iterable.core.json_encoding import dumps
from target_iterable.field_types.decimal_fields import DecimalFields
from target_iterable.field_types.registry import USERS, FieldTypes
from target_iterable.records.normal_form import normal
from tests.target.conftest import NewProject, Project
from tests.target.loading import stream

ANN: Final = "ann@example.com"
NUMBER: Final = {"type": "number"}
NUMBERS: Final[list[Mapping[str, Any]]] = [
    NUMBER,
    {"type": ["null", "number"]},
    {"type": ["number", "integer"]},
    {"anyOf": [{"type": "null"}, {"type": "number"}]},
    {"oneOf": [{"type": "null"}, {"type": ["number", "integer"]}]},
    {"type": ["null", "number"], "multipleOf": 1e-38, "minimum": -1e38},
    {"type": ["null", "string"], "format": "x-singer.decimal"},
]
WHOLE: Final[list[Mapping[str, Any]]] = [
    {"type": "integer"},
    {"type": ["null", "integer"]},
    {"type": ["null", "number"], "multipleOf": 1},
    {},
]


def written(object_: str, value: Any, name: str = "price") -> dict[str, Any]:
    """A record of the object with a field of that value."""
    item = {"id": "m-1", "name": "Mug", "price": 4.5, "quantity": 2}
    head: dict[str, dict[str, Any]] = {
        "users": {},
        "events": {"eventName": "seen"},
        "list_members": {"list": "Loyal"},
        "purchases": {"items": [item], "total": 9},
    }
    return {"email": ANN, **head[object_], name: value}


@pytest.mark.parametrize("object_", ["users", "events", "list_members", "purchases"])
@pytest.mark.parametrize("schema", NUMBERS)
@pytest.mark.parametrize("runs", [1, 2])
def test_a_whole_number_does_not_shut_out_the_fractions_behind_it(
    project: Project, object_: str, schema: Mapping[str, Any], runs: int
) -> None:
    five, half = ("5", "2.5") if schema.get("format") else (5, 2.5)
    rows = [written(object_, value) for value in (five, half)]
    for some in [rows] if runs == 1 else [rows[:1], rows[1:]]:
        summary = project.load(stream(object_, some, price=schema))[object_]
        assert (summary["written"], summary["rejected"]) == (len(some), 0)


@pytest.mark.parametrize("object_", ["users", "list_members"])
@pytest.mark.parametrize("schema", [*NUMBERS, *WHOLE])
def test_the_schema_says_what_a_new_field_becomes(project: Project, object_: str, schema: Mapping[str, Any]) -> None:
    project.load(stream(object_, [written(object_, "5" if schema.get("format") else 5)], price=schema))
    assert project.holds.field_types()["price"] == ("long" if schema in WHOLE else "double")


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "object", "properties": {"lat": NUMBER}}, {"lat": 5}),
        ({"type": "array", "items": NUMBER}, [5, 2.5]),
        ({"type": "array", "items": {"type": "object", "properties": {"lat": NUMBER}}}, [{"lat": 5}, {"lat": 2.5}]),
        ({"anyOf": [{"type": "object", "properties": {"lat": NUMBER}}, {"type": "null"}]}, {"lat": 5}),
    ],
)
@pytest.mark.parametrize("name", ["price", "dataFields"])
def test_numbers_at_any_depth_are_decimals(project: Project, schema: Any, value: Any, name: str) -> None:
    if name == "dataFields":
        schema, value = {"type": "object", "properties": {"price": schema}}, {"price": value}
    project.load(stream("users", [written("users", value, name)], **{name: schema}))
    types = project.holds.field_types()
    assert types.get("price.lat", types["price"]) == "double"


def test_a_renamed_column_and_one_inside_an_object_are_decimals(project: Project) -> None:
    route = {"users": {"fields": {"PRICE": "price", "width": "size.width"}}}
    row = {"email": ANN, "PRICE": 5, "width": 7}
    project.load(stream("users", [row], PRICE=NUMBER, width=NUMBER), streams=route)
    types = project.holds.field_types()
    assert (types["price"], types["size.width"]) == ("double", "double")


@pytest.mark.parametrize("reading", [{}, {"decimals_into_long": "accept"}, {"whole_decimals": "long"}])
@pytest.mark.parametrize("object_", ["users", "events", "list_members", "purchases"])
def test_a_field_of_whole_numbers_still_gets_whole_numbers(
    new_project: NewProject, object_: str, reading: Mapping[str, str]
) -> None:
    """However Iterable reads decimals, which is not documented."""
    project = new_project(**reading)
    project.load(stream(object_, [written(object_, 1, "n")], n={"type": "integer"}))
    rows = [written(object_, value, "n") for value in (5, 6, 7)]
    for _ in range(2):
        summary = project.load(stream(object_, rows, n=NUMBER))[object_]
        assert (summary["written"], summary["rejected"]) == (3, 0)
    if object_ == "users":
        assert project.holds.field_types()["n"] == "long"


@pytest.mark.parametrize("object_", ["users", "events", "list_members", "purchases"])
def test_a_fraction_for_a_field_of_whole_numbers_is_rejected_alone(project: Project, object_: str) -> None:
    project.load(stream(object_, [written(object_, 1, "n")], n={"type": "integer"}))
    rows = [written(object_, value, "n") for value in (5, 2.5, 7.0)]
    summary = project.load(stream(object_, rows, n=NUMBER), max_rejects="100%")[object_]
    assert (summary["written"], summary["reasons"]) == (2, {"RequestFieldsTypesMismatched": 1})


def test_a_purchase_is_refused_once_for_whole_numbers_and_the_next_ones_are_not(project: Project) -> None:
    project.load(stream("purchases", [written("purchases", 1, "n")], n={"type": "integer"}))
    rows = [written("purchases", 5, "n") | {"id": f"p-{number}"} for number in range(20)]
    summary = project.load(stream("purchases", rows, n=NUMBER), max_batch_rows=1, max_in_flight=1)["purchases"]
    assert (summary["written"], summary["rejected"]) == (20, 0)
    assert [stored["n"] for stored in project.holds.purchases()] == [1] + [5] * 20


WEIGHTS: Final = {
    "type": "array",
    "items": {"type": "object", "properties": {"weight": NUMBER, "dataFields": {"properties": {"width": NUMBER}}}},
}


def bought(object_: str, weight: Any) -> dict[str, Any]:
    """A purchase or a cart whose item has fields of that value."""
    row = written("purchases", 1) if object_ == "purchases" else {"email": ANN}
    item = {"id": "m-1", "name": "Mug", "price": 4.5, "quantity": 2, "weight": weight}
    return {**row, "items": [{**item, "dataFields": {"width": weight}}]}


@pytest.mark.parametrize("object_", ["purchases", "carts"])
def test_data_fields_of_items_are_decimals_too(project: Project, object_: str) -> None:
    for weight in (5, 2.5, 7):
        assert project.load(stream(object_, [bought(object_, weight)], items=WEIGHTS))[object_]["written"] == 1


@pytest.mark.parametrize("object_", ["purchases", "carts"])
def test_data_fields_of_items_that_are_whole_numbers_still_get_these(project: Project, object_: str) -> None:
    project.load(stream(object_, [bought(object_, 1)]))
    for weight in (5, 6):
        assert project.load(stream(object_, [bought(object_, weight)], items=WEIGHTS))[object_]["written"] == 1
    summary = project.load(stream(object_, [bought(object_, 2.5)], items=WEIGHTS), max_rejects="100%")
    assert summary[object_]["rejected"] == 1


@pytest.mark.parametrize("is_raw", [True, False])
def test_traits_and_properties_of_calls_are_decimals_too(project: Project, *, is_raw: bool) -> None:
    route = {"calls": {"object": "segment"}}
    schema: dict[str, Any] = {"score": NUMBER}
    for type_, body in (("identify", "traits"), ("track", "properties")):
        head = {"type": type_, "event": "Seen"} if type_ == "track" else {"type": type_}
        for number, value in enumerate((5, 2.5)):
            row: dict[str, Any] = {**head, "messageId": f"{type_}-{number}", "userId": "u1"}
            row |= {body: {"score": value, "email": ANN}} if is_raw else {"score": value, "email": ANN}
            types = {body: {"type": "object", "properties": schema}} if is_raw else schema
            if not is_raw:
                row = {"id": row.pop("messageId"), "user_id": row.pop("userId"), **row}
                route = {"calls": {"object": "segment", "call": row.pop("type")}}
            assert project.load(stream("calls", [row], **types), streams=route)["calls"]["written"] == 1
    assert project.holds.field_types()["score"] == "double"


def test_a_text_field_gets_the_number_as_it_was(project: Project) -> None:
    project.load(stream("users", [{"email": ANN, "size": "S"}]))
    project.load(stream("users", [{"email": ANN, "size": 5}], size=NUMBER), coerce_types=True)
    assert project.holds.user(email=ANN)["size"] == "5"


def test_a_row_is_unchanged_although_its_field_has_a_type_by_now(project: Project, tmp_path: Path) -> None:
    settings = {"streams": {"users": {"skip_unchanged": True}}, "ledger": str(tmp_path / "ledger.db")}
    rows = stream("users", [{"email": ANN, "price": 5}], price=NUMBER)
    assert project.load(rows, **settings)["users"]["written"] == 1
    assert project.load(rows, **settings)["users"]["unchanged"] == 1


def test_identifiers_and_attributes_stay_whole(new_project: NewProject) -> None:
    project = new_project(project_type="hybrid")
    columns: dict[str, Any] = {"userId": NUMBER, "id": NUMBER, "createdAt": NUMBER, "campaignId": NUMBER}
    row = {"userId": 17, "id": 5, "createdAt": 1_700_000_000, "campaignId": 12, "eventName": "seen", "price": 5}
    assert project.load(stream("events", [row], price=NUMBER, **columns), project_type="hybrid")["events"]["written"]
    (event,) = project.holds.events()
    assert (event["userId"], event["campaignId"], event["createdAt"]) == ("17", 12, "2023-11-14 22:13:20 +00:00")


def test_an_event_keeps_the_id_that_it_had_without_the_point(project: Project) -> None:
    row = written("events", 5) | {"createdAt": "2026-11-01T08:30:00Z"}
    for schema in ({}, NUMBER):
        project.load(stream("events", [row], price=schema))
    assert len(project.holds.events()) == 1


VALUES: Final = st.none() | st.integers(-(10**17), 10**17) | st.decimals(-1000, 1000, places=2)
SCHEMAS: Final[dict[tuple[str, ...], Mapping[str, Any]]] = {
    ("price",): {"type": ["null", "number"]},
    ("size",): {"type": "object", "properties": {"width": {"type": ["null", "number"]}}},
    ("many",): {"type": "array", "items": {"type": ["null", "number"]}},
    ("age",): {"type": "integer"},
}
RECORDS: Final = st.fixed_dictionaries(
    {},
    optional={
        "price": VALUES,
        "size": st.fixed_dictionaries({}, optional={"width": VALUES, "height": VALUES}),
        "many": st.lists(VALUES, max_size=3),
        "age": VALUES,
    },
)
KNOWN: Final = st.dictionaries(st.sampled_from(["price", "size.width", "many"]), st.sampled_from(["long", "double"]))


@given(st.lists(RECORDS, min_size=1, max_size=5), KNOWN)
def test_records_are_widened_alike_by_column_and_one_by_one(rows: list[dict[str, Any]], known: dict[str, str]) -> None:
    types = FieldTypes()
    types.set_types(USERS, known)
    keys = [()] * len(rows)
    names = [path[0] for path in SCHEMAS]
    columns = {name: [row.get(name, UNSET) for row in rows] for name in names}
    made = []
    for block in (RecordBlock(keys, columns), RecordBlock(keys, rows=[*rows])):
        draft = Draft(block)
        draft.heads[GROUP] = [RowGroup(type_scope=USERS)] * len(rows)
        add_points(draft, types, DecimalFields(SCHEMAS))
        made.append(rows_of(draft.fields, len(rows)) if draft.rows is None else draft.rows)
    by_column, one_by_one = made
    assert dumps(by_column, sort_keys=True) == dumps(one_by_one, sort_keys=True)
    # The numbers are the same, and so are the ids that are derived from them.
    assert by_column == rows
    assert normal(by_column) == normal(rows)
    for row in by_column:
        price = row.get("price")
        assert price is None or known.get("price") == "long" or b"." in dumps(price)


def test_profile_fields_in_a_purchase_are_decimals_too(project: Project) -> None:
    for score in (5, 2.5):
        row = written("purchases", 1) | {"user": {"score": score, "dataFields": {"rate": score}}}
        inner = {"type": "object", "properties": {"rate": NUMBER}}
        user = {"type": "object", "properties": {"score": NUMBER, "dataFields": inner}}
        assert project.load(stream("purchases", [row], user=user))["purchases"]["written"] == 1
    types = project.holds.field_types()
    assert (types["score"], types["rate"]) == ("double", "double")


def test_the_lists_of_a_user_bring_decimals_too(project: Project) -> None:
    for price in (5, 2.5):
        row = {"email": ANN, "lists": ["Loyal"], "price": price}
        assert project.load(stream("list_memberships", [row], price=NUMBER))["list_memberships"]["written"] == 1
    assert project.holds.field_types()["price"] == "double"
