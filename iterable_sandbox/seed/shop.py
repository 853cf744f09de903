"""Products and custom events of the shop of a seeded project."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

from iterable_sandbox.seed.plan import Plan, happens
from iterable_sandbox.store.store import Store
from iterable_sandbox.wire.json_text import to_json

_KINDS: Final = ("Mug", "Lamp", "Rake", "Novel", "Puzzle", "Tent", "Pen", "Bowl")
_COLOURS: Final = ("red", "green", "blue", "grey", "black")
_CATEGORIES: Final = ("Kitchen", "Office", "Garden", "Books", "Toys", "Outdoor")
_CITIES: Final = ("San Jose", "New York", "Toronto", "London", "Berlin", "Kyoto")

PRODUCTS: Final = tuple(
    {
        "id": f"P-{row:03d}",
        "sku": f"P-{row:03d}",
        "name": f"{kind}, {colour}",
        "price": round(4.5 + 3.35 * row, 2),
        "categories": [_CATEGORIES[row % len(_CATEGORIES)]],
        "url": f"https://shop.example.com/p/P-{row:03d}",
    }
    for row, (kind, colour) in enumerate(((kind, colour) for kind in _KINDS for colour in _COLOURS), 1)
)
_STORES: Final = tuple({"city": city, "open": True, "staff": 4 + row} for row, city in enumerate(_CITIES))


def basket(rng: Random) -> list[dict[str, Any]]:
    """Draw one to three products, as items of a cart or a purchase."""
    return [dict(product, quantity=rng.randrange(1, 4)) for product in rng.sample(PRODUCTS, rng.randrange(1, 4))]


def total(items: list[dict[str, Any]]) -> float:
    """Price of a basket."""
    prices: list[float] = [item["price"] * item["quantity"] for item in items]
    return round(sum(prices), 2)


def _page_viewed(rng: Random) -> dict[str, Any]:
    return {"url": rng.choice(PRODUCTS)["url"], "seconds": rng.randrange(1, 400)}


def _product_viewed(rng: Random) -> dict[str, Any]:
    product = rng.choice(PRODUCTS)
    return {"productId": product["id"], "price": product["price"], "inStock": happens(rng, 0.9)}


def _cart_updated(rng: Random) -> dict[str, Any]:
    items = basket(rng)
    return {"items": items, "total": total(items)}


def _order_shipped(rng: Random) -> dict[str, Any]:
    days = rng.randrange(1, 28)
    return {
        "orderId": f"{rng.randrange(10**6):06d}",
        "total": round(rng.uniform(5, 300), 2),
        "expressDelivery": happens(rng, 0.3),
        "shippedOn": f"2026-09-{days:02d}",
        "parcel": {"carrier": rng.choice(("north", "south")), "weight": {"grams": rng.randrange(100, 9000)}},
    }


def _search(rng: Random) -> dict[str, Any]:
    return {"query": rng.choice(_KINDS).lower(), "hits": rng.randrange(40), "tags": rng.sample(_COLOURS, 2)}


CUSTOM_EVENTS: Final[Mapping[str, Callable[[Random], dict[str, Any]]]] = {
    "pageViewed": _page_viewed,
    "productViewed": _product_viewed,
    "cartUpdated": _cart_updated,
    "orderShipped": _order_shipped,
    "searched": _search,
}
"""Event name -> function that makes its data fields."""


def write(store: Store, plan: Plan) -> None:
    """Store the catalogs of products and stores."""
    created_ms = plan.start * 1000
    products = ((str(row["id"]), to_json({key: row[key] for key in row if key != "id"})) for row in PRODUCTS)
    store.catalogs.put(store.catalogs.create("Products"), products, created_ms)
    stores = ((f"store-{row}", to_json(value)) for row, value in enumerate(_STORES, 1))
    store.catalogs.put(store.catalogs.create("Stores"), stores, created_ms)
