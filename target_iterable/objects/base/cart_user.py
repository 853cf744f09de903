"""User of a purchase or a cart, whom Iterable creates or updates with it."""

from __future__ import annotations

from functools import cached_property
from typing import Final

from target_iterable.field_types.decimal_fields import DecimalFields
from target_iterable.objects.base.base import IterableObject
from target_iterable.objects.base.cart_items import CART, ITEM_COLUMNS, pop_items
from target_iterable.objects.base.user_part import profile
from target_iterable.records.column_mapping import EMPTY, Row
from target_iterable.records.user_identity import EMAIL, USER_ID, UserIdentity

_FIELDS_OF_ITEMS: Final = f"{CART}.dataFields."


class CartUserObject(IterableObject):
    """Base of objects whose requests name the user in a member `user`, which may hold profile fields."""

    @cached_property
    def _decimals(self) -> DecimalFields:
        """The profile fields that may hold fractions."""
        schemas = {path: schema for path, schema in self.schemas.items() if path[0] == "user"}
        return DecimalFields(schemas, ["user", "dataFields"])

    @cached_property
    def _decimals_of_items(self) -> DecimalFields:
        """The data fields of items that may hold fractions."""
        schemas = {path: schema for path, schema in self.schemas.items() if path[0] in ITEM_COLUMNS}
        return DecimalFields(schemas, [*ITEM_COLUMNS, "dataFields"])

    def pop_items(self, row: Row, scope: str) -> list[Row]:
        """Remove the items from `row`, and return them in Iterable's form. Their data fields have types in `scope`.

        Raises:
            RecordRejectedError: see `cart_items.pop_items`.
        """
        items, decimals = pop_items(row), self._decimals_of_items
        if not decimals.names:
            return items
        known = self.project.fields.types.types_of(scope).items()
        types = {
            path.removeprefix(_FIELDS_OF_ITEMS): type_ for path, type_ in known if path.startswith(_FIELDS_OF_ITEMS)
        }
        return [
            {**item, "dataFields": decimals.widened(types, item["dataFields"])} if "dataFields" in item else item
            for item in items
        ]

    def pop_user(self, row: Row) -> tuple[UserIdentity, Row]:
        """Remove `email`, `userId` and `user` from `row`. `user` may hold whatever a record of `users` may.

        Raises:
            RecordRejectedError: if there is no user, or a profile field must not be written.
        """
        named = {kind: value for kind in (EMAIL, USER_ID) if (value := row.pop(kind, None)) not in EMPTY}
        person = self.flatten_member({**named, "user": row.pop("user", None)}, "user")
        fields = self.fields(person, "dataFields")
        identity = self.identities.pop_identity(fields)
        known = self.project.fields.coerce_user(fields, self._decimals)
        merge = self.route.options.get("merge_nested_objects", False)
        part = profile(identity, known, merge=merge, placeholder=self.makes_placeholders)
        return identity, part | self.create_new_fields
