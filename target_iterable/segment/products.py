"""Products of the Segment spec as items of purchases and carts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from target_iterable.core.rejection import RecordRejectedError
from target_iterable.records.column_mapping import EMPTY, Row
from target_iterable.records.json_texts import from_json
from target_iterable.segment.call import Call

PRODUCTS: Final = "products"
_ITEM: Final[Mapping[str, str]] = {
    "product_id": "id",
    "sku": "sku",
    "name": "name",
    "price": "price",
    "quantity": "quantity",
    "category": "categories",
    "url": "url",
    "image_url": "imageUrl",
    "description": "description",
}
"""Product -> item. What is not here is a data field of the item."""
_REQUIRED: Final = ("product_id", "name", "price", "quantity")


def has_products(call: Call) -> bool:
    """Whether the call says what the whole cart or order holds, be it nothing."""
    return call.body.get(PRODUCTS) not in EMPTY


def items(call: Call) -> list[Row]:
    """The items of the call's products. Warehouses keep arrays as texts.

    Raises:
        RecordRejectedError: naming the first thing that is missing.
    """
    if not has_products(call):
        raise call.missing(call.within(PRODUCTS))
    place, products = call.within(PRODUCTS), from_json(call.body[PRODUCTS])
    if not isinstance(products, list) or not all(isinstance(product, dict) for product in products):
        raise RecordRejectedError("invalidProducts", f"`{place}` must be an array of objects", place)
    return [item(call, product, f"{place}[{number}].") for number, product in enumerate(products)]


def item(call: Call, product: Mapping[str, Any], place: str) -> Row:
    """The item of one product, whose members stand at `place` in the call.

    Raises:
        RecordRejectedError: naming the first thing that is missing.
    """
    for name in _REQUIRED:
        if product.get(name) in EMPTY:
            raise call.missing(f"{place}{name}")
    made = {_ITEM[name]: value for name, value in product.items() if name in _ITEM and value not in EMPTY}
    if isinstance(category := made.get("categories"), str):
        made["categories"] = [category]
    if fields := {name: value for name, value in product.items() if name not in _ITEM}:
        made["dataFields"] = fields
    return made
