"""A column of JSON is adapted to its schema as each of its values would be."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from target_iterable.records.record_adaptation import adapted_column, adapted_value

KINDS = ("string", "number", "boolean", "integer", "array", "object")
PARTS: list[Any] = [
    True,
    *({"type": [kind, "null"]} for kind in KINDS),
    {"anyOf": [{"type": "null"}, {"type": "integer"}]},
    {"items": {"type": "integer"}},
    {"properties": {"a": {"type": "integer"}}},
]
TEXTS = (
    "",
    "red",
    '["1", 2.0, "[2.0]", [2.0], {"a": 2.0}]',
    '{"a": 2.0, "b": "{}"}',
    '{"a": {"a": 2.0}}',
    '{"a": "[]"}',
)
COLUMN = [None, Decimal("2.0"), [Decimal("2.0"), "{}"], {"a": Decimal("2.0")}, *TEXTS]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("kinds", [["array", "null"], ["object"], ["array", "object"], ["array", "integer"]])
def test_a_column_becomes_what_its_values_become(kinds: list[str], part: Any) -> None:
    for schema in ({"items": part}, {"properties": {"a": part}}, {"anyOf": [{"items": part}]}):
        said = {"type": kinds, **schema}
        assert repr(adapted_column(COLUMN, said)) == repr([adapted_value(value, said) for value in COLUMN])
