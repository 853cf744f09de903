"""The cost of a schema, counted in calls, since time depends on the machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from singer_sdk.exceptions import InvalidInputLine

from target_iterable.columnar.block_reader import BlockReader
from target_iterable.columnar.record_decoder import RecordType
from target_iterable.core.operation import Endpoint, Operation
from target_iterable.field_types.assumed_types import learn_from
from target_iterable.field_types.registry import USERS, FieldTypes
from target_iterable.records.column_mapping import ColumnMapping
from target_iterable.records.deletion_marks import DeletionMarks
from target_iterable.requests.bulk_response import named_failures
from target_iterable.schemas.validation import RecordValidator
from tests.target.conftest import Project
from tests.target.loading import stream
from tests.target.validity import is_valid


def calls(run: Callable[[], object]) -> int:
    """How many functions `run` calls."""
    count = 0

    def profile(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        run()
    finally:
        sys.setprofile(before)
    return count


def wide(columns: int) -> dict[str, Any]:
    kinds: list[dict[str, Any]] = [
        {"type": ["null", "string"], "maxLength": 20},
        {"type": "integer"},
        {"enum": ["a", "b"]},
    ]
    return {"type": "object", "properties": {f"c{n}": kinds[n % 3] for n in range(columns)}}


def listing(values: int) -> dict[str, Any]:
    return {"type": "object", "properties": {"c": {"type": "string", "enum": [f"v{n}" for n in range(values)]}}}


def prepare(schema: dict[str, Any]) -> None:
    RecordValidator(schema)
    RecordType("s", schema, ())


def test_a_further_column_costs_little() -> None:
    prepare(wide(3))
    assert calls(lambda: prepare(wide(400))) - calls(lambda: prepare(wide(200))) < 200 * 200


def test_a_further_value_of_an_enum_costs_little() -> None:
    prepare(listing(3))
    assert calls(lambda: prepare(listing(2000))) - calls(lambda: prepare(listing(1000))) < 1000 * 40


def test_a_record_is_looked_up_in_an_enum_of_any_length() -> None:
    counts = []
    for values in (10, 5000):
        validator = RecordValidator(listing(values))
        counts.append(calls(lambda: validator.refuse_if_invalid({"c": "v9"})))  # noqa: B023 (called at once)
    assert counts[0] == counts[1] < 20


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"enum": ["a", None]}, None, True),
        ({"enum": ["a", "b"]}, "b", True),
        ({"enum": ["a", "b"]}, "c", False),
        ({"enum": ["a", "b"]}, ["a"], False),
        ({"enum": ["a", "b"], "type": ["string", "null"]}, None, False),
        ({"enum": ["a", 1], "type": "string"}, 1, False),
        ({"enum": ["a", 1]}, 1, True),
        ({"enum": [True, "a"]}, 1, False),
        ({"enum": [1, 2]}, 1, True),
        ({"enum": ["a"], "maxLength": 0}, "a", False),
        ({"enum": [{"a": 1}]}, {"a": 1}, True),
    ],
)
def test_an_enum_allows_what_it_lists(schema: dict[str, Any], value: Any, expected: bool) -> None:  # noqa: FBT001 (expected)
    assert is_valid({"properties": {"c": schema}}, {"c": value}) is expected


def test_records_of_both_ways_keep_to_an_enum(project: Project) -> None:
    rows = [{"email": f"{n}@example.com", "plan": plan} for n, plan in enumerate(["free", "paid", "gone", 5, None])]
    plan = {"type": ["string", "null"], "enum": ["free", "paid", None]}
    counts = project.load(stream("users", rows, email={"type": "string"}, plan=plan))["users"]
    assert (counts["written"], counts["reasons"]) == (3, {"invalidRecord": 2})


def test_a_wrong_column_among_alike_ones_is_found() -> None:
    schema = wide(300)
    schema["properties"]["odd"] = {"type": "text"}
    with pytest.raises(InvalidInputLine, match=r"at \$\.properties\.odd\.type"):
        RecordValidator(schema)


def test_a_thousand_columns_work(project: Project) -> None:
    schema = wide(1000)["properties"]
    row = {"email": "a@example.com", "c0": "x", "c1": 5, "c2": "b"}
    summary = project.load(stream("users", [row, {**row, "c2": "c"}], email={}, **schema), on_reject="continue")
    assert (summary["users"]["written"], summary["users"]["rejected"]) == (1, 1)


def dates(columns: int) -> dict[str, Any]:
    return {"properties": {f"c{n}": {"type": ["string", "null"], "format": "date-time"} for n in range(columns)}}


def test_a_record_is_mapped_and_checked_by_its_own_columns_however_many_the_stream_has() -> None:
    counts = []
    for columns in (10, 2000):
        record = {"c3": "2026-09-01T10:00:00Z", "c7": None}
        mapping, listed = ColumnMapping(dates(columns), {}), {"type": ["string", "null"], "enum": ["x", None]}
        validator = RecordValidator({"properties": {f"c{n}": listed for n in range(columns)}})
        assert mapping.row(record) == {"c3": "2026-09-01 10:00:00 +00:00", "c7": None}
        _ = mapping.moves  # as at the beginning of a stream: all of its columns are known
        counts.append(calls(lambda: [mapping.row(record), validator.is_valid_by_class({"c3": "x"})]))  # noqa: B023
    assert counts[0] == counts[1] < 40


def test_the_first_of_several_dates_that_are_none_is_why_a_record_is_rejected() -> None:
    mapping = ColumnMapping(dates(300), {})
    _ = mapping.moves
    with pytest.raises(Exception, match="'c20'"):
        mapping.row({f"c{n}": "never" for n in (290, 110, 20, 70)})


def test_records_with_few_of_many_columns_are_read_by_their_own_columns() -> None:
    schema = {"type": "object", "properties": {f"c{n}": {"type": "string"} for n in range(200)}}
    records = ({"c3": "x"}, {f"c{n}": "x" for n in range(150)})
    few, many = (json.dumps({"type": "RECORD", "stream": "s", "record": record}).encode() for record in records)
    for lines, expected in (([few] * 4, 0), ([many] * 4, 4)):
        reader = BlockReader(ColumnMapping(schema, {}), None, ())
        reader.expect_lines("s", schema, DeletionMarks(schema["properties"]))
        assert [len(reader.read_lines(lines).places) for _ in range(2)] == [4, expected]


def test_a_column_that_no_schema_names_is_mapped_for_less_than_one_that_it_names() -> None:
    schema = {"properties": {f"c{n}": {"type": "string"} for n in range(100)}}
    mapping = ColumnMapping(schema, {})
    named, unnamed = (calls(lambda: mapping.row({f"{it}{n}": "x" for n in range(100)})) for it in "cd")  # noqa: B023
    assert unnamed < named / 2


def test_a_new_field_is_learnt_at_the_same_cost_however_many_are_new() -> None:
    def learning(fields: int) -> int:
        parts = [b'{"dataFields":{"f%d":%d}}' % (n, n) for n in range(fields)]
        rows = [Operation(Endpoint("/", "users", named_failures), part, (), type_scope=USERS) for part in parts]
        types = FieldTypes()
        count = calls(lambda: learn_from(types, rows, {f"f{n}" for n in range(fields)}, {}))
        assert types.types_of(USERS) == {f"f{n}": "long" for n in range(fields)}
        return count

    assert learning(800) < 4.5 * learning(200)
