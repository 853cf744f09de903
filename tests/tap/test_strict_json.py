"""A JSON text has the same value, whichever of both readers takes it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_iterable.records.strict_json import exact_loads, loads

NUMBERS = ["NaN", "-Infinity", "1e400", "-1E999", "1e16", "5e-324", "-0", "-0.0", "01", "1.", ".5", "+1", "1" * 30]
NUMBERS += ["-9223372036854775809", "18446744073709551616", "1" * 400, "1" * 5000, "1E5", "1.7976931348623157e308"]
TEXTS = ['"\\ud800"', '"\\ud83d\\ude00"', '"\x01"', '"\x7f"', '"\\x"', '"\u2028"', '"\t"', '"\ud800"', '"\\u0000"']
OBJECTS = ['{"a":1,"a":2}', '{"\\u0061":1,"a":2}', "[1,]", "{}x", "\ufeff{}", " {} \n", "{}\x0b", "tru", "", "[" * 3000]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


def _read(reader: Any, text: str | bytes) -> str:
    try:
        return repr(reader(text))
    except ValueError:
        return "refused"


@pytest.mark.parametrize("text", [*NUMBERS, *TEXTS, *OBJECTS])
def test_odd_texts_are_read_alike(text: str) -> None:
    for given_text in (text, f'{{"a":{text}}}'):
        assert _read(loads, given_text) == _read(exact_loads, given_text)
        if given_text.isascii():
            assert _read(loads, given_text.encode()) == _read(exact_loads, given_text.encode())


@given(VALUES, st.booleans())
def test_what_was_written_as_json_is_read_alike(value: Any, is_ascii: bool) -> None:  # noqa: FBT001 (drawn)
    text = json.dumps(value, ensure_ascii=is_ascii)
    assert _read(loads, text) == _read(exact_loads, text)


@given(st.text('{}[]",:0123456789.eE+-tfn\\u \n', max_size=12))
def test_texts_that_hardly_are_json_are_read_alike(text: str) -> None:
    assert _read(loads, text) == _read(exact_loads, text)
