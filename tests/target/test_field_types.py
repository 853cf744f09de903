"""The target sees in every value the type that the sandbox sees in it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from iterable_api.http.client import IterableClient
from iterable_sandbox.rules.field_types import type_of as seen_by_sandbox
from target_iterable.core.operation import Endpoint, Operation
from target_iterable.field_types.coercion import FieldCoercion
from target_iterable.field_types.inference import is_date, leaves, type_of
from target_iterable.field_types.registry import USERS, FieldTypes, event_scope
from target_iterable.requests.bulk_response import all_written

point = st.fixed_dictionaries({"lat": st.integers() | st.floats() | st.text(), "lon": st.floats()})
texts = st.text() | st.from_regex(
    r"20\d\d-[01]\d-[0-3]\d([ T][0-2]\d:[0-5]\d:[0-5]\d(\.\d{1,4})?( ?(Z|[+-]\d\d:?\d\d))?)?", fullmatch=True
)
values = texts | st.integers() | st.floats() | st.booleans() | point | st.dictionaries(st.text(), st.integers())


@given(st.sampled_from(["home", "home_geo_location"]), values)
def test_a_value_has_the_type_that_the_sandbox_gives_its_field(name: str, value: Any) -> None:
    assert type_of(name, value) == seen_by_sandbox(name, value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-11-25", True),
        ("2024-11-25 13:37:19", True),
        ("2024-11-25 13:37:19 +00:00", True),
        ("2024-11-25T13:37:19.000Z", True),
        ("2024-11-25T13:37:19Z", False),
        ("2020-04-13 14:04:09.000", False),
        ("2024-02-30", False),
        ("2024", False),
    ],
)
def test_four_spellings_are_dates(text: str, expected: bool) -> None:  # noqa: FBT001 (an expectation)
    assert is_date(text) is expected


kept = st.sampled_from(["string", "keyword", "date", "long", "double", "boolean", "object", "geo_location", "odd"])
exact_values = st.recursive(
    texts | st.integers() | st.decimals(allow_nan=False) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)


@given(
    st.sampled_from([USERS, event_scope("seen")]),
    st.dictionaries(st.sampled_from(["a", "b", "a.a", "a.b", "b.a", "c"]), kept, min_size=1),
    st.dictionaries(st.sampled_from("abc"), exact_values, max_size=3),
    st.booleans(),
)
def test_what_fits_at_a_glance_fits_and_stays_as_it_is(scope: str, kept: Any, fields: Any, coerce: Any) -> None:
    known = FieldCoercion(IterableClient("key"), coerce=coerce)
    known.types.set_types(scope, kept)
    if known.types.all_valid(scope, fields):
        slowly = FieldTypes()
        slowly.set_types(scope, kept)
        slowly.all_valid = lambda *_: False  # type: ignore[method-assign]
        row = Operation(Endpoint("/", "users", all_written), b"", (), type_scope=scope, fields=fields)
        assert slowly.has_clash(row) is None
        slowly.log_new_fields()
        known.types = slowly
        assert known.coerced(scope, fields) == fields


def test_leaves_are_found_at_any_depth_and_null_is_none() -> None:
    fields = {"a": {"b": [1, [2.5, None]], "c": None}, "d": [{"e": "x"}]}
    assert sorted(leaves(fields)) == [
        ("a", "object"),
        ("a.b", "double"),
        ("a.b", "long"),
        ("d", "object"),
        ("d.e", "string"),
    ]


def test_a_place_on_the_map_is_one_field() -> None:
    assert list(leaves({"home_geo_location": {"lat": 46.9, "lon": 7.4}})) == [("home_geo_location", "geo_location")]


@given(
    st.sampled_from([USERS, event_scope("seen")]),
    st.dictionaries(st.sampled_from(["a", "a.a", "a.b"]), kept),
    st.lists(exact_values | st.just(UNSET), max_size=5),
)
def test_what_fits_column_by_column_fits(scope: str, kept: Any, column: list[Any]) -> None:
    types = FieldTypes()
    types.set_types(scope, kept)
    unsure = types.values_to_check(scope, "a", column)
    slowly = FieldTypes()
    slowly.set_types(scope, kept)
    slowly.all_valid = lambda *_: False  # type: ignore[method-assign]
    for place, value in enumerate(column):
        if place not in unsure and value is not UNSET:
            row = Operation(Endpoint("/", "users", all_written), b"", (), type_scope=scope, fields={"a": value})
            assert slowly.has_clash(row) is None


def test_new_fields_are_noted_column_by_column(caplog: pytest.LogCaptureFixture) -> None:
    types = FieldTypes()
    assert not types.values_to_check(USERS, "new", [UNSET, "x", None])
    assert not types.values_to_check(USERS, "empty", [UNSET, None])
    with caplog.at_level("INFO", "target-iterable"):
        types.log_new_fields()
    assert "New profile fields: 'new'." in caplog.text
