"""One form for values that mean the same, and for the keys of streams."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_iterable.records.key_form import KeyColumn, KeyForm
from target_iterable.records.normal_form import normal, number_text

SMALL = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30, places=12)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | SMALL
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@given(NUMBERS, NUMBERS)
def test_two_numbers_have_one_text_if_and_only_if_they_are_equal(one: Any, other: Any) -> None:
    exact = [Fraction(repr(number) if isinstance(number, float) else number) for number in (one, other)]
    assert (number_text(one) == number_text(other)) is (exact[0] == exact[1])


@pytest.mark.parametrize(
    ("spellings", "text"),
    [
        ((17, 17.0, Decimal("17.00"), Decimal("1.7E+1"), Decimal("170E-1")), "17"),
        ((0, -0.0, Decimal("0E-7"), Decimal("-0.0"), Decimal("0E+9")), "0"),
        ((2.5, Decimal("2.500"), Decimal("25E-1")), "2.5"),
        ((10**21, 1e21, Decimal("1E+21")), "1000000000000000000000"),
        ((1e-7, Decimal("0.0000001"), Decimal("0.00000010")), "0.0000001"),
        ((Decimal("1E+1000000"), Decimal("10E+999999")), "1E+1000000"),
    ],
)
def test_all_spellings_of_a_number_are_one(spellings: tuple[Any, ...], text: str) -> None:
    assert {number_text(number) for number in spellings} == {text}


def test_no_digit_of_a_long_number_is_lost() -> None:
    digits = "1" * 60
    assert number_text(Decimal(f"{digits}.{digits}E+5")) != number_text(Decimal(f"{digits}.{digits[:-1]}2E+5"))


@given(VALUES)
def test_the_normal_form_is_its_own(value: Any) -> None:
    once = normal(value)
    assert normal(once) == once


@given(st.dictionaries(st.text(max_size=3), VALUES, max_size=4), st.dictionaries(st.text(max_size=3), st.none()))
def test_null_members_and_their_order_say_nothing(value: dict[str, Any], empty: dict[str, None]) -> None:
    more = dict(reversed([*value.items(), *((name, it) for name, it in empty.items() if name not in value)]))
    assert json.dumps(normal(more)) == json.dumps(normal(value))


def test_a_text_is_itself_and_an_item_that_is_null_keeps_its_place() -> None:
    assert normal(["1.0", "1", " 1", "", None, True]) == ["1.0", "1", " 1", "", None, "true"]
    assert normal({"a": {"b": None}, "c": [{"d": None}], "e": ""}) == {"c": [{}], "e": ""}


COLUMNS = st.lists(st.text(min_size=1, max_size=3), min_size=1, max_size=4, unique=True)


@given(COLUMNS.flatmap(lambda names: st.tuples(st.permutations(names), st.just(names))), st.data())
def test_a_key_is_the_same_whatever_the_order_of_its_columns(orders: Any, data: st.DataObject) -> None:
    _, names = orders
    values = dict(zip(names, data.draw(st.lists(VALUES, min_size=len(names), max_size=len(names))), strict=True))
    keys = [KeyForm([KeyColumn(name) for name in order]).of([values[name] for name in order]) for order in orders]
    assert keys[0] == keys[1]


@pytest.mark.parametrize(
    "spellings",
    [
        ("2026-03-03T08:01:02Z", "2026-03-03 08:01:02", "2026-03-03T09:01:02.000+01:00", "2026-03-03 08:01:02 +00:00"),
        ("2026-03-03T08:01:02.5Z", "2026-03-03T08:01:02.500000+00:00"),
        ("2026-03-03T08:01:02.123456789Z", "2026-03-03T08:01:02.123456789+00:00"),
    ],
)
def test_a_date_in_a_key_is_one_in_all_spellings(spellings: tuple[str, ...]) -> None:
    form = KeyForm([KeyColumn("at", "at", is_date=True)])
    assert len({json.dumps(form.of([text])) for text in spellings}) == 1
    as_text = KeyForm([KeyColumn("at", "at")])
    assert len({json.dumps(as_text.of([text])) for text in spellings}) == len(spellings)


def test_moments_that_differ_in_the_last_digit_are_two_keys() -> None:
    form = KeyForm([KeyColumn("at", "at", is_date=True)])
    texts = ["2026-03-03T08:01:02Z", "2026-03-03T08:01:02.000000001Z", "2026-03-03T08:01:02.000000002Z", "soon"]
    assert len({json.dumps(form.of([text])) for text in texts}) == len(texts)


@pytest.mark.parametrize(
    ("column", "value", "unkept"),
    [
        (KeyColumn("n", "n"), 5, []),
        (KeyColumn("n"), 5.0, [["n", "5"]]),
        (KeyColumn("n"), None, []),
        (KeyColumn("n", "lost"), "x", [["n", "x"]]),
        (KeyColumn("at", "createdAt"), "2026-03-03T08:01:02.000Z", []),
        (KeyColumn("at", "createdAt"), "2026-03-03T08:01:02.250Z", [["at", "25"]]),
        (KeyColumn("at", "createdAt"), 1772524862, []),
        (KeyColumn("at", "createdAt"), 1772524862000, []),
        (KeyColumn("at", "createdAt"), 1772524862250, [["at", "1772524862250"]]),
        (KeyColumn("at", "seen", is_date=True), "2026-03-03T08:01:02.5Z", [["at", "5"]]),
    ],
)
def test_of_a_key_only_what_iterable_does_not_store_tells_records_apart(
    column: KeyColumn, value: Any, unkept: list[Any]
) -> None:
    assert KeyForm([column], lost=["lost"]).unstored([value]) == unkept
