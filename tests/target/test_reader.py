"""Lines of the input, read the quick way and by Python's own parser."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from singer_sdk.exceptions import InvalidInputLine

from target_iterable.singer_reader import SingerReader

NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8")) | st.sampled_from(["\ud800", "\udc00\ud800", "\x7f\u2028"])
VALUES = st.recursive(
    NUMBERS | TEXTS.map(json.dumps) | st.sampled_from(["null", "true", "false", "NaN", "Infinity", "-0.0"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.lists(st.tuples(st.sampled_from("ab"), inner), max_size=3).map(
            lambda members: "{" + ", ".join(f'"{name}": {value}' for name, value in members) + "}"
        )
    ),
    max_leaves=6,
)


@given(VALUES, st.booleans())
def test_a_line_means_what_pythons_parser_says(value: str, as_bytes: Any) -> None:
    line = f'{{"type": "RECORD", "record": {{"x": {value}}}}}\n'
    expected = json.loads(line, parse_float=Decimal)
    assert repr(SingerReader().deserialize_json(line.encode() if as_bytes else line)) == repr(expected)


@pytest.mark.parametrize(("value", "is_exact"), [("1.10", True), ("NaN", False), ('"\\ud800"', False), ("-0.0", True)])
def test_what_iterable_cannot_take_is_known_from_the_line(value: str, is_exact: bool) -> None:  # noqa: FBT001 (expected)
    reader = SingerReader()
    reader.deserialize_json(f'{{"x": {value}}}')
    assert reader.is_exact is is_exact


@pytest.mark.parametrize("line", [b"", b"ann@example.com\n", b'{"x": 01}', b'["ann"]', b'{"x": "\xff"}', '{"x": 1'])
def test_a_line_that_is_no_object_is_refused_without_showing_it(line: Any) -> None:
    with pytest.raises(InvalidInputLine) as raised:
        SingerReader().deserialize_json(line)
    assert "ann" not in str(raised.value)
