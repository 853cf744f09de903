"""Columns of Parquet become what is sent without becoming values, and are what their values would be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import pyarrow as pa
import pytest

from target_iterable.batch_files.arrow_columns import values_of
from target_iterable.batch_files.arrow_json import json_texts, marked, objects
from target_iterable.batch_files.typed_columns import Moments, Scalars, Structs
from target_iterable.columnar.columns import Column, Transform, TypedColumn
from target_iterable.columnar.row_groups import Grouping, RowGroup
from target_iterable.columnar.transforms import attribute, converted, encoded, encoded_as_members
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.objects.base.event_attributes import ATTRIBUTES
from target_iterable.records.value_conversion import conversion_of

DATE_TIME: Final = {"type": ["string", "null"], "format": "date-time"}
TYPES: Final = [pa.timestamp(unit, zone) for unit in ("s", "ms", "us", "ns") for zone in (None, "UTC", "Asia/Tokyo")]
PER_SECOND: Final = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
SECONDS: Final = (0, -1, -86_400, 86_399, 951_782_400, 1_769_348_239, -2_208_988_801, 4_102_444_800)
FAR: Final = (-62_135_596_800, 253_402_300_799, 253_402_300_800)
"""The first second of the year 1, the last of the year 9999, and the first after it."""


def dates() -> Transform:
    """What makes the dates of a column that its schema calls dates."""
    conversion = conversion_of("at", DATE_TIME)
    assert conversion is not None
    return converted(conversion)


def seconds() -> Transform:
    """What makes the moments of events."""
    to_dates, to_seconds = dates(), attribute("createdAt", ATTRIBUTES["createdAt"])
    return lambda column: to_seconds(to_dates(column))


def moments(kind: pa.DataType, whole: Sequence[int]) -> pa.Array:
    """Moments with and without a fraction, and a null."""
    per_second = PER_SECOND[kind.unit]
    ticks = [second * per_second + rest for second in whole for rest in (0, per_second // 2, per_second - 1)]
    return pa.array([*ticks, None], pa.int64()).cast(kind)


@pytest.mark.parametrize("make", [dates, seconds])
@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_moments_are_sent_as_their_texts_would_be(kind: pa.DataType, make: Callable[[], Transform]) -> None:
    array = moments(kind, SECONDS)
    for part in (array, array[1:5], array[-1:], array[:0]):
        assert [*make()(Moments(part))] == [*make()(values_of(part))]


@pytest.mark.parametrize("second", FAR)
def test_moments_that_no_date_of_four_digits_names_are_sent_or_rejected_as_their_texts_are(second: int) -> None:
    array = moments(pa.timestamp("s", "UTC"), (second, 0))
    assert [*dates()(Moments(array))] == [*dates()(values_of(array))]


@pytest.mark.parametrize("make", [dates, seconds])
def test_no_moment_becomes_a_value_on_its_way_to_json(make: Callable[[], Transform]) -> None:
    given = Moments(moments(pa.timestamp("us", "UTC"), SECONDS)[:-1])
    made = make()(given)
    assert isinstance(made, TypedColumn)
    assert all(encoded(made))
    assert "values" not in vars(given)
    assert "values" not in vars(made)


@pytest.mark.parametrize("number", [*range(0x80), 0xA0, 0xE9, 0x2028, 0xFFFF, 0x1F600])
def test_each_character_of_a_text_is_escaped_as_the_encoder_does(number: int) -> None:
    texts = ["plain", f"{chr(number)}", f"a{chr(number)}b", "", None, "last"]
    array = pa.array(texts)
    for start, count in ((0, 6), (0, 1), (1, 2), (3, 3), (2, 0)):
        expected = [None if text is None else msgspec.json.encode(text) for text in texts[start : start + count]]
        assert marked(json_texts(array.slice(start, count))).to_pylist() == expected


def test_a_text_beside_those_that_are_read_does_not_make_them_slow() -> None:
    array = pa.array(['"', "plain", "\n"])
    assert json_texts(array[1:2]).mark == b'"'
    assert json_texts(array).mark == b""


@pytest.mark.parametrize("count", [1, 2, 3, 4, 1_000])
@pytest.mark.parametrize("present", [(), ("last",), ("first", "last")])
def test_objects_may_lack_their_first_members_whatever_their_number(count: int, present: tuple[str, ...]) -> None:
    texts = [None if row % 2 else "x" for row in range(count)]
    members = {name: json_texts(pa.array(texts)) for name in ("first", "second")}
    members |= {name: json_texts(pa.array(["y"] * count)) for name in present}
    given = [dict.fromkeys(("first", "second"), text) for text in texts]
    given = [row | dict.fromkeys(present, "y") for row in given]
    expected = [{name: text for name, text in row.items() if text is not None} for row in given]
    assert [msgspec.json.decode(text) for text in objects(members, count).to_pylist()] == expected


@pytest.mark.parametrize("ids", [["a-1", "b"], Scalars(pa.array(["a-1", "b"]), str), ['"', "\\"]])
def test_members_of_objects_are_their_names_and_their_values(ids: Column) -> None:
    columns: dict[str, Column] = {
        "text": Scalars(pa.array(["x", 'y"']), str),
        "count": Scalars(pa.array([1, None], pa.int64()), int),
    }
    rows: Any = Structs(columns, 2)
    made = encoded_as_members(ids, rows, 1_000)
    assert made is not None
    assert encoded_as_members(ids, rows, max(map(len, made))) == made
    assert encoded_as_members(ids, rows, max(map(len, made)) - 1) is None
    expected = [{"text": "x", "count": 1}, {"text": 'y"', "count": None}]
    assert [msgspec.json.decode(b"{%b}" % part) for part in made] == [
        {id_: row} for id_, row in zip(ids, expected, strict=True)
    ]


def test_members_whose_values_are_no_column_of_parquet_are_made_one_by_one() -> None:
    assert encoded_as_members(["a"], [{"b": 1}], 1_000) is None


def test_records_of_a_column_have_the_groups_of_their_values_and_each_text_is_asked_for_once() -> None:
    asked: list[str] = []

    def group(name: str) -> RowGroup:
        asked.append(name)
        if not name:
            raise RecordRejectedError("missingEventName", "there is no name")
        return RowGroup(event_name=name)

    texts = ["b", "a", "b", "a", "b"]
    grouping = Grouping(group)
    found = grouping.groups(5, Scalars(pa.array(texts), str))
    assert [it.event_name for it in found] == texts
    assert asked == ["b", "a"]
    odd = [*texts, "", "c"]
    assert [*grouping.groups(7, Scalars(pa.array(odd), str))] == [*grouping.groups(7, odd)]
