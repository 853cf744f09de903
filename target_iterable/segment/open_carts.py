"""Carts as the calls of a stream have left them, for calls that tell only what was added or removed."""

from __future__ import annotations

from target_iterable.core.rejection import RecordRejectedError
from target_iterable.records.column_mapping import Row
from target_iterable.records.ids import key_text
from target_iterable.records.numbers import whole_number


class OpenCarts:
    """Non-empty carts by userId. Carts are empty at first, so the stream must be read from its beginning."""

    def __init__(self) -> None:
        self._carts: dict[str, list[Row]] = {}

    def replace(self, user_id: str, items: list[Row]) -> None:
        """Replace the items in a cart."""
        if items:
            self._carts[user_id] = items
        else:
            self._carts.pop(user_id, None)

    def with_added(self, user_id: str, item: Row) -> list[Row]:
        """The items in the cart after `item` is added; the cart is not changed.

        Raises:
            RecordRejectedError: if the item has no valid quantity.
        """
        before, others = self._split(user_id, item["id"])
        quantity = _quantity_of(before) + _checked_quantity(item["quantity"])
        return [*others, {**item, "quantity": quantity}]

    def with_removed(self, user_id: str, item_id: object, quantity: object) -> list[Row]:
        """The items in the cart after `quantity` of an item are removed, or all for None; the cart is not changed.

        Raises:
            RecordRejectedError: if the cart does not hold so many.
        """
        before, others = self._split(user_id, item_id)
        left = _quantity_of(before) - (0 if quantity is None else _checked_quantity(quantity))
        if before is None or left < 0:
            raise RecordRejectedError(
                "notInCart",
                "no earlier call has added the product to the cart: is the stream read from its beginning, and sorted "
                "by time?",
                "properties.product_id",
            )
        return [*others, {**before, "quantity": left}] if quantity is not None and left else others

    def _split(self, user_id: str, item_id: object) -> tuple[Row | None, list[Row]]:
        """The item, None if it is not in the cart, and the other items."""
        cart = self._carts.get(user_id, [])
        found = next((item for item in cart if key_text(item["id"]) == key_text(item_id)), None)
        return found, [item for item in cart if item is not found]


def _quantity_of(item: Row | None) -> int:
    return whole_number(item["quantity"]) or 0 if item else 0


def _checked_quantity(value: object) -> int:
    quantity = whole_number(value)
    if quantity is None or quantity < 1:
        raise RecordRejectedError("invalidItem", "`quantity` must be a whole number, at least 1", "properties.quantity")
    return quantity
