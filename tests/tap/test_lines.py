import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_iterable.records.line_parsing import MalformedLineError, fields_of, nested, record_id

KEYS = st.text("ab.", min_size=1, max_size=4)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)
FIELDS = st.dictionaries(KEYS, VALUES, max_size=6)


@given(FIELDS.flatmap(lambda fields: st.tuples(st.just(fields), st.permutations(list(fields.items())))))
def test_the_id_of_a_row_does_not_depend_on_the_order_of_its_keys(
    case: tuple[dict[str, object], list[tuple[str, object]]],
) -> None:
    fields, shuffled = case
    assert record_id("emailOpen", fields) == record_id("emailOpen", dict(shuffled))


@given(FIELDS, FIELDS)
def test_rows_that_differ_have_different_ids(one: dict[str, object], other: dict[str, object]) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (record_id("emailOpen", one) == record_id("emailOpen", other)) is same


def test_the_same_fields_are_another_row_in_another_data_type() -> None:
    assert record_id("emailOpen", {"a": 1}) != record_id("emailClick", {"a": 1})


def _leaves(value: object) -> list[object]:
    if isinstance(value, dict) and value:
        return [leaf for inner in value.values() for leaf in _leaves(inner)]
    return [value]


@given(FIELDS)
def test_nesting_keeps_every_value_whatever_collides(fields: dict[str, object]) -> None:
    before = [leaf for value in fields.values() for leaf in _leaves(value)]
    after = _leaves(nested(fields))
    for leaf in before:
        # An empty object may have been filled by dotted keys; nothing else may vanish.
        assert leaf == {} or json.dumps(leaf) in [json.dumps(kept) for kept in after]


@given(FIELDS)
def test_nesting_leaves_the_line_as_it_was(fields: dict[str, object]) -> None:
    copy = json.loads(json.dumps(fields))
    nested(fields)
    assert fields == copy


def test_dotted_keys_become_objects_again() -> None:
    fields = {"itblInternal.emailDomain": "example.com", "itblInternal.phone.country": "US", "email": "a@example.com"}
    assert nested(fields) == {
        "email": "a@example.com",
        "itblInternal": {"emailDomain": "example.com", "phone": {"country": "US"}},
    }


def test_a_dotted_key_whose_place_is_taken_keeps_its_dots() -> None:
    assert nested({"a": 1, "a.b": 2}) == {"a": 1, "a.b": 2}
    assert nested({"a": {"b": 1}, "a.b": 2}) == {"a": {"b": 1}, "a.b": 2}
    assert nested({".": 1, "a..b": 2, "a.": 3}) == {".": 1, "a..b": 2, "a.": 3}


@pytest.mark.parametrize("line", [b"", b"{", b"[1]", b'"text"', b"null", b"\xff\xfe", b"<html>", b"[" * 100_000])
def test_what_is_not_one_json_object_is_malformed(line: bytes) -> None:
    with pytest.raises(MalformedLineError):
        fields_of(line)


def test_numbers_that_json_does_not_have_become_text_and_huge_ones_stay_exact() -> None:
    fields = fields_of(b'{"a": NaN, "b": -Infinity, "c": 123456789012345678901234567890}')
    assert fields == {"a": "NaN", "b": "-Infinity", "c": 123456789012345678901234567890}
