"""The quick check of records and the SDK's say the same."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from singer_sdk.exceptions import InvalidInputLine, InvalidRecord
from singer_sdk.sinks.core import JSONSchemaValidator

from target_iterable.schemas.validation import RecordValidator, compiled
from tests.target.validity import is_valid

types = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])
column = st.fixed_dictionaries(
    {"type": st.lists(types, min_size=1, unique=True)},
    optional={
        "format": st.sampled_from(["date-time", "date", "email", "uri"]),
        "maxLength": st.integers(0, 3),
        "maximum": st.integers(-2, 2),
        "enum": st.lists(st.none() | st.integers(0, 2) | st.text("ab", max_size=2), min_size=1),
        "default": st.just("x"),
    },
)
value = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.decimals(-3, 3, places=1), st.text("ab1-", max_size=4),
    st.lists(st.integers(), max_size=2), st.just({"deep": 1}),
)  # fmt: skip


@given(column, value)
def test_a_record_is_valid_where_the_sdk_says_so_and_is_not_changed(column: dict[str, Any], value: Any) -> None:
    schema = {"type": "object", "properties": {"a": column, "b": column}, "required": ["a"]}
    record = {"a": value}
    if "string" in column["type"] and column.get("format") not in ("date", "date-time") and "enum" not in column:
        # What stream maps compute is announced as a text.
        column = column | {"type": sorted({*column["type"], "number", "boolean"})}
    try:
        JSONSchemaValidator(schema | {"properties": {"a": column}}).validate(record)
        expected = True
    except InvalidRecord:
        expected = False
    assert is_valid(schema, record) is expected
    assert record == {"a": value}


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"$ref": "#/definitions/whole"}}, "definitions": {"whole": {"type": "integer"}}},
        {"properties": {"a": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}},
        {"properties": {"a": {"type": "integer", "x-of-the-tap": {"type": 7}}}},
    ],
)
def test_schemas_of_every_kind_are_kept(schema: dict[str, Any]) -> None:
    assert is_valid(schema, {"a": 1})
    assert not is_valid(schema, {"a": Decimal("1.5")})


def test_columns_as_older_database_taps_describe_them_keep_their_bounds() -> None:
    number = {"type": ["null", "number"], "maximum": 100, "exclusiveMaximum": True, "multipleOf": Decimal("1E-38")}
    schema = {"$schema": "http://json-schema.org/draft-04/schema#", "properties": {"a": number, "multipleOf": {}}}
    assert is_valid(schema, {"a": Decimal("99.99"), "multipleOf": "x"})
    assert is_valid(schema, {"a": Decimal("-1E+300")})
    assert not is_valid(schema, {"a": Decimal(100)})
    number["exclusiveMaximum"] = False
    assert is_valid(schema, {"a": Decimal(100)})
    assert not is_valid(schema, {"a": Decimal("100.01")})


def test_a_schema_that_is_none_is_refused_with_the_place() -> None:
    with pytest.raises(InvalidInputLine, match=r"'text' is not valid .* at \$\.properties\.a\.type"):
        RecordValidator({"properties": {"a": {"type": "text"}}})


def test_nothing_is_fetched_for_a_schema() -> None:
    schema = {"properties": {"a": {"$ref": "http://127.0.0.1:9/schema.json"}}}
    assert not compiled(schema)({"a": 1})
