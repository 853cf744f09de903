"""Messages to single users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from iterable_api.facts import timestamps
from target_iterable.config.route import ObjectSpec, Option
from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import Endpoint, Operation, single_row_endpoint
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.objects.events.triggers import SendingObject
from target_iterable.records.column_mapping import EMPTY, Row, pop_object
from target_iterable.requests.bulk_response import all_written

_TARGET: Final[Mapping[str, Endpoint]] = {
    medium: single_row_endpoint(f"/api/{medium}/target", all_written)
    for medium in ("email", "push", "sms", "inApp", "webPush", "whatsApp")
}
"""Mode -> endpoint."""
_WITH_METADATA: Final = ("email", "push")
_RECIPIENT: Final = {"email": "recipientEmail", "userId": "recipientUserId"}


class Messages(SendingObject):
    """Messages of triggered campaigns to single users, once for each key of the stream. The mode is the medium.

    email, userId: the recipient.
    campaignId: the campaign, unless the route has `campaign_id`.
    sendAt: when to send, at most 365 days ahead; by default, at once.
    allowRepeatMarketingSends: whether users may get the campaign again; Iterable's default is true.
    metadata: an object that Iterable's webhooks return; for e-mail and push only.
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
        options={"campaign_id": Option(int, "the id of a campaign, a whole number")},
    )
    example: ClassVar[Mapping[str, Any]] = {"id": 1, "email": "ann@example.com", "campaignId": 5, "order": "A-17"}

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """Send one message."""
        idempotency_key = self.idempotency_key(key)
        identity = self.identities.pop_identity(row)
        kind, text = next(iter(identity.sent.items()))
        part: Row = {_RECIPIENT[kind]: text, "campaignId": self.pop_id_number(row, "campaignId", "campaign_id")}
        if (moment := row.pop("sendAt", None)) not in EMPTY:
            part["sendAt"] = _moment(moment)
        if self.route.mode in _WITH_METADATA and (metadata := pop_object(row, "metadata")):
            part["metadata"] = metadata
        part |= self.common_members(row)
        return Operation(_TARGET[self.route.mode], dumps(part), identity.names, idempotency_key=idempotency_key)


def _moment(value: Any) -> str:
    """The time in UTC without a time zone, as the API wants it."""
    moment = timestamps.parse(str(value))
    if moment is None:
        raise RecordRejectedError("invalidDate", "`sendAt` is not a date and time", "sendAt")
    return timestamps.to_export_bound(moment)
