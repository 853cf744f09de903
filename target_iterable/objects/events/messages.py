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
"""Mode to endpoint."""
_WITH_METADATA: Final = ("email", "push")
_RECIPIENT: Final = {"email": "recipientEmail", "userId": "recipientUserId"}


class Messages(SendingObject):
    """A user gets the message of a triggered campaign, once for each key of the stream. The mode is its medium.

    email, userId: who gets it.
    campaignId: the campaign, unless the route has `campaign_id`.
    sendAt: when, at most 365 days ahead; at once if empty.
    allowRepeatMarketingSends: whether users get it who have had it before; Iterable takes that for true.
    metadata: an object that comes back in Iterable's webhooks; for e-mail and push.
    dataFields: an object with values for the template; all other columns are such values, too.
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
        """One message."""
        once = self.idempotency_key(key)
        identity = self.identities.pop_identity(row)
        kind, text = next(iter(identity.sent.items()))
        part: Row = {_RECIPIENT[kind]: text, "campaignId": self.number(row, "campaignId", "campaign_id")}
        if (moment := row.pop("sendAt", None)) not in EMPTY:
            part["sendAt"] = _moment(moment)
        if self.route.mode in _WITH_METADATA and (metadata := pop_object(row, "metadata")):
            part["metadata"] = metadata
        part |= self.extras(row)
        return Operation(_TARGET[self.route.mode], dumps(part), identity.names, idempotency_key=once)


def _moment(value: Any) -> str:
    """In UTC without saying so, as the contract wants it."""
    moment = timestamps.parse(str(value))
    if moment is None:
        raise RecordRejectedError("invalidDate", "`sendAt` is not a date and time", "sendAt")
    return timestamps.to_export_bound(moment)
