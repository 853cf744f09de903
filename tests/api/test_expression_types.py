"""Expressions of stream maps are announced with the type that they have, and keep their values."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from singer_sdk.mapper import PluginMapper

from iterable_api.plugin.expression_types import announced

TYPES = {"int": "integer", "float": "number", "str": "string", "bool": "boolean"}
CLASSES: dict[type, set[str]] = {int: {"integer", "number"}, float: {"number"}, str: {"string"}, bool: {"boolean"}}


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("int(age) >= 18", "boolean"),
        ("age >= 18", "boolean"),
        ("not name", "boolean"),
        ("age > 1 and int(age) < 5", "boolean"),
        ("age > 1 if age else None", "boolean"),
        ("None if age else age > 1", "string"),
        ("int(age) / 2", "number"),
        ("int(age) + 0.5", "number"),
        ("-int(age)", "integer"),
        ("2 * int(age)", "integer"),
        ("int(age) if age else None", "integer"),
        ("0 if age else int(age)", "integer"),
        ("5 or None", "integer"),
        ("str(age) == '5'", "boolean"),
        ("str(age) + 'x'", "string"),
        ("float(age)", "number"),
        ("'x' if age > 1 else 'y'", "string"),
        ("True", "boolean"),
        # What follows is not known without a record, so it is what the SDK makes of it.
        ("age", "integer"),
        ("age * 2", "string"),
        ("int(age) if age else name", "integer"),
        ("md5(name)", "string"),
        ("name or 'none'", "string"),
    ],
)
def test_the_type_of_an_expression_is_announced(expression: str, kind: str) -> None:
    schema, _ = mapped(announced(expression), {"age": 7, "name": "Ann"})
    assert kind in schema["type"]


@pytest.mark.parametrize("expression", ["x y", "(", "", "é(", "lambda: 1", "a\0b"])
def test_what_is_no_expression_is_left_to_the_sdk(expression: str) -> None:
    assert announced(expression) == expression


def atoms() -> st.SearchStrategy[str]:
    plain = ["1", "0", "2.5", "'t'", "''", "True", "False", "None", "age", "name", "int(age)", "float(age)", "str(age)"]
    return st.sampled_from([*plain, "bool(name)", "int(2.5)", "len(name)"])


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = ["+", "-", "*", "/", "//", "%", ">=", "==", "!=", "and", "or", "in"]
    pairs = st.tuples(inner, st.sampled_from(operators), inner).map("({0[0]}) {0[1]} ({0[2]})".format)
    choices = st.tuples(inner, inner, inner).map("({0[0]}) if ({0[1]}) else ({0[2]})".format)
    return pairs | choices | inner.map("not ({})".format) | inner.map("-({})".format) | inner.map("({})".format)


@given(st.recursive(atoms(), larger, max_leaves=5))
def test_values_stay_and_keep_to_what_is_announced_where_the_type_is_known(expression: str) -> None:
    record = {"age": 7, "name": "Ann"}
    said, expected = mapped(expression, record)
    schema, value = mapped(announced(expression), record)
    assert repr(value) == repr(expected)
    changed = announced(expression) != expression
    if changed and schema["type"] != said["type"] and value is not None and not isinstance(value, type):
        assert CLASSES[type(value)] & set(schema["type"])


def mapped(expression: str, record: dict[str, Any]) -> tuple[Any, Any]:
    """What the SDK announces for a column with this expression, and its value, or the class of the error."""
    columns = {"age": {"type": ["integer", "null"]}, "name": {"type": ["string", "null"]}}
    mapper = PluginMapper({"stream_maps": {"users": {"out": expression}}}, logging.getLogger("mapper"))
    mapper.register_raw_stream_schema("users", {"type": "object", "properties": columns}, [])
    [stream_map] = mapper.stream_maps["users"]
    try:
        transformed = stream_map.transform(dict(record))
    except Exception as error:  # noqa: BLE001 (whatever the expression raises)
        return stream_map.transformed_schema["properties"]["out"], type(error)
    return stream_map.transformed_schema["properties"]["out"], (transformed or {})["out"]
