"""Orders and carts of the Segment spec, from records to purchases and profiles."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.target.conftest import NewProject, Project
from tests.target.loading import stream
from tests.target.segment_calls import ANN, Call, call, send, track

MUG = {"product_id": "A-1", "name": "Mug", "price": 24.95, "quantity": 2}
LAMP = {"product_id": "L-1", "name": "Lamp", "price": 30, "quantity": 1}
MUG_ITEM = {"id": "A-1", "name": "Mug", "price": 24.95, "quantity": 2}
LAMP_ITEM = {"id": "L-1", "name": "Lamp", "price": 30, "quantity": 1}


def order(**properties: Any) -> Call:
    return track("Order Completed", {"order_id": "o1", "total": 79.9, "products": [MUG, LAMP], **properties})


def added(product: Call, **more: Any) -> Call:
    return track("Product Added", {"cart_id": "c1", **product}, **more)


def removed(product: Call, **more: Any) -> Call:
    return track("Product Removed", {"cart_id": "c1", **product}, **more)


def cart(project: Project, **user: str) -> list[Any]:
    items: list[Any] = project.holds.user(**(user or {"email": ANN}))["shoppingCartItems"]
    return [{name: value for name, value in item.items() if name != "dataFields"} for item in items]


def test_an_order_is_a_purchase_with_its_products_as_items(project: Project) -> None:
    product = {
        **MUG,
        "sku": "SKU-1",
        "category": "Kitchen",
        "url": "https://shop.example.com/m",
        "image_url": "https://shop.example.com/m.png",
        "description": "For tea",
        "brand": "Clay",
        "position": 3,
    }
    send(project, order(products=[product], currency="CHF", shipping=7))
    (purchase,) = project.holds.purchases()
    assert (purchase["id"], purchase["total"], purchase["createdAt"]) == ("o1", 79.9, "2026-03-03 08:01:02 +00:00")
    assert (purchase["currency"], purchase["shipping"], purchase["email"]) == ("CHF", 7, ANN)
    assert not {"products", "order_id", "items"} & purchase.keys()
    assert purchase["shoppingCartItems"] == [
        MUG_ITEM
        | {"sku": "SKU-1", "categories": ["Kitchen"], "description": "For tea"}
        | {"url": "https://shop.example.com/m", "imageUrl": "https://shop.example.com/m.png"}
        | {"dataFields": {"brand": "Clay", "position": 3}}
    ]
    assert project.holds.events() == []


def test_orders_with_one_id_are_one_purchase_and_without_id_the_message_is_it(project: Project) -> None:
    calls = [order() | {"messageId": "m1"}, order(total=80) | {"messageId": "m2"}]
    send(project, *calls, order(order_id=None) | {"messageId": "m3"})
    assert [(purchase["id"], purchase["total"]) for purchase in project.holds.purchases()] == [("m3", 79.9), ("o1", 80)]


def test_an_order_of_somebody_known_by_id_alone_finds_the_person(project: Project) -> None:
    send(project, call("identify", traits={"email": ANN}), order() | {"context": {}})
    assert [purchase["email"] for purchase in project.holds.purchases()] == [ANN]


@pytest.mark.parametrize("event", ["Cart Updated", "cart_updated", "Product Added", "Product Removed"])
@pytest.mark.parametrize("products", [[MUG, LAMP], []])
def test_a_whole_list_of_products_is_the_cart(project: Project, event: str, products: list[Call]) -> None:
    send(project, track("Cart Updated", {"products": [LAMP, LAMP]}))
    send(project, track(event, {"cart_id": "c1", "products": products}))
    assert cart(project) == ([MUG_ITEM, LAMP_ITEM] if products else [])


def test_products_of_a_warehouse_are_texts(project: Project) -> None:
    columns = {"id": "m1", "user_id": "u1", "context_traits_email": ANN, "event": "x", "event_text": "Cart Updated"}
    send(project, {**columns, "products": json.dumps([MUG])}, call="track")
    assert cart(project) == [MUG_ITEM]


@pytest.mark.parametrize("delta", [added(LAMP), removed(MUG)])
def test_a_single_product_does_not_destroy_the_cart(project: Project, delta: Call) -> None:
    send(project, track("Cart Updated", {"products": [MUG, LAMP]}))
    counts = send(project, delta)
    assert counts["reasons"] == {"cartDelta": 1}
    assert cart(project) == [MUG_ITEM, LAMP_ITEM]
    assert "`cart_deltas`" in project.load.refusals[0]["reason"]


def test_a_single_product_is_an_event_if_the_route_says_so(project: Project) -> None:
    send(project, track("Cart Updated", {"products": [MUG]}))
    send(project, added(LAMP), cart_deltas="event")
    assert [(event["eventName"], event["product_id"]) for event in project.holds.events()] == [("Product Added", "L-1")]
    assert cart(project) == [MUG_ITEM]


@pytest.mark.parametrize(
    ("calls", "left"),
    [
        ([added(MUG)], [MUG_ITEM]),
        ([added(MUG), added(LAMP)], [MUG_ITEM, LAMP_ITEM]),
        (
            [added(MUG), added(LAMP), added(MUG | {"quantity": "3", "price": 20})],
            [LAMP_ITEM, MUG_ITEM | {"quantity": 5, "price": 20}],
        ),
        ([added(MUG), added(LAMP), removed(MUG | {"quantity": 1})], [LAMP_ITEM, MUG_ITEM | {"quantity": 1}]),
        ([added(MUG), added(LAMP), removed(MUG)], [LAMP_ITEM]),
        ([added(MUG), added(LAMP), removed({"product_id": "A-1"})], [LAMP_ITEM]),
        ([added(MUG), removed(MUG)], []),
        ([track("Cart Updated", {"products": [LAMP]}), added(MUG)], [LAMP_ITEM, MUG_ITEM]),
        ([added(MUG), order(), added(LAMP)], [LAMP_ITEM]),
        ([added(MUG), track("Cart Updated", {"products": []}), added(LAMP)], [LAMP_ITEM]),
        ([added(MUG), added(LAMP, userId="u2", context={})], [MUG_ITEM]),
        (
            [added(MUG | {"product_id": 17}), removed(MUG | {"product_id": "17", "quantity": 1})],
            [MUG_ITEM | {"id": "17", "quantity": 1}],
        ),
    ],
)
def test_the_history_of_the_stream_makes_carts_of_single_products(
    project: Project, calls: list[Call], left: list[Call]
) -> None:
    counts = send(project, *calls, cart_deltas="history", placeholder_users=True)
    assert (counts["written"], counts["rejected"]) == (len(calls), 0)
    assert cart(project) == left


def test_the_history_is_kept_when_the_schema_changes(project: Project) -> None:
    first, second = stream("segment", [added(MUG)]), stream("segment", [added(LAMP)], userId={"type": "string"})
    project.load([*first, *second], streams={"segment": {"object": "segment", "cart_deltas": "history"}})
    assert cart(project) == [MUG_ITEM, LAMP_ITEM]


def test_what_the_history_cannot_explain_is_rejected_and_leaves_the_cart_as_it_is(project: Project) -> None:
    calls = [
        added(MUG),
        removed(LAMP),
        removed(MUG | {"quantity": 3}),
        added(LAMP | {"quantity": 0}),
        added(LAMP | {"quantity": None}),
        added(LAMP | {"name": 7}),
        removed({"quantity": 1}),
        added(LAMP, userId=None),
        order() | {"userId": None},
    ]
    counts = send(project, *calls, cart_deltas="history")
    assert counts["reasons"] == {"notInCart": 2, "invalidItem": 2, "missingField": 4}
    assert cart(project) == [MUG_ITEM]


def test_a_cart_with_what_iterable_cannot_take_is_not_remembered(new_project: NewProject) -> None:
    project = new_project()
    bad, good = added(LAMP | {"description": 7}), added(MUG)
    assert send(project, bad, good, cart_deltas="history")["reasons"] == {"invalidItem": 1}
    assert cart(project) == [MUG_ITEM]
