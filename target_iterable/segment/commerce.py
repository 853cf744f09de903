"""Orders as purchases, and carts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from target_iterable.core.rejection import RecordRejectedError
from target_iterable.records.column_mapping import EMPTY, Row
from target_iterable.segment.call import Call
from target_iterable.segment.mapping import MappedCall, MappingRules, event, owner, skipped
from target_iterable.segment.names import snake
from target_iterable.segment.open_carts import OpenCarts
from target_iterable.segment.products import PRODUCTS, has_products, item, items


def purchase(call: Call, rules: MappingRules) -> MappedCall:
    """An order that is completed. Without an `order_id`, the messageId is its id.

    Raises:
        RecordRejectedError: if the total, the products, or something of them is missing.
    """
    person, fields = rules.people.of(call), dict(call.body)
    order_id, total = fields.pop("order_id", None), fields.pop("total", None)
    if total in EMPTY:
        raise call.missing(call.within("total"))
    fields.pop(PRODUCTS, None)
    row: Row = {
        **person,
        "id": call.message_id if order_id in EMPTY else order_id,
        "createdAt": call.moment,
        "total": total,
        "items": items(call),
        "dataFields": fields,
    }
    return MappedCall("purchases", "track", row, rules.cart_of(call, []))


def whole_cart(call: Call, rules: MappingRules) -> MappedCall:
    """A cart with all that it holds. Iterable keeps nothing of the call but the items.

    Raises:
        RecordRejectedError: if the products, or something of them is missing.
    """
    return _cart(call, rules, items(call))


def changed_cart(call: Call, rules: MappingRules) -> MappedCall:
    """A cart into which one product was put, or taken out.

    Raises:
        RecordRejectedError: if the call tells nothing but the one product, and the route no way to deal with that.
    """
    return whole_cart(call, rules) if has_products(call) else _DELTAS[rules.cart_deltas](call, rules)


def _cart(call: Call, rules: MappingRules, held: list[Row]) -> MappedCall:
    return MappedCall("carts", "replace", {**rules.people.of(call), "items": held}, rules.cart_of(call, held))


def _rejected(call: Call, _rules: MappingRules) -> MappedCall:
    raise RecordRejectedError(
        "cartDelta",
        f"the call tells one product, and would replace the whole cart by it: it needs `{call.within(PRODUCTS)}`, or "
        "the option `cart_deltas` of the route",
        call.within(PRODUCTS),
    )


def _as_event(call: Call, rules: MappingRules) -> MappedCall:
    return event(rules.people.of(call), call.subject, call)


def _from_history(call: Call, rules: MappingRules) -> MappedCall:
    """The cart as the calls before have left it, changed."""
    return _cart(call, rules, _CHANGES[snake(call.subject)](call, rules.carts))


def _with_more(call: Call, carts: OpenCarts) -> list[Row]:
    return carts.with_more(owner(call), item(call, call.body, call.within("")))


def _with_less(call: Call, carts: OpenCarts) -> list[Row]:
    product_id: Any = call.body.get("product_id")
    if product_id in EMPTY:
        raise call.missing(call.within("product_id"))
    return carts.with_less(owner(call), product_id, call.body.get("quantity"))


_DELTAS: Final[Mapping[str, Callable[[Call, MappingRules], MappedCall]]] = {
    "reject": _rejected,
    "skip": skipped,
    "event": _as_event,
    "history": _from_history,
}
_CHANGES: Final[Mapping[str, Callable[[Call, OpenCarts], list[Row]]]] = {
    "product_added": _with_more,
    "product_removed": _with_less,
}
