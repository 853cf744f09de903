"""Purchases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

from target_iterable.config.route import ObjectSpec
from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import Operation, single_row_endpoint
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.field_types.decimal_fields import DecimalFields
from target_iterable.field_types.registry import PURCHASES, USERS
from target_iterable.objects.base.cart_user import CartUserObject
from target_iterable.objects.base.event_attributes import derived_id, pop_attributes
from target_iterable.objects.base.user_part import MERGE
from target_iterable.records.column_mapping import Row
from target_iterable.records.normal_form import normal
from target_iterable.records.numbers import Number, number_of
from target_iterable.requests.bulk_response import all_written

_TRACK = single_row_endpoint("/api/commerce/trackPurchase", all_written)
# Without an id, a purchase that is sent twice has been made twice.
_TRACK_ONCE = replace(_TRACK, repeatable=False)


class Purchases(CartUserObject):
    """Purchases. A record is one purchase with all its items.

    Each purchase empties the cart of the user, even if Iterable has that purchase already. With `skip_unchanged`, an
    unchanged purchase is not sent again.

    email, userId: the buyer. Iterable creates a user who does not exist; e-mail-based projects do so only for an
        address, or with `placeholder_users`.
    user: an object with profile fields to write as well, like a record of `users`.
    items: an array of objects, or a text that is JSON of one; the column may also be called `shoppingCartItems`, as in
        exports. Each item has `id`, `name`, `price` and `quantity`; it may have `sku`, `categories`, `description`,
        `url`, `imageUrl` and `dataFields`, and its other members become data fields of the item. Numbers may be texts.
    total: a number, or a text of one.
    id: a second purchase with the same id updates the first. By default it is derived from the key of the stream, or
        from the content if there is no key (`derive_event_ids`).
    createdAt: a date, or Unix seconds; by default, the present time.
    campaignId, templateId: what the purchase is attributed to.
    dataFields, and all other columns: the data fields of the purchase.
    """

    spec = ObjectSpec(
        "purchases",
        streams=("purchases", "purchase"),
        modes=("track",),
        creates_users=True,
        clears_fields=True,
        options=MERGE,
    )
    example: ClassVar[Mapping[str, Any]] = {
        "email": "ann@example.com",
        "id": "order-1009",
        "createdAt": "2026-03-03T08:01:02Z",
        "total": 49.9,
        "items": [{"id": "A-1", "name": "Mug", "price": 24.95, "quantity": 2, "colour": "blue"}],
        "coupon": "SPRING",
    }

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """Write one purchase."""
        identity, user = self.pop_user(row)
        purchase: Row = {"user": user, "items": self.pop_items(row, PURCHASES), "total": _total(row.pop("total", None))}
        purchase |= pop_attributes(row)
        if fields := self.fields(row, "dataFields"):
            types = self.project.fields.types.types_of(PURCHASES)
            purchase["dataFields"] = self._decimals_of_purchase.widened(types, fields)
        if "id" not in purchase and self.settings["derive_event_ids"]:
            purchase["id"] = self._derived_id(key, purchase)
        id_ = purchase.get("id")
        return Operation(
            endpoint=_TRACK if id_ else _TRACK_ONCE,
            part=dumps(purchase),
            names=(*identity.names, *([("purchase", id_)] if id_ else [])),
            type_scope=USERS,
            fields=user.get("dataFields", {}),
            fields_path=("user", "dataFields"),
            dedup_scope=f"purchase {id_}" if id_ else "",
        )

    @cached_property
    def _decimals_of_purchase(self) -> DecimalFields:
        """The data fields of purchases that may hold fractions."""
        return DecimalFields(self.schemas, ["dataFields"])

    def _derived_id(self, key: Sequence[Any], purchase: Row) -> str:
        """The id by the key, so that a purchase stays the same when its content changes (a return); else by content."""
        has_key = bool(key) and None not in key
        if has_key:
            return derived_id(self.stream, self.key_form.of(key))
        return derived_id(self.stream, normal(purchase), self.key_form.unstored(key))


def _total(value: Any) -> Number:
    total = number_of(value)
    if total is None:
        raise RecordRejectedError("invalidTotal", "`total` is missing, or is not a number", "total")
    return total
