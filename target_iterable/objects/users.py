"""Users: profiles, created or updated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, ClassVar, Final

from target_iterable.columns import Row
from target_iterable.delivery.field_types import USERS
from target_iterable.delivery.operations import Endpoint, Envelope, Operation
from target_iterable.delivery.serialise import dumps
from target_iterable.delivery.verdicts import NOT_FOUND, named_failures
from target_iterable.identities import UserIdentity
from target_iterable.objects.base import IterableObject
from target_iterable.objects.profiles import MERGE, profile
from target_iterable.routes import ObjectSpec, Option

_BULK_UPDATE: Final = Endpoint("/api/users/bulkUpdate", "users", named_failures)
_UPDATE_ONLY: Final = replace(_BULK_UPDATE, judge=partial(named_failures, skipped=NOT_FOUND))


class Users(IterableObject):
    """Profiles. Fields that a record does not have stay as they are.

    email, userId: who it is. The type of the project says which counts; another identifier is a field of the profile.
    dataFields: an object with profile fields; all other columns are profile fields, too.

    The mode `update` makes no users; records about others count as unchanged. Without an address an e-mail-based
    project makes none by itself; anybody else is looked up first, which Iterable allows 100 times in a second. With
    the option `update_only`, Iterable is told instead: it is not documented, and works only where Iterable has
    switched it on; elsewhere it makes users.

    In an e-mail-based project a person may have several addresses, each with a profile of its own, and one userId
    on all of them. `identify_by: userId` writes to the profile that has the userId, instead of that of the address.
    """

    spec = ObjectSpec(
        "users",
        streams=("users",),
        modes=("upsert", "update"),
        clears=True,
        options={
            **MERGE,
            "update_only": Option(
                bool, "true to send the undocumented `updateOnly`, false to look users up", modes=("update",)
            ),
        },
    )
    example: ClassVar[Mapping[str, Any]] = {
        "email": "ann@example.com",
        "firstName": "Ann",
        "visits": 12,
        "address": {"city": "Bern"},
    }

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """One user; the key of the stream says nothing about it."""
        del key
        fields = self.fields(row, "dataFields")
        identity = self.identities.take(fields)
        updates = self.route.mode == "update"
        merge = self.route.options.get("merge_nested_objects", False)
        part = profile(identity, self.project.fields.of_user(fields), merge=merge, create=not updates)
        return Operation(
            endpoint=_UPDATE_ONLY if updates else _BULK_UPDATE,
            part=dumps(part),
            names=identity.names,
            envelope=self._envelope,
            only_for=identity.sent_names if updates and self._must_look_up(identity) else frozenset(),
            scope=USERS,
            fields=part.get("dataFields", {}),
            # Other streams may hold other fields of the same users.
            place=f"users {self.stream}",
        )

    def _must_look_up(self, identity: UserIdentity) -> bool:
        return not identity.by_user_id and "updateOnly" not in self._flags

    @cached_property
    def _envelope(self) -> Envelope:
        return Envelope.of(self.create_new_fields | self._flags)

    @cached_property
    def _flags(self) -> dict[str, bool]:
        return {"updateOnly": True} if self.route.options.get("update_only") else {}
