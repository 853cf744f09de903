"""Messages to single users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Final

from iterable_api.facts import timestamps
from target_iterable.config.route import ObjectSpec, Option
from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import Endpoint, Name, Operation, single_row_endpoint
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.objects.events.triggers import SendingObject
from target_iterable.records.column_mapping import EMPTY, Row, pop_object
from target_iterable.records.user_identity import KINDS
from target_iterable.requests.bulk_response import all_written

_TARGET: Final[Mapping[str, Endpoint]] = {
    medium: single_row_endpoint(f"/api/{medium}/target", all_written)
    for medium in ("email", "push", "sms", "inApp", "webPush", "whatsApp")
}
"""Mode -> endpoint."""
_WITH_METADATA: Final = ("email", "push")
_BY_PHONE: Final = ("sms", "whatsApp")
_PHONE: Final = "recipientPhone"
_UNDOCUMENTED: Final = "undocumented_fields"
_RECIPIENT: Final = {"email": "recipientEmail", "userId": "recipientUserId"}


class Messages(SendingObject):
    """Messages of triggered campaigns to single users, once for each key of the stream. The mode is the medium.

    email, userId: the recipient.
    campaignId: the campaign, unless the route has `campaign_id`.
    sendAt: when to send, at most 365 days ahead; by default, at once.
    allowRepeatMarketingSends: whether users may get the campaign again; Iterable's default is true.
    metadata: an object that Iterable's webhooks return; for e-mail and push, with `undocumented_fields` for all media.
    recipientPhone: with `undocumented_fields`, in the modes sms and whatsApp: the recipient's number, instead of email
        and userId or beside them.
    dataFields: an object with values for the template; all other columns are values for the template, too.
    """

    spec = ObjectSpec(
        "messages",
        streams=("messages",),
        modes=tuple(_TARGET),
        describes_state=False,
        once_per_key=True,
        endpoints=tuple(_TARGET.values()),
        permission="allow_messaging",
        options={
            "campaign_id": Option(int, "the id of a campaign, a whole number"),
            _UNDOCUMENTED: Option(
                bool,
                "true to send `recipientPhone`, and `metadata` in every mode, which Iterable's own client sends and "
                "the API's contract does not have, or false",
            ),
        },
    )
    example: ClassVar[Mapping[str, Any]] = {"id": 1, "email": "ann@example.com", "campaignId": 5, "order": "A-17"}

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """Send one message."""
        idempotency_key = self.idempotency_key(key)
        part, names = self._pop_recipient(row)
        part["campaignId"] = self.pop_id_number(row, "campaignId", "campaign_id")
        if (moment := row.pop("sendAt", None)) not in EMPTY:
            part["sendAt"] = _moment(moment)
        if self._takes_metadata and (metadata := pop_object(row, "metadata")):
            part["metadata"] = metadata
        part |= self.common_members(row)
        return Operation(_TARGET[self.route.mode], dumps(part), names, idempotency_key=idempotency_key)

    @cached_property
    def _takes_undocumented(self) -> bool:
        return bool(self.route.options.get(_UNDOCUMENTED))

    @cached_property
    def _takes_metadata(self) -> bool:
        return self._takes_undocumented or self.route.mode in _WITH_METADATA

    def _pop_recipient(self, row: Row) -> tuple[Row, tuple[Name, ...]]:
        """Remove the recipient from `row`, and return its members of the body, and all its names.

        Raises:
            RecordRejectedError: if there is none, or it is malformed.
        """
        phone = row.pop(_PHONE, None) if self._takes_undocumented and self.route.mode in _BY_PHONE else None
        if phone in EMPTY:
            return self._pop_user(row)
        if not isinstance(phone, str):
            raise RecordRejectedError("invalidPhone", f"`{_PHONE}` is not a text", _PHONE)
        number: Row = {_PHONE: phone}
        name = ("phone", phone)
        if not self.identities.best([kind for kind in KINDS if row.get(kind) not in EMPTY]):
            for kind in KINDS:
                row.pop(kind, None)
            return number, (name,)
        part, names = self._pop_user(row)
        return number | part, (*names, name)

    def _pop_user(self, row: Row) -> tuple[Row, tuple[Name, ...]]:
        identity = self.identities.pop_identity(row)
        kind, text = next(iter(identity.sent.items()))
        return {_RECIPIENT[kind]: text}, identity.names


def _moment(value: Any) -> str:
    """The time in UTC without a time zone, as the API wants it."""
    moment = timestamps.parse(str(value))
    if moment is None:
        raise RecordRejectedError("invalidDate", "`sendAt` is not a date and time", "sendAt")
    return timestamps.to_export_bound(moment)
