"""Dates and decimals that a schema names, at any depth, become what Iterable reads as such."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_iterable.columnar.block_reader import BlockReader, InputRecord
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.records.column_mapping import ColumnMapping
from target_iterable.records.deletion_marks import DeletionMarks
from target_iterable.records.value_conversion import conversion_of
from target_iterable.schemas.schema_types import types_in
from tests.target.conftest import Project
from tests.target.loading import stream

MOMENT: Final = {"type": ["string", "null"], "format": "date-time"}
DAY: Final = {"type": "string", "format": "date"}
DECIMAL: Final = {"type": ["string", "null"], "format": "x-singer.decimal"}
TEXT: Final = {"type": "string"}
ISO: Final = "2024-11-25T13:37:19.5Z"
READ: Final = "2024-11-25 13:37:19 +00:00"


def _object(**members: Any) -> dict[str, Any]:
    return {"type": ["object", "null"], "properties": members}


def _array(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (_object(at=MOMENT, by=TEXT), {"at": ISO, "by": ISO}, {"at": READ, "by": ISO}),
        (_object(a=_object(b=_object(at=MOMENT))), {"a": {"b": {"at": ISO}}}, {"a": {"b": {"at": READ}}}),
        (_array(MOMENT), [ISO, None, 3], [READ, None, 3]),
        (_array(_object(at=MOMENT)), [{"at": ISO}, {}], [{"at": READ}, {}]),
        ({"anyOf": [_object(at=MOMENT), _array(MOMENT), {"type": "null"}]}, [ISO], [READ]),
        ({"anyOf": [MOMENT, _object(at=MOMENT)]}, {"at": ISO}, {"at": READ}),
        ({"anyOf": [MOMENT, _object(at=MOMENT)]}, ISO, READ),
        (_object(at=MOMENT), {"at": "soon"}, {"at": "soon"}),
        (_object(at=MOMENT), "not an object", "not an object"),
        (DECIMAL, "12.50", Decimal("12.50")),
        (DECIMAL, "-1E+3", Decimal(-1000)),
        (DECIMAL, "1234567890123456789012345678901234567.1", Decimal("1234567890123456789012345678901234567.1")),
        (DECIMAL, None, None),
        (DECIMAL, 5, 5),
        (_object(price=DECIMAL), {"price": "9.90"}, {"price": Decimal("9.90")}),
        (_object(price=DECIMAL), {"price": "on request"}, {"price": "on request"}),
        (_array(DECIMAL), ["1", "2.5"], [Decimal(1), Decimal("2.5")]),
        (_array([MOMENT]), [ISO], [ISO]),
        (_object(at=True), {"at": ISO}, {"at": ISO}),
    ],
)
def test_what_a_schema_calls_a_date_or_a_decimal_is_one_at_any_depth(schema: Any, value: Any, expected: Any) -> None:
    record = {"column": value}
    assert ColumnMapping({"properties": {"column": schema}}, {}).row(record) == {"column": expected}
    assert record == {"column": value}


@pytest.mark.parametrize(("schema", "code"), [(MOMENT, "invalidDate"), (DECIMAL, "invalidNumber")])
@pytest.mark.parametrize("value", ["soon", "NaN", "-Infinity", "1,5", "1e999", ""])
def test_a_column_that_holds_something_else_is_refused_without_showing_it(schema: Any, code: str, value: str) -> None:
    with pytest.raises(RecordRejectedError) as raised:
        ColumnMapping({"properties": {"column": schema}}, {}).row({"column": value})
    assert raised.value.code == code
    assert not value or value not in str(raised.value)


def test_columns_without_such_a_format_cost_nothing() -> None:
    assert conversion_of("column", _object(a=TEXT, b=_array({"type": "integer"}))) is None


def test_decimals_are_doubles_to_catalogs() -> None:
    assert types_in({("price",): DECIMAL, ("at",): MOMENT}) == {"price": "double", "at": "date"}


_SCHEMAS = st.recursive(
    st.sampled_from([MOMENT, DAY, DECIMAL, TEXT, {"type": "integer"}]),
    lambda inner: (
        st.builds(_array, inner)
        | st.dictionaries(st.sampled_from("ab"), inner, max_size=2).map(lambda members: _object(**members))
    ),
    max_leaves=5,
)
_VALUES = st.recursive(
    st.none() | st.integers(-9, 9) | st.sampled_from([ISO, "2024-11-25", "1.50", "x", ""]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=6,
)


@given(_SCHEMAS, st.lists(_VALUES, min_size=1, max_size=5))
def test_whole_columns_are_converted_as_single_records_are(schema: dict[str, Any], values: list[Any]) -> None:
    any_column = {"properties": {"column": schema}}
    reader = BlockReader(ColumnMapping(any_column, {}), None, ())
    # The decoder is told that anything may come, so that every value reaches the conversion.
    reader.expect_lines("s", {"properties": {"column": {}}}, DeletionMarks(()))
    messages = [{"type": "RECORD", "stream": "s", "record": {"column": value}} for value in values]
    typed = reader.read_lines([json.dumps(message).encode() for message in messages])
    assert len(typed.places) == len(values)
    block, places, rejects = reader.fields_of(typed)
    inputs = [InputRecord({"column": value}, {"column": value}) for value in values]
    single, single_places, single_rejects = reader.fields_of_records(inputs, is_mapped=False)
    assert ([*places], rejects) == ([*single_places], single_rejects)
    assert block.records() == single.records()


def test_the_project_has_dates_and_numbers_where_the_source_has_them(project: Project) -> None:
    ann = {
        "email": "ann@example.com",
        "address": {"since": ISO, "city": "Bern"},
        "visits": [{"at": ISO}],
        "balance": "12.50",
    }
    types: dict[str, Any] = {
        "address": _object(since=MOMENT, city=TEXT),
        "visits": _array(_object(at=MOMENT)),
        "balance": DECIMAL,
    }
    project.load(stream("users", [ann], (), **types))
    fields = project.holds.user(email="ann@example.com")
    assert fields["address"] == {"since": READ, "city": "Bern"}
    assert fields["visits"] == [{"at": READ}]
    assert fields["balance"] == 12.5
    known = project.holds.field_types()
    assert (known["address.since"], known["visits.at"], known["balance"]) == ("date", "date", "double")
