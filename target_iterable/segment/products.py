"""Maps products of the Segment spec to items of purchases and carts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from target_iterable.core.rejection import RecordRejectedError
from target_iterable.records.column_mapping import EMPTY, Row
from target_iterable.records.json_texts import from_json
from target_iterable.segment.call import Call

PRODUCTS: Final = "products"
_ITEM_MEMBERS: Final[Mapping[str, str]] = {
    "sku": "sku",
    "name": "name",
    "price": "price",
    "quantity": "quantity",
    "category": "categories",
    "url": "url",
    "image_url": "imageUrl",
    "description": "description",
}
"""Member of a product -> member of the item. All others become data fields of the item."""
PRODUCT_IDS: Final = ("product_id", "productId", "id")
"""Members of a product that may hold its id, best first; the others are data fields."""
_REQUIRED: Final = ("name", "price", "quantity")


def has_products(call: Call) -> bool:
    """Whether the call has all products of the cart or order, even if there are none."""
    return call.body.get(PRODUCTS) not in EMPTY


def items(call: Call) -> list[Row]:
    """The items of all products of the call. Warehouses keep arrays as texts.

    Raises:
        RecordRejectedError: with the path of the first member that is missing or malformed.
    """
    if not has_products(call):
        raise call.missing(call.path_to(PRODUCTS))
    path, products = call.path_to(PRODUCTS), from_json(call.body[PRODUCTS])
    if not isinstance(products, list) or not all(isinstance(product, dict) for product in products):
        raise RecordRejectedError("invalidProducts", f"`{path}` must be an array of objects", path)
    return [item(call, product, f"{path}[{number}].") for number, product in enumerate(products)]


def item(call: Call, product: Mapping[str, Any], prefix: str) -> Row:
    """The item of one product. `prefix` is the path of its members in the call.

    Raises:
        RecordRejectedError: with the path of the first member that is missing.
    """
    id_member = id_member_of(call, product, prefix)
    for name in _REQUIRED:
        if product.get(name) in EMPTY:
            raise call.missing(f"{prefix}{name}")
    item_: Row = {"id": product[id_member]}
    item_ |= {
        _ITEM_MEMBERS[name]: value for name, value in product.items() if name in _ITEM_MEMBERS and value not in EMPTY
    }
    if isinstance(category := item_.get("categories"), str):
        item_["categories"] = [category]
    if fields := {name: value for name, value in product.items() if name not in (*_ITEM_MEMBERS, id_member)}:
        item_["dataFields"] = fields
    return item_


def id_member_of(call: Call, product: Mapping[str, Any], prefix: str) -> str:
    """The member of a product that holds its id. `prefix` is the path of its members in the call.

    Raises:
        RecordRejectedError: if it has none.
    """
    for name in PRODUCT_IDS:
        if product.get(name) not in EMPTY:
            return name
    raise call.missing(f"{prefix}{PRODUCT_IDS[0]}")
