"""The key that an export row and a webhook of the same event have in common."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from iterable_api.events.event_key import EventKeyMaker
from iterable_api.facts.data_types import DATA_TYPES, DataType
from iterable_api.facts.event_keys import EVENT_KEYS
from iterable_webhooks.store.events import Position, StoredEvent
from tap_iterable.records.line_decoding import EventLineDecoder
from tap_iterable.records.record_shape import RecordShape
from tap_iterable.records.webhook_rows import WebhookDecoder
from tap_iterable.schemas.event_schemas import event_schema
from tap_iterable.schemas.webhook_schemas import webhook_schema
from tap_iterable.stream_types.batched_stream import as_dict

AT = "2026-08-14T00:02:11Z"
OPEN = {"messageId": "m1", "createdAt": AT, "ip": "192.0.2.1", "userAgent": "Mail", "email": "ann@example.com"}
SUBSCRIBE = {"email": "ann@example.com", "createdAt": AT, "signupSource": "API", "emailListIds": [3, 1]}


def key(data_type: str, **fields: Any) -> str:
    return EventKeyMaker(data_type).key(fields)


def test_every_key_is_of_a_data_type_and_of_fields_that_its_rows_have() -> None:
    types = {data_type.name: data_type for data_type in DATA_TYPES}
    for name, (of_message, of_user) in EVENT_KEYS.items():
        assert {*of_message, *of_user} <= types[name].fields.keys(), name
        assert not of_message or of_message[0] == "messageId"


@pytest.mark.parametrize("field", ["messageId", "createdAt", "ip", "userAgent"])
def test_events_that_differ_in_a_field_of_the_key_have_different_keys(field: str) -> None:
    assert key("emailOpen", **OPEN) != key("emailOpen", **OPEN | {field: "other"})


def test_the_user_is_not_part_of_the_key_where_the_message_tells_it() -> None:
    assert key("emailOpen", **OPEN) == key("emailOpen", **OPEN | {"email": None, "userId": "u1"})


def test_absent_null_and_empty_are_the_same() -> None:
    bare = {"messageId": "m1", "createdAt": AT}
    assert len({key("emailOpen", **bare, **more) for more in ({}, {"ip": None}, {"ip": ""}, {"ip": UNSET})}) == 1
    assert key("emailSubscribe", **SUBSCRIBE) == key("emailSubscribe", **SUBSCRIBE, channelIds=[])


def test_the_order_of_ids_and_the_case_of_an_address_do_not_matter() -> None:
    other = SUBSCRIBE | {"emailListIds": [1, 3], "email": " Ann@Example.com"}
    assert key("emailSubscribe", **SUBSCRIBE) == key("emailSubscribe", **other)


def test_a_placeholder_address_is_no_address() -> None:
    by_id = {"userId": "u1", "createdAt": AT}
    assert key("emailSubscribe", **by_id) == key("emailSubscribe", **by_id, email="u1@placeholder.email")
    assert key("emailSubscribe", **by_id) != key("emailSubscribe", createdAt=AT, userId="u2")


def test_an_event_without_its_message_is_known_by_user_and_campaign() -> None:
    old = {"email": "ann@example.com", "campaignId": 1, "createdAt": AT}
    assert key("pushOpen", **old) == key("pushOpen", **old, messageId="")
    assert key("pushOpen", **old) != key("pushOpen", **old | {"email": "bob@example.com"})
    assert key("pushOpen", **old) != key("pushOpen", **old, messageId="m1")


@given(
    st.sampled_from(sorted(EVENT_KEYS)),
    st.lists(
        st.dictionaries(
            st.sampled_from(["messageId", "createdAt", "email", "userId", "url", "ip", "emailListIds"]),
            st.none() | st.just("") | st.text("ab@", max_size=3) | st.lists(st.integers(0, 3), max_size=2),
        ),
        max_size=4,
    ),
)
def test_many_rows_have_the_keys_that_each_has_by_itself(data_type: str, rows: list[dict[str, Any]]) -> None:
    maker = EventKeyMaker(data_type)
    together = maker.keys(lambda name: [row.get(name, UNSET) for row in rows], len(rows))
    assert together == [maker.key(row) for row in rows]


TEXTS = st.none() | st.sampled_from(["", "1", "m1", AT, "2026-08-14 00:02:11 +00:00", "a@placeholder.email"])
VALUES = (
    TEXTS | st.integers(-1, 3) | st.booleans() | st.lists(st.integers(0, 3) | st.none(), max_size=2) | st.just({"a": 1})
)


@st.composite
def sent(draw: st.DrawFn) -> tuple[DataType, dict[str, Any]]:
    """A data type and fields of its key, as Iterable may send them."""
    name = draw(st.sampled_from(sorted(EVENT_KEYS)))
    (data_type,) = (one for one in DATA_TYPES if one.name == name)
    names = {*EVENT_KEYS[name].of_message, *EVENT_KEYS[name].of_user, "email", "userId"}
    return data_type, draw(st.fixed_dictionaries({}, optional=dict.fromkeys(sorted(names), VALUES)))


@given(sent())
def test_a_line_as_it_is_sent_has_the_key_of_its_record(line: tuple[DataType, dict[str, Any]]) -> None:
    data_type, fields = line
    rows = EventLineDecoder(RecordShape(event_schema(data_type)), data_type.name)
    (record,) = rows.records([json.dumps({"eventName": "x", **fields}).encode()], [])
    assert EventKeyMaker(data_type.name).key_of_fields(fields) == as_dict(record)["eventKey"]


@given(sent())
def test_a_webhook_as_it_is_sent_has_the_key_of_its_record(webhook: tuple[DataType, dict[str, Any]]) -> None:
    data_type, fields = webhook
    body = {"email": fields.get("email"), "eventName": data_type.name, "dataFields": fields}
    event = StoredEvent(Position(1), datetime.now(UTC), "shop", data_type.name, json.dumps(body).encode())
    record = WebhookDecoder(webhook_schema(data_type), data_type.name).record(event)
    assert EventKeyMaker(data_type.name).key_of_webhook(body) == record["eventKey"]


def test_a_line_of_every_data_type_has_a_key() -> None:
    for data_type in DATA_TYPES:
        if data_type.name in EVENT_KEYS:
            odd: list[bytes] = []
            rows = EventLineDecoder(RecordShape(event_schema(data_type)), data_type.name)
            (record,) = rows.records([b'{"createdAt": "2026-08-14 00:02:11 +00:00"}'], odd)
            assert len(as_dict(record)["eventKey"]) == 32, data_type.name
