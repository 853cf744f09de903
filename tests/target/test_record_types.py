"""Columns of every kind are decoded as the check of the schema sees them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from target_iterable.columnar.record_decoder import RecordType
from target_iterable.schemas.validation import RecordValidator
from tests.target.validity import is_valid

types = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])
words: dict[str, st.SearchStrategy[Any]] = {
    "type": types | st.lists(types, min_size=1, unique=True),
    "format": st.sampled_from(["date-time", "email"]),
    "maxLength": st.integers(0, 3),
    "minLength": st.integers(0, 2),
    "maximum": st.integers(-2, 2),
    "enum": st.lists(st.none() | st.integers(0, 2) | st.text("ab", max_size=2), min_size=1),
}
columns = st.recursive(
    st.booleans() | st.fixed_dictionaries({}, optional=words),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            **words,
            "items": inner,
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "properties": st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
            "additionalProperties": inner,
        },
    ),
    max_leaves=4,
).filter(lambda column: isinstance(column, dict))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([1.0, 2.5]) | st.text("ab1-é", max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)


@given(columns, st.lists(values | st.just(UNSET), max_size=5))
def test_what_is_decoded_is_valid_and_what_it_was(column: dict[str, Any], given_: list[Any]) -> None:
    schema = {"type": "object", "properties": {"a": column}}
    lines = [
        json.dumps({"type": "RECORD", "stream": "s", "record": {} if value is UNSET else {"a": value}}).encode()
        for value in given_
    ]
    places, decoded, _ = RecordType("s", RecordValidator(schema).schema, ()).read(lines)
    for place, value in zip(places, decoded.get("a", []), strict=True):
        record = json.loads(lines[place], parse_float=Decimal)["record"]
        assert is_valid(schema, record)
        assert value == record.get("a", UNSET)
