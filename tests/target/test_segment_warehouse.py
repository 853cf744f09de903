"""Calls read back from the columns of a warehouse, and products read as items: properties of the pure functions."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_iterable.core.rejection import RecordRejectedError
from target_iterable.segment.call import SHAPES
from target_iterable.segment.names import snake
from target_iterable.segment.products import item, items
from tests.target.segment_calls import ANN, AT, Call, call, read, row, track

SCALARS = st.one_of(st.booleans(), st.integers(-(10**9), 10**9), st.text(max_size=8))
NAMES = st.sampled_from(
    ["plan", "total", "type", "version", "channel", "email", "phone", "colour_of_it", "event", "page"]
)
FIELDS = st.dictionaries(NAMES, st.one_of(SCALARS, st.lists(SCALARS, max_size=3)), max_size=6)
IDS = st.one_of(st.none(), st.text(min_size=1, max_size=8))
MOMENTS = st.dictionaries(st.sampled_from(["timestamp", "originalTimestamp", "sentAt", "receivedAt"]), st.just(AT))


@st.composite
def calls(draw: st.DrawFn) -> Call:
    type_ = draw(st.sampled_from([type_ for type_ in SHAPES if type_ != "user"]))
    members: Call = {name: draw(IDS) for name in ("userId", "anonymousId")} | {"timestamp": None, "receivedAt": None}
    members |= draw(MOMENTS) | {"messageId": draw(st.text(min_size=1, max_size=8)), SHAPES[type_].body: draw(FIELDS)}
    if type_ == "track":
        members["event"] = draw(st.sampled_from(["Signed Up", "Order Completed", "seen"]))
        # A table can have only one column of a name, and this one is the event's.
        members["properties"].pop("event", None)
    if draw(st.booleans()):
        members["context"] = {"traits": {"email": draw(st.text(min_size=1, max_size=8))}, "ip": "192.0.2.1"}
    return call(type_, **members)


@given(sent=calls(), other=st.sets(NAMES))
def test_a_row_of_a_warehouse_is_the_call_that_was_sent(sent: Call, other: set[str]) -> None:
    flat = dict.fromkeys(sorted(other - {"event"})) | row(sent)
    found, was = read(flat, sent["type"]), read(sent)
    texts = {name: json.dumps(value) if isinstance(value, list) else value for name, value in was.body.items()}
    assert found == replace(was, body=texts)


@given(sent=calls())
def test_beside_the_body_of_a_call_nothing_counts_unless_all_is_spread(sent: Call) -> None:
    body = dict(sent.get("traits") or sent.get("properties") or {})
    assert read({**sent, "mine": 1}, all_members=True).body == body | {"mine": 1}
    alone = read({**sent, "mine": 1})
    assert (alone.body, alone.unknown_members) == (body, {"mine"})


@pytest.mark.parametrize("form", [dict, json.dumps])
def test_objects_may_be_texts(form: Any) -> None:
    sent = track("Seen", {"plan": "pro"}, context={"traits": {"email": ANN}})
    found = read({**sent, "properties": form(sent["properties"]), "context": form(sent["context"])})
    assert (found.body, found.context) == ({"plan": "pro"}, {"email": ANN})


def test_the_first_moment_that_is_told_is_when_it_happened() -> None:
    told = {"received_at": "4", "sent_at": "3", "original_timestamp": "2", "timestamp": "1"}
    for name in reversed(told):
        assert read({"event": "e", **told}, "track").moment == told[name]
        told = {other: value for other, value in told.items() if other != name}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("First Buyers", "first_buyers"),
        ("order_completed", "order_completed"),
        (" 20% off! ", "20_off"),
        ("Überall", "überall"),
    ],
)
def test_a_name_in_lower_case_has_underscores_for_all_that_is_no_letter(text: str, name: str) -> None:
    assert snake(text) == name


REQUIRED = ("product_id", "name", "price", "quantity")
OPTIONAL = {"sku": "sku", "category": "categories", "url": "url", "image_url": "imageUrl", "description": "description"}
PRODUCT = {"product_id": "A-1", "name": "Mug", "price": Decimal("24.95"), "quantity": 2}


@given(
    known=st.dictionaries(st.sampled_from([*OPTIONAL]), st.text(min_size=1, max_size=8)),
    own=st.dictionaries(
        st.text(min_size=1, max_size=8).filter(lambda name: name not in {*REQUIRED, *OPTIONAL}), SCALARS
    ),
)
def test_a_product_becomes_an_item_and_nothing_of_it_is_lost(known: Call, own: Call) -> None:
    made = item(_order([]), {**PRODUCT, **known, **own}, "")
    assert [made.pop(name) for name in ("id", "name", "price", "quantity")] == [*PRODUCT.values()]
    assert made.pop("dataFields", {}) == own
    assert made == {OPTIONAL[name]: [text] if name == "category" else text for name, text in known.items()}


@given(number=st.integers(0, 5), name=st.sampled_from(REQUIRED), empty=st.sampled_from([None, ""]))
def test_what_a_product_lacks_is_named_with_its_place(number: int, name: str, empty: str | None) -> None:
    products = [PRODUCT] * number + [{**PRODUCT, name: empty}]
    with pytest.raises(RecordRejectedError) as caught:
        items(_order(json.dumps(products, default=float)))
    assert (caught.value.code, caught.value.reject_reason.field) == (
        "missingField",
        f"properties.products[{number}].{name}",
    )


def _order(products: Any) -> Any:
    return read(track("Order Completed", {"products": products}))
