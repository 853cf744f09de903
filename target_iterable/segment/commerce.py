"""Maps orders to purchases, and cart events to carts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from target_iterable.core.rejection import RecordRejectedError
from target_iterable.records.column_mapping import EMPTY, Row
from target_iterable.records.json_texts import from_json
from target_iterable.segment.call import Call
from target_iterable.segment.mapping import MappedCall, MappingRules, cart_user_id, event, skipped
from target_iterable.segment.names import snake
from target_iterable.segment.open_carts import OpenCarts
from target_iterable.segment.products import PRODUCTS, has_products, id_member_of, item, items


def purchase(call: Call, rules: MappingRules) -> MappedCall:
    """Map a completed order. Without an `order_id`, the messageId is its id.

    Raises:
        RecordRejectedError: if the total, the products, or a required member of a product is missing.
        RecordSkippedError: if orders without products are skipped.
    """
    if not has_products(call) or from_json(call.body[PRODUCTS]) == []:
        return _WITHOUT_PRODUCTS[rules.orders_without_products](call, rules)
    return _purchase(call, rules, items(call))


def _purchase(call: Call, rules: MappingRules, bought: list[Row]) -> MappedCall:
    user, fields = rules.users.user_of(call), dict(call.body)
    order_id, total = _pop_order_id(fields), fields.pop("total", None)
    if total in EMPTY:
        raise call.missing(call.path_to("total"))
    fields.pop(PRODUCTS, None)
    row: Row = {
        **rules.with_traits(user, call),
        **rules.pop_attribution(call.context, fields),
        "id": call.message_id if order_id in EMPTY else order_id,
        "createdAt": call.moment,
        "total": total,
        "items": bought,
        "dataFields": fields,
    }
    return MappedCall("purchases", "track", row, rules.cart_of(call, []))


def _pop_order_id(fields: Row) -> Any:
    """Remove the order's id from `fields`, by all its names, and return it; None if there is none."""
    order_id = next((id_ for name in ORDER_IDS if (id_ := fields.get(name)) not in EMPTY), None)
    for name in ORDER_IDS:
        if fields.get(name) in (*EMPTY, order_id):
            fields.pop(name, None)
    return order_id


def whole_cart(call: Call, rules: MappingRules) -> MappedCall:
    """Map a call with the whole cart. Only the items are written.

    Raises:
        RecordRejectedError: if the products, or a required member of a product is missing.
    """
    return _cart(call, rules, items(call))


def changed_cart(call: Call, rules: MappingRules) -> MappedCall:
    """Map a call about one product that was added to the cart or removed.

    Raises:
        RecordRejectedError: if the call has only that product, and the route has no `cart_deltas`.
    """
    return whole_cart(call, rules) if has_products(call) else _DELTAS[rules.cart_deltas](call, rules)


def _cart(call: Call, rules: MappingRules, cart_items: list[Row]) -> MappedCall:
    user = rules.with_traits(rules.users.user_of(call), call)
    return MappedCall("carts", "replace", {**user, "items": cart_items}, rules.cart_of(call, cart_items))


def _rejected(call: Call, _rules: MappingRules) -> MappedCall:
    raise RecordRejectedError(
        "cartDelta",
        f"the call has only one product, which would replace the whole cart: it needs `{call.path_to(PRODUCTS)}`, or "
        "the option `cart_deltas` of the route",
        call.path_to(PRODUCTS),
    )


def _as_event(call: Call, rules: MappingRules) -> MappedCall:
    return event(rules.users.user_of(call), call.subject, call, rules)


def _rejected_order(call: Call, _rules: MappingRules) -> MappedCall:
    if call.body.get("total") in EMPTY:
        raise call.missing(call.path_to("total"))
    raise call.missing(call.path_to(PRODUCTS))


def _order_without_items(call: Call, rules: MappingRules) -> MappedCall:
    return _purchase(call, rules, [])


def _from_history(call: Call, rules: MappingRules) -> MappedCall:
    """Change the cart that the calls before have left."""
    return _cart(call, rules, _CHANGES[snake(call.subject)](call, rules.carts))


def _with_more(call: Call, carts: OpenCarts) -> list[Row]:
    return carts.with_added(cart_user_id(call), item(call, call.body, call.path_to("")))


def _with_less(call: Call, carts: OpenCarts) -> list[Row]:
    product_id = call.body[id_member_of(call, call.body, call.path_to(""))]
    return carts.with_removed(cart_user_id(call), product_id, call.body.get("quantity"))


ORDER_IDS: Final = ("order_id", "orderId")
_WITHOUT_PRODUCTS: Final[Mapping[str, Callable[[Call, MappingRules], MappedCall]]] = {
    "reject": _rejected_order,
    "skip": skipped,
    "event": _as_event,
    "purchase": _order_without_items,
}
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
