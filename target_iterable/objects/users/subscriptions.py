"""Subscriptions of users to lists, channels and message types."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from target_iterable.config.route import ObjectSpec, Option
from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import Endpoint, Envelope, Operation
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.objects.base.base import IterableObject
from target_iterable.records.column_mapping import EMPTY, Row
from target_iterable.records.ids import id_number
from target_iterable.records.json_texts import from_json
from target_iterable.records.user_identity import EMAIL, USER_ID
from target_iterable.requests.bulk_response import all_written, named_failures

_GROUPS: Final = {group.lower(): group for group in ("emailList", "messageChannel", "messageType")}
_OVERWRITE, _SUBSCRIBE, _UNSUBSCRIBE = "overwrite", "subscribe", "unsubscribe"
_ONE_GROUP: Final = (_SUBSCRIBE, _UNSUBSCRIBE)
SUBSCRIPTION_IDS: Final = (
    "emailListIds",
    "unsubscribedChannelIds",
    "unsubscribedMessageTypeIds",
    "subscribedMessageTypeIds",
)
_ATTRIBUTION: Final = ("campaignId", "templateId")
_COMMAS: Final = re.compile(r"\s*,\s*")

_OVERWRITING: Final = Endpoint("/api/users/bulkUpdateSubscriptions", "updateSubscriptionsRequests", named_failures)
_GROUP: Final = "/api/subscriptions/{subscriptionGroup}/{subscriptionGroupId}"
_CHANGING: Final = {
    EMAIL: Endpoint(_GROUP, "users", all_written, "PUT"),
    USER_ID: Endpoint(_GROUP, "usersByUserId", all_written, "PUT"),
}


class Subscriptions(IterableObject):
    """Subscriptions of users to lists, channels and message types.

    Mode `overwrite`: each array in a record replaces what the user has; a missing array changes nothing.

    email, userId: the user, who must exist.
    emailListIds: the lists that the user is on; an empty array removes the user from all lists.
    unsubscribedChannelIds, unsubscribedMessageTypeIds: what the user is unsubscribed from.
    subscribedMessageTypeIds: what the user has opted in to; only if Iterable has switched that on for the project.
    campaignId, templateId: what an unsubscription is attributed to.

    Arrays hold ids. They may also be JSON of an array, or a text of ids separated by commas.

    Modes `subscribe` and `unsubscribe`: one list, channel or message type. They work only if Iterable has switched them
    on for the project; otherwise the run fails with 404. Iterable answers before it has done the work, and does not
    report unknown users.

    email, userId: the user.
    subscriptionGroup: `emailList`, `messageChannel` or `messageType`, unless the route has it as `group`.
    subscriptionGroupId: the id of the list, channel or message type, unless the route has it as `group_id`.
    """

    spec = ObjectSpec(
        "subscriptions",
        streams=("subscriptions",),
        modes=(_OVERWRITE, *_ONE_GROUP),
        removable_modes=_ONE_GROUP,
        options={
            "group": Option(
                str, "emailList, messageChannel or messageType", "|".join(_GROUPS.values()), modes=_ONE_GROUP
            ),
            "group_id": Option(int, "the id of a list, channel or message type, a whole number", modes=_ONE_GROUP),
            "validate_channel_alignment": Option(
                bool,
                "true to refuse message types of channels that the user is unsubscribed from, or false",
                modes=(_OVERWRITE,),
            ),
        },
    )
    example: ClassVar[Mapping[str, Any]] = {
        "email": "ann@example.com",
        "emailListIds": [12, 15],
        "unsubscribedMessageTypeIds": [],
    }

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """Write all subscriptions of one user, or one of them."""
        del key
        operation = self._overwriting(row) if self.route.mode == _OVERWRITE else self._changing(row, self.route.mode)
        self.leave_out(row)
        return operation

    def removal_of(self, row: Row, key: Sequence[Any]) -> Operation:
        """See `IterableObject`."""
        del key
        return self._changing(row, _UNSUBSCRIBE)

    def _overwriting(self, row: Row) -> Operation:
        identity = self.identities.pop_identity(row)
        ids = {name: _ids(name, value) for name in SUBSCRIPTION_IDS if (value := row.pop(name, None)) not in EMPTY}
        if not ids:
            raise RecordRejectedError("missingSubscriptions", f"it has none of {', '.join(SUBSCRIPTION_IDS)}")
        attribution = {name: row.pop(name, None) for name in _ATTRIBUTION}
        given = {name: id_number(name, value) for name, value in attribution.items() if value not in EMPTY}
        return Operation(
            endpoint=_OVERWRITING,
            part=dumps({**identity.sent, **ids, **given, **self._alignment}),
            names=identity.names,
            dedup_scope="subscriptions",
        )

    @property
    def _alignment(self) -> Row:
        validate = self.route.options.get("validate_channel_alignment")
        return {} if validate is None else {"validateChannelAlignment": validate}

    def _changing(self, row: Row, action: str) -> Operation:
        identity = self.identities.pop_identity(row)
        group = self._group(row.pop("subscriptionGroup", None))
        group_id = id_number(
            "subscriptionGroupId", self.route.options.get("group_id", row.pop("subscriptionGroupId", None))
        )
        kind, name = next(iter(identity.sent.items()))
        return Operation(
            endpoint=_CHANGING[kind],
            part=dumps(name),
            names=identity.names,
            envelope=Envelope.of(query={"action": action}, subscriptionGroup=group, subscriptionGroupId=str(group_id)),
            # The scope of a list is that of `list_members`, which change it, too.
            dedup_scope=f"list {group_id}" if group == "emailList" else f"{group} {group_id}",
        )

    def _group(self, column: Any) -> str:
        """The group of the route, else the one of the record. Upper and lower case are the same."""
        group = _GROUPS.get(str(self.route.options.get("group", column)).lower())
        if group is None:
            raise RecordRejectedError(
                "invalidGroup",
                f"`subscriptionGroup` is not {', '.join(_GROUPS.values())}, and the route has no `group`",
                "subscriptionGroup",
            )
        return group


def _ids(name: str, value: Any) -> list[int]:
    """The ids in an array, in JSON of one, or in a text with commas."""
    read = from_json(value)
    if isinstance(read, str):
        read = _COMMAS.split(read.strip())
    ids = read if isinstance(read, list) else [read]
    return [id_number(name, id_) for id_ in ids]
