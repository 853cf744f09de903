import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from iterable_api.facts.data_types import DATA_TYPES, USER, DataType
from tap_iterable.records.record_shape import RecordShape
from tap_iterable.schemas.event_schemas import event_schema, user_schema

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "name": {"type": ["string", "null"]},
        "size": {"type": ["integer", "null"]},
        "price": {"type": ["number", "null"]},
        "open": {"type": ["boolean", "null"]},
        "at": {"type": ["string", "null"], "format": "date-time"},
        "data": {"type": ["object", "null"]},
        "ids": {"type": ["array", "null"], "items": {"type": ["integer", "null"]}},
        "things": {"type": ["object", "array", "null"]},
        "dataFields": {"type": ["object"]},
    },
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from([*SCHEMA["properties"], "other", "Name"]) | st.text(max_size=5)  # type: ignore[misc]


@given(st.dictionaries(NAMES, JSON, max_size=10))
def test_whatever_comes_the_record_fits_its_schema(fields: dict[str, Any]) -> None:
    record = RecordShape(SCHEMA).record(fields)
    Draft7Validator(SCHEMA).validate(record)
    json.dumps(record, allow_nan=False)


@given(st.dictionaries(NAMES, JSON, max_size=10))
def test_no_field_is_lost_whatever_its_name_and_type(fields: dict[str, Any]) -> None:
    record = RecordShape(SCHEMA).record(fields)
    inner = fields.get("dataFields")
    names = set(fields) - {"dataFields"} | (set(inner) if isinstance(inner, dict) else set())
    kept = set(record) - {"dataFields"} | {name.removeprefix("dataFields.") for name in record["dataFields"]}
    assert names <= kept


@pytest.mark.parametrize(
    ("name", "sent", "kept"),
    [
        ("at", "2025-03-04 16:25:55 +00:00", "2025-03-04T16:25:55.000000+00:00"),
        ("at", "2025-12-19T22:43:34.134105.000Z", "2025-12-19T22:43:34.134105+00:00"),
        ("at", 1674142638148, "2023-01-19T15:37:18.148000+00:00"),
        ("name", 88, "88"),
        ("size", 3.0, 3),
        ("data", '{"a": {"b": 1}}', {"a": {"b": 1}}),
        ("data", '{"a": [1e400, -1e400, NaN]}', {"a": ["1e400", "-1e400", "NaN"]}),
        ("things", [{"token": "t"}], [{"token": "t"}]),
        ("ids", [1, 2], [1, 2]),
        ("ids", None, None),
    ],
)
def test_values_take_the_form_that_the_schema_says(name: str, sent: object, kept: object) -> None:
    assert RecordShape(SCHEMA).record({name: sent}) == {name: kept, "dataFields": {}}


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("at", "2016-11-29"),
        ("at", "soon"),
        ("at", 10**30),
        ("at", " " * 64 + "2025-03-04 16:25:55 +00:00"),
        ("name", ["a"]),
        ("size", "3"),
        ("size", 2**63),
        ("size", True),
        ("price", "NaN"),
        ("open", 1),
        ("data", "{broken"),
        ("data", '{"a":' * 2000 + "1" + "}" * 2000),
        ("data", "text"),
        ("ids", [1, "2"]),
        ("things", "text"),
        ("unknown", {"any": [1]}),
    ],
)
def test_values_of_another_type_stay_as_they_came_in_data_fields(name: str, sent: object) -> None:
    assert RecordShape(SCHEMA).record({name: sent}) == {"dataFields": {name: sent}}


def test_an_object_data_fields_of_iterables_own_is_not_wrapped_again() -> None:
    assert RecordShape(SCHEMA).record({"dataFields": {"a": 1}, "b": 2}) == {"dataFields": {"a": 1, "b": 2}}
    assert RecordShape(SCHEMA).record({"dataFields": {"a": 1}, "a": 2}) == {"dataFields": {"dataFields.a": 1, "a": 2}}


@pytest.mark.parametrize("data_type", DATA_TYPES, ids=lambda data_type: data_type.name)
def test_every_data_type_makes_a_valid_schema_with_its_replication_key(data_type: DataType) -> None:
    schema = user_schema(data_type) if data_type is USER else event_schema(data_type)
    Draft7Validator.check_schema(schema)
    assert schema["properties"][data_type.range_field]["format"] == "date-time"
    RecordShape(schema)
