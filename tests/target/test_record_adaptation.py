"""Sources that write one form and announce another, and the reason of a record that does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_iterable.records.record_adaptation import adapted
from tests.target.conftest import Project
from tests.target.loading import stream
from tests.target.validity import is_valid

INTEGER: Final = {"type": ["integer", "null"]}
NUMBER: Final = {"type": "number"}
OBJECT: Final = {"type": ["object", "null"]}
EITHER: Final = {"type": ["object", "array", "null"]}
ADDRESS: Final = {"type": "object", "properties": {"floor": INTEGER, "tags": {"type": "array", "items": INTEGER}}}


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (INTEGER, Decimal("2.0"), 2),
        (INTEGER, Decimal("-1E+3"), -1000),
        (INTEGER, Decimal("2.5"), Decimal("2.5")),
        (INTEGER, Decimal("1E+30"), Decimal("1E+30")),
        (INTEGER, "2.0", "2.0"),
        (NUMBER, Decimal("2.0"), Decimal("2.0")),
        ({"type": ["integer", "number"]}, Decimal("2.0"), Decimal("2.0")),
        ({}, Decimal("2.0"), Decimal("2.0")),
        ({"anyOf": [INTEGER, {"type": "string"}]}, Decimal("2.0"), 2),
        (ADDRESS, {"floor": Decimal("3.0"), "tags": [Decimal("1.0"), 2]}, {"floor": 3, "tags": [1, 2]}),
        (OBJECT, '{"city": "Bern", "size": 1.50}', {"city": "Bern", "size": Decimal("1.50")}),
        (ADDRESS, '{"floor": 3.0}', {"floor": 3}),
        (EITHER, "[1, 2]", [1, 2]),
        (OBJECT, "[1, 2]", "[1, 2]"),
        (OBJECT, "null", "null"),
        (OBJECT, "no JSON", "no JSON"),
        ({"type": ["object", "string"]}, '{"city": "Bern"}', '{"city": "Bern"}'),
    ],
)
def test_a_value_gets_the_form_that_its_schema_announces_if_that_loses_nothing(
    schema: dict[str, Any], value: Any, expected: Any
) -> None:
    found = adapted({"column": value, "other": value}, {"properties": {"column": schema}})
    assert found == {"column": expected, "other": value}
    assert type(found["column"]) is type(expected)


_KINDS = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])
_COLUMNS = st.recursive(
    st.fixed_dictionaries({"type": st.lists(_KINDS, min_size=1, unique=True)}),
    lambda inner: st.fixed_dictionaries(
        {"type": st.lists(_KINDS, min_size=1, unique=True)},
        optional={"items": inner, "properties": st.dictionaries(st.sampled_from("ab"), inner, max_size=2)},
    ),
    max_leaves=4,
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.decimals(-3, 3, places=1) | st.sampled_from(["{}", "[1]", "x"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)


@given(_COLUMNS, _VALUES)
def test_a_valid_record_stays_valid_and_equal(column: dict[str, Any], value: Any) -> None:
    schema = {"properties": {"a": column}}
    record = {"a": value}
    if is_valid(schema, record):
        found = adapted(record, schema)
        assert is_valid(schema, found)
        assert found == record


def test_what_such_sources_write_arrives(project: Project) -> None:
    records = [
        {"email": "ann@example.com", "age": 2.0, "address": '{"city": "Bern"}'},
        {"email": "bob@example.com", "age": 3, "address": {"city": "Basel"}},
    ]
    types: Mapping[str, Any] = {"age": INTEGER, "address": EITHER}
    assert project.load(stream("users", records, (), **types))["users"]["written"] == 2
    ann, bob = (project.holds.user(email=str(record["email"])) for record in records)
    assert (ann["age"], ann["address"]) == (2, {"city": "Bern"})
    assert (bob["age"], bob["address"]) == (3, {"city": "Basel"})
    assert project.holds.field_types()["age"] == "long"


@pytest.mark.parametrize(
    ("schema", "value", "said"),
    [
        (INTEGER, "secret", "column 'c' holds a string, and the stream's schema wants integer or null"),
        (INTEGER, 2.5, "column 'c' holds a number, and the stream's schema wants integer or null"),
        ({"type": "string"}, None, "column 'c' holds null, and the stream's schema wants string"),
        (ADDRESS, {"floor": "secret"}, "column 'c' has in it a string, and the stream's schema wants integer or null"),
        ({"maxLength": 2}, "secret", "column 'c' holds a string that does not keep to `maxLength` of the stream's schema"),  # noqa: E501
        ({"enum": [1]}, [7], "column 'c' holds an array that does not keep to `enum` of the stream's schema"),
    ],
)  # fmt: skip
def test_an_invalid_record_says_what_came_and_what_was_wanted_by_kind(
    project: Project, schema: dict[str, Any], value: Any, said: str
) -> None:
    project.load(stream("users", [{"email": "ann@example.com", "c": value}], (), c=schema))
    (reject,) = project.load.refusals
    assert (reject["code"], reject["reason"]) == ("invalidRecord", said)
