"""Members of static lists, put in or taken out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from target_iterable.columns import Row
from target_iterable.delivery.field_types import USERS
from target_iterable.delivery.operations import Endpoint, Envelope, Operation
from target_iterable.delivery.refusal import RecordRefusedError
from target_iterable.delivery.serialise import dumps
from target_iterable.delivery.verdicts import named_failures
from target_iterable.keys import whole_number
from target_iterable.objects.base import IterableObject
from target_iterable.objects.profiles import profile
from target_iterable.routes import ObjectSpec, Option

_SUBSCRIBE = Endpoint("/api/lists/subscribe", "subscribers", named_failures)
# Who is not there is out of the list already.
_NOT_THERE: Final = frozenset({"notFoundEmails", "notFoundUserIds"})
_UNSUBSCRIBE = Endpoint("/api/lists/unsubscribe", "subscribers", partial(named_failures, settled=_NOT_THERE))
_EMPTY: Final = (None, "")


class ListMembers(IterableObject):
    """`email` and/or `userId`; `list` or `listId`, unless the route says which list; the rest are profile fields."""

    spec = ObjectSpec(
        "list_members",
        streams=("list_members", "list_users"),
        modes=("add", "remove"),
        clears=True,
        options={
            "list": Option(str, "the name of a list, which is made when it is missing; a text that is not blank"),
            "list_id": Option(int, "the id of a list, a whole number"),
        },
        either=frozenset({"list", "list_id"}),
    )

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """One member. Profile fields travel with those who are added; a removal takes only the identity."""
        del key
        list_id = self._list_id(row.pop("listId", None), row.pop("list", None))
        fields = self.fields(row, "dataFields")
        identity = self.identities.take(fields)
        adding = self.route.mode == "add"
        part: Row = profile(identity, self.project.fields.of_user(fields)) if adding else dict(identity.sent)
        return Operation(
            endpoint=_SUBSCRIBE if adding else _UNSUBSCRIBE,
            part=dumps(part),
            names=identity.names,
            envelope=Envelope.of({"listId": list_id}),
            scope=USERS,
            fields=part.get("dataFields", {}),
            place=f"list {list_id}",
        )

    def _list_id(self, id_: Any, name: Any) -> int:
        """What the route says, else what the record says; an id before a name."""
        if self.route.options:
            id_, name = self.route.options.get("list_id"), self.route.options.get("list")
        if id_ not in _EMPTY:
            return whole_number("listId", id_)
        if not isinstance(name, str) or not name.strip():
            raise RecordRefusedError("missingList", "`list` and `listId` are empty, and the route names no list")
        return self.project.lists.id_of(name, create=self.route.mode == "add")
