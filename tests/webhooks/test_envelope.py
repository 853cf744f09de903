"""Which bodies are JSON objects, and which names they have."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterable_webhooks.ingest.envelope import MalformedBodyError, event_name
from iterable_webhooks.store.events import NO_NAME

ANY_TEXT = st.text(st.characters(), max_size=20) | st.just("\ud83d")
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ANY_TEXT
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner), max_leaves=10)


@given(st.dictionaries(ANY_TEXT, VALUES), VALUES, st.booleans())
def test_every_json_object_is_one_and_its_name_is_a_short_printable_text(
    body: dict[str, Any],
    name: Any,
    named: bool,  # noqa: FBT001 (hypothesis gives it)
) -> None:
    if named:
        body["eventName"] = name
    usable = isinstance(body.get("eventName"), str) and body["eventName"].isprintable()
    expected = body["eventName"] if usable else NO_NAME
    assert event_name(json.dumps(body).encode()) == expected


@given(VALUES.filter(lambda value: not isinstance(value, dict)))
def test_no_other_json_value_is_an_object(value: Any) -> None:
    with pytest.raises(MalformedBodyError):
        event_name(json.dumps(value).encode())


@given(st.binary(max_size=200))
def test_any_bytes_have_a_name_or_are_malformed_in_words_without_a_part_of_them(body: bytes) -> None:
    assert _said(body) in {"", "not UTF-8", "not JSON", "JSON, and no object", "nested too deeply"}


def _said(body: bytes) -> str:
    try:
        event_name(body)
    except MalformedBodyError as error:
        return str(error)
    return ""


@given(st.dictionaries(ANY_TEXT, VALUES, min_size=1), st.data())
def test_an_object_that_is_cut_off_is_malformed(body: dict[str, Any], data: st.DataObject) -> None:
    whole = json.dumps(body).encode()
    with pytest.raises(MalformedBodyError):
        event_name(whole[: data.draw(st.integers(0, len(whole) - 1))])


@pytest.mark.parametrize("length", [255, 256])
def test_a_name_may_have_255_characters(length: int) -> None:
    name = "n" * length
    assert event_name(json.dumps({"eventName": name}).encode()) == (name if length == 255 else NO_NAME)
