"""The key that an export row and a webhook of the same event have in common."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from iterable_api.facts.data_types import DATA_TYPES
from iterable_api.facts.event_keys import EVENT_KEYS
from tap_iterable.records.event_key import EventKeyMaker

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
