"""Carts as the calls of a stream have left them, for calls that say only what was put in or taken out."""

from __future__ import annotations

from target_iterable.core.rejection import RecordRejectedError
from target_iterable.records.column_mapping import Row
from target_iterable.records.ids import key_text
from target_iterable.records.numbers import whole_number


class OpenCarts:
    """Carts that are not empty, by userId. A cart begins empty, so the stream must be read from its beginning."""

    def __init__(self) -> None:
        self._carts: dict[str, list[Row]] = {}

    def keep(self, user_id: str, items: list[Row]) -> None:
        """From now on the cart holds `items`."""
        if items:
            self._carts[user_id] = items
        else:
            self._carts.pop(user_id, None)

    def with_more(self, user_id: str, item: Row) -> list[Row]:
        """What the cart holds with `item` added to it.

        Raises:
            RecordRejectedError: if it does not say how many.
        """
        before, others = self._split(user_id, item["id"])
        quantity = _in_cart(before) + _quantity(item["quantity"])
        return [*others, {**item, "quantity": quantity}]

    def with_less(self, user_id: str, item_id: object, quantity: object) -> list[Row]:
        """What the cart holds without so many of an item; without any if `quantity` is None.

        Raises:
            RecordRejectedError: if there are not so many in it.
        """
        before, others = self._split(user_id, item_id)
        left = _in_cart(before) - (0 if quantity is None else _quantity(quantity))
        if before is None or left < 0:
            raise RecordRejectedError(
                "notInCart",
                "the calls before do not tell how the product came into the cart: is the stream read from its "
                "beginning, and sorted by time?",
                "properties.product_id",
            )
        return [*others, {**before, "quantity": left}] if quantity is not None and left else others

    def _split(self, user_id: str, item_id: object) -> tuple[Row | None, list[Row]]:
        """The item in the cart, if it is there, and the others."""
        cart = self._carts.get(user_id, [])
        found = next((item for item in cart if key_text(item["id"]) == key_text(item_id)), None)
        return found, [item for item in cart if item is not found]


def _in_cart(item: Row | None) -> int:
    return whole_number(item["quantity"]) or 0 if item else 0


def _quantity(value: object) -> int:
    quantity = whole_number(value)
    if quantity is None or quantity < 1:
        raise RecordRejectedError("invalidItem", "`quantity` must be a whole number, at least 1", "properties.quantity")
    return quantity
