"""What users are subscribed to: lists, channels and types of messages."""

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
_IDS: Final = ("emailListIds", "unsubscribedChannelIds", "unsubscribedMessageTypeIds", "subscribedMessageTypeIds")
_ATTRIBUTION: Final = ("campaignId", "templateId")
_COMMAS: Final = re.compile(r"\s*,\s*")

_OVERWRITING: Final = Endpoint("/api/users/bulkUpdateSubscriptions", "updateSubscriptionsRequests", named_failures)
_GROUP: Final = "/api/subscriptions/{subscriptionGroup}/{subscriptionGroupId}"
_CHANGING: Final = {
    EMAIL: Endpoint(_GROUP, "users", all_written, "PUT"),
    USER_ID: Endpoint(_GROUP, "usersByUserId", all_written, "PUT"),
}


class Subscriptions(IterableObject):
    """What users are subscribed to: lists, channels and types of messages.

    Mode `overwrite`: each array that a record has replaces what the user has; where it has none, nothing changes.

    email, userId: the user, who must exist.
    emailListIds: the lists that the user is on; an empty array takes the user off all lists.
    unsubscribedChannelIds, unsubscribedMessageTypeIds: what the user does not want.
    subscribedMessageTypeIds: what the user has opted in to; Iterable has to switch that on for the project.
    campaignId, templateId: what an unsubscription is attributed to.

    Arrays hold ids; they may also come as JSON, or as a text of ids with commas.

    Modes `subscribe` and `unsubscribe`: one list, channel or type of messages. Iterable has to switch them on for the
    project, or the run fails with 404. It answers before it has done anything, and says nothing of users whom it does
    not know.

    email, userId: the user.
    subscriptionGroup: `emailList`, `messageChannel` or `messageType`, unless the route has it as `group`.
    subscriptionGroupId: its id, unless the route has it as `group_id`.
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
                "true or false: whether to refuse message types of channels that are unsubscribed from",
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
        """All subscriptions of one user, or one of them."""
        del key
        made = self._overwriting(row) if self.route.mode == _OVERWRITE else self._changing(row, self.route.mode)
        self.leave_out(row)
        return made

    def removal_of(self, row: Row, key: Sequence[Any]) -> Operation:
        """See `IterableObject`."""
        del key
        return self._changing(row, _UNSUBSCRIBE)

    def _overwriting(self, row: Row) -> Operation:
        identity = self.identities.pop_identity(row)
        ids = {name: _ids(name, value) for name in _IDS if (value := row.pop(name, None)) not in EMPTY}
        if not ids:
            raise RecordRejectedError("missingSubscriptions", f"it has none of {', '.join(_IDS)}")
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
            # A list is the same place for those who write its members.
            dedup_scope=f"list {group_id}" if group == "emailList" else f"{group} {group_id}",
        )

    def _group(self, column: Any) -> str:
        """What the route says, else what the record says; Iterable does not tell capitals in it."""
        group = _GROUPS.get(str(self.route.options.get("group", column)).lower())
        if group is None:
            raise RecordRejectedError(
                "invalidGroup",
                f"`subscriptionGroup` is not {', '.join(_GROUPS.values())}, and the route has no `group`",
                "subscriptionGroup",
            )
        return group


def _ids(name: str, value: Any) -> list[int]:
    """Ids from an array, from JSON of one, or from one or several ids as a text."""
    read = from_json(value)
    if isinstance(read, str):
        read = _COMMAS.split(read.strip())
    ids = read if isinstance(read, list) else [read]
    return [id_number(name, id_) for id_ in ids]
