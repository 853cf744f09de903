"""Users: profiles, created or updated."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from target_iterable.columns import Row
from target_iterable.delivery.field_types import USERS
from target_iterable.delivery.operations import Endpoint, Envelope, Operation
from target_iterable.delivery.serialise import dumps
from target_iterable.delivery.verdicts import named_failures
from target_iterable.objects.base import IterableObject
from target_iterable.objects.profiles import profile
from target_iterable.routes import ObjectSpec

_BULK_UPDATE = Endpoint("/api/users/bulkUpdate", "users", named_failures)


class Users(IterableObject):
    """`email` and/or `userId`, `dataFields`, and any column as a profile field."""

    spec = ObjectSpec("users", streams=("users",), modes=("upsert",), clears=True)

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """One user; the key of the stream says nothing about it."""
        del key
        fields = self.fields(row, "dataFields")
        identity = self.identities.take(fields)
        part = profile(identity, self.project.fields.of_user(fields))
        return Operation(
            endpoint=_BULK_UPDATE,
            part=dumps(part),
            names=identity.names,
            envelope=self._envelope,
            scope=USERS,
            fields=part.get("dataFields", {}),
            # Other streams may hold other fields of the same users.
            place=f"users {self.stream}",
        )

    @cached_property
    def _envelope(self) -> Envelope:
        return Envelope.of(self.create_new_fields)
