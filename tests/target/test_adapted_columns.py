"""A column is adapted to its schema as each of its values would be."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from target_iterable.records.record_adaptation import adapted_column, adapted_value

TYPES = st.lists(st.sampled_from(["string", "integer", "number", "boolean", "object", "array", "null"]), max_size=3)
SCHEMAS: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.fixed_dictionaries({"type": TYPES}),
    lambda parts: st.fixed_dictionaries(
        {"type": TYPES},
        optional={
            "items": parts | st.booleans(),
            "properties": st.dictionaries(st.sampled_from("ab"), parts),
            "anyOf": st.lists(parts, max_size=2),
        },
    ),
    max_leaves=4,
)
TEXTS = ("", "red", '["1", 2.0, {"a": 2.0}]', '{"a": "[2.0]", "b": 2.0}', "[[2.0], []]", "2.0", "null")
VALUES = st.recursive(
    st.none() | st.sampled_from([*TEXTS, True, 3, Decimal("2.0"), Decimal("2.5")]),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.sampled_from("abc"), parts),
    max_leaves=4,
)


@given(SCHEMAS, st.lists(VALUES, max_size=4))
def test_a_column_becomes_what_its_values_become(schema: dict[str, Any], column: list[Any]) -> None:
    assert repr(adapted_column(column, schema)) == repr([adapted_value(value, schema) for value in column])
