"""Items of purchases and carts: required members are checked, and other members are their data fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from target_iterable.core.rejection import RecordRejectedError
from target_iterable.records.column_mapping import EMPTY, Row, object_in, text_in, texts_in
from target_iterable.records.ids import key_text
from target_iterable.records.json_texts import from_json
from target_iterable.records.numbers import number_of, whole_number
from target_iterable.schemas.schema_types import members_of, variants_of

CART: Final = "shoppingCartItems"
"""The field of profiles and purchases that holds items."""
ITEM_COLUMNS: Final = ("items", CART)
"""The second is what exports and profiles call them."""


def missing_members(schema: Mapping[str, Any]) -> list[str]:
    """The members that the items of a column must have, and do not have by its schema; none if it names no members."""
    items = [it["items"] for it in variants_of(schema) if isinstance(it.get("items"), Mapping)]
    members = {name for item in items for variant in variants_of(item) for name in members_of(variant)}
    return [name for name in _REQUIRED if name not in members] if members else []


def pop_items(row: Row) -> list[Row]:
    """Remove the items from `row`, and return them in Iterable's form. An empty array is allowed.

    Raises:
        RecordRejectedError: if there is no array, or an item does not match the contract.
    """
    given = [value for column in ITEM_COLUMNS if (value := from_json(row.pop(column, None))) not in EMPTY]
    if not given:
        raise RecordRejectedError(
            "missingItems", "there is no array `items`: one record must hold all items, not one record each", "items"
        )
    if len(given) > 1:
        raise RecordRejectedError("duplicateField", f"the record has both {' and '.join(ITEM_COLUMNS)}", "items")
    if not isinstance(given[0], list):
        raise RecordRejectedError("invalidItems", "`items` must be an array of objects", "items")
    return [_item(f"items[{number}]", item) for number, item in enumerate(given[0])]


def _item(place: str, item: Any) -> Row:
    if not isinstance(item, dict):
        raise RecordRejectedError("invalidItem", "an item must be an object", place)
    rest = dict(item)
    given = {name: value for name in _MEMBERS if (value := rest.pop(name, None)) not in EMPTY}
    for name in _REQUIRED:
        if name not in given:
            raise RecordRejectedError("invalidItem", f"an item has no `{name}`", f"{place}.{name}")
    checked = {name: _checked(place, name, value) for name, value in given.items()}
    fields = checked.pop("dataFields", {}) | rest
    return checked | {"dataFields": fields} if fields else checked


def _checked(place: str, name: str, value: Any) -> Any:
    read, must_be = _MEMBERS[name]
    if (found := read(value)) is None:
        raise RecordRejectedError("invalidItem", f"`{name}` of an item must be {must_be}", f"{place}.{name}")
    return found


_REQUIRED: Final = ("id", "name", "price", "quantity")
_MEMBERS: Final[Mapping[str, tuple[Callable[[Any], Any], str]]] = {
    "id": (key_text, "a text or a whole number"),
    "sku": (key_text, "a text or a whole number"),
    "name": (text_in, "a text"),
    "price": (number_of, "a number"),
    "quantity": (whole_number, "a whole number"),
    "categories": (texts_in, "an array of texts"),
    "description": (text_in, "a text"),
    "url": (text_in, "a text"),
    "imageUrl": (text_in, "a text"),
    "dataFields": (object_in, "an object"),
}
