"""Decoding agrees with Python's `json`, and encoded values decode to themselves, with and without msgspec."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from iterable_sandbox.wire.json_text import from_json, from_own_json, to_json, to_json_lines

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
@example({"a": 1e16, "b": [1e-5, -1.5e-7], "c": 123456789012345680.0})
@example(1e22)
@example({"hex": "1e16", "end": "e1}", "none": None})
@example(2**70)
def test_values_read_back_as_they_were_written(value: Any) -> None:
    text = to_json(value)
    assert from_own_json(text) == from_json(text.encode()) == json.loads(text) == value
    assert not re.search(r"[\[{,:] | [\]},:]", re.sub(r'"(?:[^"\\]|\\.)*"', '""', text))


@given(st.lists(VALUES))
@example([{"a": 1e16}, {"b": None}, {"c": "x\ny"}])
@example(["\ud800", 1, [math.nan]])
@example([2**70, 1])
def test_many_values_are_written_as_one_by_one(values: list[Any]) -> None:
    assert to_json_lines(values) == [to_json(value) for value in values]


def test_what_no_json_can_hold_is_written_all_the_same() -> None:
    assert to_json([math.nan, math.inf]) == "[null,null]"
    assert to_json("\ud800") == '"\ud800"'


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (rb'"\ud83d\ude00"', "\U0001f600"),
        (rb'["\ud800", "\udc00x"]', ["?", "?x"]),
        (b'"\xed\xa0\x80"', "\ud800"),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ('{"a": "ü"}'.encode("utf-16"), {"a": "ü"}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b"[-0, 1e2, 18446744073709551616]", [0, 100.0, 2**64]),
    ],
)
def test_bodies_that_decoders_may_read_in_two_ways(body: bytes, value: Any) -> None:
    assert from_json(body) == value


@pytest.mark.parametrize("body", [b"NaN", b"[1e400]", b"-Infinity", b"[1,]", b'"\x01"', b"01", b"1 2", b"[" * 100_000])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_json(body)
