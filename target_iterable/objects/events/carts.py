"""Shopping carts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from target_iterable.config.route import ObjectSpec
from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import Operation, single_row_endpoint
from target_iterable.field_types.registry import USERS
from target_iterable.objects.base.cart_items import CART
from target_iterable.objects.base.cart_user import CartUserObject
from target_iterable.objects.base.user_part import MERGE
from target_iterable.records.column_mapping import Row
from target_iterable.requests.bulk_response import all_written

_UPDATE = single_row_endpoint("/api/commerce/updateCart", all_written)


class Carts(CartUserObject):
    """Shopping carts. A record is the whole cart of a user: items that it does not have are removed from the cart.

    email, userId: the user. Iterable creates a user who does not exist; e-mail-based projects do so only for an
        address, or with `placeholder_users`.
    user: an object with profile fields to write as well, like a record of `users`.
    items: an array of objects, as in purchases. An empty array empties the cart.
    """

    # No `skip_unchanged`: a purchase empties the cart, so the cart that was last accepted may be gone.
    spec = ObjectSpec(
        "carts",
        streams=("carts",),
        modes=("replace",),
        describes_state=False,
        creates_users=True,
        clears_fields=True,
        options=MERGE,
    )
    example: ClassVar[Mapping[str, Any]] = {
        "email": "ann@example.com",
        "items": [{"id": "A-1", "name": "Mug", "price": 24.95, "quantity": 2}],
    }

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """Write one cart. It is part of the user's profile, so the fields of the items have types of profile fields."""
        del key
        identity, user = self.pop_user(row)
        items = self.pop_items(row, USERS)
        self.leave_out(row)
        return Operation(
            endpoint=_UPDATE,
            part=dumps({"user": user, "items": items}),
            names=identity.names,
            type_scope=USERS,
            fields={**user.get("dataFields", {}), CART: items},
            fields_path=("user", "dataFields"),
        )
