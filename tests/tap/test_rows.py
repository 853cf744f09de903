"""Reading lines quickly gives what reading them exactly gives."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterable_api.facts.data_types import EVENTS, USER
from tap_iterable.records import typed_line_decoder
from tap_iterable.records.line_decoding import EventLineDecoder, UserLineDecoder, blocks
from tap_iterable.records.line_parsing import MalformedLineError, fields_of, nested, record_id
from tap_iterable.records.record_shape import DATES as REMEMBERED
from tap_iterable.records.record_shape import Record, RecordShape
from tap_iterable.records.typed_line_decoder import TypedRecord
from tap_iterable.schemas.event_schemas import event_schema, user_schema
from tap_iterable.stream_types.batched_stream import as_dict

(CUSTOM,) = (data_type for data_type in EVENTS if data_type.name == "customEvent")
SHAPE = RecordShape(
    event_schema(CUSTOM) | {"properties": event_schema(CUSTOM)["properties"] | {"price": {"type": ["number"]}}}
)
READ_BEFORE = EventLineDecoder(SHAPE, CUSTOM.name)
"""Knows what earlier examples taught."""

ODD_NUMBERS = ["NaN", "-Infinity", "1e400", "1e16", "9999999999999998.0", "1e-5", "0.0001", "0.00009999", "-0.0", "1E5"]
ODD_NUMBERS += [
    "1.10",
    "0.1234567890123456789",
    "1" * 30,
    "1" * 400,
    "-9223372036854775809",
    "9223372036854775807",
    "2.0",
    "-0",
]
ODD_TEXTS = [
    '"\\ud800"',
    '"\\ud83d\\ude00"',
    '"\\u0000\\u001f\\b\\f\\n\\r\\t\\/"',
    '"\x7f"',
    '"Zürich \u2028 😀"',
    '"a\\"b"',
]
DATES = ['"2026-09-01 12:00:00 +00:00"', '"2026-09-31 12:00:00 +00:00"', '"2026-09-01 12:60:00 +00:00"', '"2026-09-01"']
NESTED = ["{}", "[]", '{"b":{"z":1,"a":[2.5,{"c":null}]}}', "[1,null,18446744073709551616]", '"{\\"x\\":1}"']
VALUES = st.sampled_from([*ODD_NUMBERS, *ODD_TEXTS, *DATES, *NESTED, "null", "true", "1", '"text"']) | st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers().map(str),
    st.text(max_size=3).map(json.dumps),
)
NAMES = st.sampled_from(
    [
        "createdAt",
        "email",
        "campaignId",
        "price",
        "itblInternal",
        "itblInternal.a",
        "itblInternal.b.c",
        "itblInternal.b",
        "recordId",
        "dataFields",
        "dataFields.a",
        "a",
        "a.b",
        "a.b.c",
        "a.",
        ".",
        "plan",
        "id",
        "é",
        "transactionalData",
        "",
    ]
)
LINES = st.lists(st.tuples(NAMES, VALUES), max_size=8).map(
    lambda members: "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in members) + "}"
)
BROKEN = [
    "",
    " ",
    "[1]",
    "null",
    "{",
    "{}{}",
    '{"a":',
    "1}",
    '{"a":1}\r',
    "\ufeff{}",
    '{"a":"\x01"}',
    '{"a":01}',
    "x" * 9,
    '{"a":{}',
    '{"a":1}}',
]


def _exactly(lines: list[bytes]) -> tuple[list[dict[str, Any]], list[bytes]]:
    records, odd = [], []
    for line in lines:
        try:
            fields = fields_of(line)
        except MalformedLineError:
            fields = {}
        if line.strip() and not _is_event(fields):
            odd.append(line)
        elif line.strip():
            records.append({**SHAPE.record(nested(fields)), "recordId": record_id(CUSTOM.name, fields)})
    return records, odd


def _is_event(fields: dict[str, Any]) -> bool:
    return any(name.split(".")[0] in SHAPE.columns for name in fields)


def _told(records: Sequence[Record | TypedRecord]) -> list[str]:
    """Tells 1 from 1.0 and from true, and 0.0 from -0.0."""
    return [json.dumps(as_dict(record), sort_keys=True) for record in records]


@given(st.lists(LINES | st.sampled_from(BROKEN), max_size=6))
def test_whatever_the_lines_hold_they_are_read_as_exactly_as_one_by_one(texts: list[str]) -> None:
    lines = "\n".join(texts).encode().split(b"\n")
    records, odd = _exactly(lines)
    fresh = EventLineDecoder(SHAPE, CUSTOM.name)
    for rows in (READ_BEFORE, fresh, fresh):
        found: list[bytes] = []
        assert _told(rows.records([line for line in lines if line.strip()], found)) == _told(records)
        assert found == odd


@pytest.mark.parametrize("value", [*ODD_NUMBERS, *ODD_TEXTS, *DATES, *NESTED])
@pytest.mark.parametrize("place", ["price", "createdAt", "plan", "a.b", "itblInternal", "email", 'plan":{"x'])
def test_each_odd_value_is_read_exactly_in_every_place(place: str, value: str) -> None:
    line = f'{{"{place}":{value},"eventName":"x"}}'.encode()
    if "{" in place:
        line += b"}"
    assert _told(READ_BEFORE.records([line], [])) == _told(_exactly([line])[0])


@pytest.mark.parametrize("line", [b"\xff\xfe{}", b'{"a":"\xff"}', b'{"a":"\xed\xa0\x80"}', b"[" * 100_000])
def test_bytes_that_are_not_text_are_odd_or_read_exactly(line: bytes) -> None:
    records, odd = _exactly([line, b'{"email":"a"}'])
    found: list[bytes] = []
    assert _told(READ_BEFORE.records([line, b'{"email":"a"}\n'], found)) == _told(records)
    assert found == odd


@pytest.mark.parametrize(
    "lines",
    [
        [b"{}{}\n", b'{"a":\n', b"1}\n"],
        [b"{}{}\n", b'{"a":{}\n', b"}\n"],
        [b'{"a":1}{"plan":\n', b'{"x":2}}\n'],
        [b"{}{}\n", b'{"a":"}\n', b'{"}\n'],
        [b"{},{}\n", b"{}\n"],
        [b"{}{}\n", b"{}"],
    ],
)
def test_lines_are_told_apart_however_their_objects_add_up(lines: list[bytes]) -> None:
    rows = EventLineDecoder(SHAPE, CUSTOM.name)
    rows.records([b'{"a":1,"plan":{"x":1}}'], [])
    records, broken = _exactly(lines)
    odd: list[bytes] = []
    assert _told(rows.records(lines, odd)) == _told(records)
    assert odd == broken


@pytest.mark.parametrize("rows", [EventLineDecoder(SHAPE, CUSTOM.name), UserLineDecoder(SHAPE, "email")])
def test_a_block_without_lines_has_no_records(rows: EventLineDecoder | UserLineDecoder) -> None:
    assert list(rows.records([], [])) == []


@pytest.mark.parametrize("line", [b'{"email":"a"}\r\n', b' {"email":"a"}\n', b'{"email":"a"} \n', b'{"email":"a"}'])
def test_blanks_around_an_object_change_nothing(line: bytes) -> None:
    records = EventLineDecoder(SHAPE, CUSTOM.name).records([b'{"email":"b"}\n', line, b'{"email":"b"}\n'], [])
    assert _told(records) == _told(_exactly([b'{"email":"b"}', b'{"email":"a"}', b'{"email":"b"}'])[0])
    assert all(isinstance(record, TypedRecord) for record in records)


@pytest.mark.parametrize("value", ["1", "1e400", '"\\ud800"'])
def test_a_line_of_any_depth_is_a_record_or_odd(value: str) -> None:
    for depth in range(850, 1000, 3):
        odd: list[bytes] = []
        line = f'{{"plan":{"[" * depth}{"]" * depth},"email":{value}}}'.encode()
        assert len(READ_BEFORE.records([line], odd)) + len(odd) == 1


LEARNT = b'{"email":"a@example.com","plan":"gold","a.b.c":1.5,"itblInternal.x":[{"z":1,"a":2}],"createdAt":"soon"}'
TYPED = b'{"email":"a@example.com","plan":"gold","a.b.c":1.5,"itblInternal.x":[{"z":1,"a":2}]}'


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        (TYPED, True),
        (b'{"itblInternal.x":null}', True),
        (b'{"email":null,"plan":null,"a.b.c":null,"campaignId":9223372036854775807}', True),
        ('{"eventName":"Zürich","plan":"\u2028\x7f","createdAt":"2026-09-01 12:00:00 +00:00"}'.encode(), True),
        (b'{"itblInternal":{"a":{"b":1}}}', True),
        (b'{"itblInternal":{"a":1},"itblInternal.x":1}', False),
        (b'{"email":true}', False),
        (b'{"userId":1}', True),
        (b'{"createdAt":"soon"}', False),
        (b'{"new":1,"email":"a"}', True),
        (b'{"campaignId":9223372036854775808}', False),
        (b'{"price":1e16}', False),
        (b'{"plan":[0.00001],"email":"a"}', False),
    ],
)
def test_a_type_that_was_learnt_reads_what_it_is_sure_of(line: bytes, typed: bool) -> None:  # noqa: FBT001 (a case)
    rows = EventLineDecoder(SHAPE, CUSTOM.name)
    rows.records([LEARNT], [])
    records = rows.records([line], [])
    assert _told(records) == _told(_exactly([line])[0])
    assert [isinstance(record, TypedRecord) for record in records] == [typed]


def test_whole_numbers_in_a_text_column_are_texts_and_their_blocks_are_read_quickly() -> None:
    rows = EventLineDecoder(SHAPE, CUSTOM.name)
    lines = [b'{"email":"a","userId":7}', b'{"userId":-1}', b'{"userId":"7"}', b'{"userId":null}', b'{"email":"a"}']
    expected = _told(_exactly(lines)[0])
    assert [json.loads(record).get("userId") for record in expected] == ["7", "-1", "7", None, None]
    for _ in range(2):
        records = rows.records(lines, [])
        assert _told(records) == expected
        assert all(isinstance(record, TypedRecord) for record in records)


@pytest.mark.parametrize("value", ["true", str(2**64), str(2**70), "1.5", "[1]"])
def test_what_is_no_ordinary_number_in_a_text_column_is_read_exactly(value: str) -> None:
    rows = EventLineDecoder(SHAPE, CUSTOM.name)
    rows.records([b'{"userId":7}'], [])
    line = f'{{"userId":{value}}}'.encode()
    assert _told(rows.records([line], [])) == _told(_exactly([line])[0])


def test_lines_with_more_fields_than_are_learnt_are_read_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typed_line_decoder, "_MAX_FIELDS", len(SHAPE.columns) + 2)
    rows = EventLineDecoder(SHAPE, CUSTOM.name)
    lines = [f'{{"field{number}":1,"a.b":2,"email":"a"}}'.encode() for number in range(5)]
    for line in lines:
        assert _told(rows.records([line], [])) == _told(_exactly([line])[0])
    typed = [isinstance(record, TypedRecord) for line in lines for record in rows.records([line], [])]
    assert typed == [True, False, False, False, False]


def test_no_type_is_tried_for_more_columns_than_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typed_line_decoder, "_MAX_FIELDS", len(SHAPE.columns) - 1)
    (record,) = EventLineDecoder(SHAPE, CUSTOM.name).records([b'{"email":"a@example.com"}'], [])
    assert not isinstance(record, TypedRecord)


def test_where_no_type_ever_fits_none_is_tried_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typed_line_decoder, "_MAX_ATTEMPTS", 3)
    rows = EventLineDecoder(SHAPE, CUSTOM.name)
    for _ in range(3):
        rows.records([b'{"email":true}'], [])
    (record,) = rows.records([b'{"email":"a"}'], [])
    assert not isinstance(record, TypedRecord)


def test_a_field_that_is_called_like_the_hash_does_not_replace_it() -> None:
    fields = {"recordId": "mine", "email": "a"}
    (record,) = map(as_dict, READ_BEFORE.records([json.dumps(fields).encode()], []))
    assert record == {
        "recordId": record_id(CUSTOM.name, fields),
        "email": "a",
        "dataFields": {"recordId": "mine"},
    }


def test_long_texts_that_are_no_moments_are_not_remembered() -> None:
    before = dict(REMEMBERED)
    (record,) = map(as_dict, READ_BEFORE.records([f'{{"createdAt":"{"x" * 65}"}}'.encode()], []))
    assert record["dataFields"] == {"createdAt": "x" * 65}
    assert before == REMEMBERED


def test_a_number_too_large_for_a_float_is_kept_as_text() -> None:
    (record,) = map(as_dict, READ_BEFORE.records([b'{"price":1e400}'], []))
    assert record["dataFields"] == {"price": "1e400"}


@pytest.mark.parametrize("line", [b"{}", b'{"plan":"gold"}', b'{"a.b":1,"plan":[1e-5]}', b'{"recordId":"x"}'])
@pytest.mark.parametrize("rows", [READ_BEFORE, EventLineDecoder(SHAPE, CUSTOM.name)])
def test_an_object_without_a_single_field_of_an_event_is_no_event(rows: EventLineDecoder, line: bytes) -> None:
    lines = [b'{"email":"a","plan":"gold"}', line, b'{"itblInternal.x":1}', b'{"createdAt":null}']
    odd: list[bytes] = []
    assert _told(rows.records(lines, odd)) == _told(_exactly([*lines[:1], *lines[2:]])[0])
    assert odd == [line]
    assert [rows.is_row(each) for each in lines] == [True, False, True, True]


@pytest.mark.parametrize("line", [b'{"firstName":"Ann"}', b'{"email":""}', b'{"email":null,"x":1e400}'])
def test_users_without_their_key_are_odd(line: bytes) -> None:
    rows = UserLineDecoder(RecordShape(user_schema(USER)), "email")
    odd: list[bytes] = []
    records = rows.records([b'{"email":"ann@example.com"}', line, b'{"email":"ben@example.com"}'], odd)
    assert [as_dict(record)["email"] for record in records] == ["ann@example.com", "ben@example.com"]
    assert odd == [line]


USERS = RecordShape(user_schema(USER))
USERS_READ_BEFORE = UserLineDecoder(USERS, "email")
USER_NAMES = st.sampled_from(
    [*USERS.columns, *(f"{name}.x" for name in USERS.columns), "plan", "recordId", "class", "f0"]
)
USER_LINES = st.dictionaries(USER_NAMES, st.sampled_from(['"text"', *DATES[:1]]) | VALUES, max_size=5).map(
    lambda members: "{" + ",".join(f'"{name}":{value}' for name, value in ({"email": '"a"'} | members).items()) + "}"
)


@given(st.lists(USER_LINES, max_size=4))
def test_users_are_read_as_exactly_as_one_by_one(texts: list[str]) -> None:
    lines = [text.encode() for text in texts]
    exactly = [USERS.record(nested(fields_of(line))) for line in lines]
    odd: list[bytes] = []
    assert _told(USERS_READ_BEFORE.records(lines, odd)) == _told([record for record in exactly if record.get("email")])
    assert odd == [line for line, record in zip(lines, exactly, strict=True) if not record.get("email")]


@given(st.lists(st.integers(0, 200_000), max_size=4), st.booleans())
def test_blocks_hold_all_lines_that_are_not_blank(lengths: list[int], ended: bool) -> None:  # noqa: FBT001 (drawn)
    lines = [b"x" * length for length in lengths]
    content = b"\n".join(lines) + (b"\n \r\n" if ended else b"")
    found = [line.rstrip(b"\n") for block in blocks(io.BytesIO(content)) for line in block]
    assert found == [line for line in lines if line]
