"""User of a purchase or a cart, whom Iterable creates or updates with it."""

from __future__ import annotations

from functools import cached_property

from target_iterable.field_types.decimal_fields import DecimalFields
from target_iterable.objects.base.base import IterableObject
from target_iterable.objects.base.user_part import profile
from target_iterable.records.column_mapping import EMPTY, Row
from target_iterable.records.user_identity import EMAIL, USER_ID, UserIdentity


class CartUserObject(IterableObject):
    """Base of objects whose requests name the user in a member `user`, which may hold profile fields."""

    @cached_property
    def _decimals(self) -> DecimalFields:
        """The profile fields that may hold fractions."""
        schemas = {path: schema for path, schema in self.schemas.items() if path[0] == "user"}
        return DecimalFields(schemas, ["user", "dataFields"])

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
