"""What starts sending to many: campaigns and journeys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from target_iterable.config.route import ObjectSpec, Option
from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import Name, Operation, single_row_endpoint
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.objects.base.base import IterableObject
from target_iterable.records.column_mapping import Row
from target_iterable.records.ids import id_number
from target_iterable.records.json_texts import from_json
from target_iterable.requests.bulk_response import all_written

_EMPTY: Final[tuple[Any, ...]] = (None, "", [])
_REPEAT: Final = "allowRepeatMarketingSends"

_CAMPAIGN = single_row_endpoint("/api/campaigns/trigger", all_written)
_JOURNEY = single_row_endpoint("/api/workflows/triggerWorkflow", all_written)


class SendingObject(IterableObject):
    """What messages and triggers have in common."""

    def number(self, row: Row, column: str, option: str) -> int:
        """Take `column` out of `row`; the route comes first.

        Raises:
            RecordRejectedError: if that is no whole number.
        """
        given = row.pop(column, None)
        return int(self.route.options[option]) if option in self.route.options else id_number(column, given)

    def extras(self, row: Row) -> Row:
        """The members of a body that all of them may have: the rest of `row`.

        Raises:
            RecordRejectedError: if one is malformed.
        """
        extras: Row = {}
        if (repeat := row.pop(_REPEAT, None)) is not None:
            extras[_REPEAT] = _truth(_REPEAT, repeat)
        if fields := self.fields(row, "dataFields"):
            extras["dataFields"] = fields
        return extras


class CampaignTriggers(SendingObject):
    """A triggered campaign is sent to lists, once for each key of the stream.

    campaignId: the campaign, unless the route has `campaign_id`.
    listIds: an array of ids of lists, or one id.
    suppressionListIds: lists whose members get nothing.
    allowRepeatMarketingSends: whether users get the campaign who have had it before; Iterable takes that for true.
    dataFields: an object with values for the template; all other columns are such values, too.
    """

    spec = ObjectSpec(
        "campaign_triggers",
        streams=("campaign_triggers",),
        modes=("trigger",),
        describes_state=False,
        concerns_users=False,
        once_per_key=True,
        endpoints=(_CAMPAIGN,),
        permission="allow_messaging",
        options={"campaign_id": Option(int, "the id of a campaign, a whole number")},
    )
    example: ClassVar[Mapping[str, Any]] = {"id": 1, "campaignId": 5, "listIds": [12], "discount": "10 %"}

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """One campaign to all lists of the record."""
        once = self.idempotency_key(key)
        part: Row = {"campaignId": self.number(row, "campaignId", "campaign_id"), "listIds": _numbers(row, "listIds")}
        if not part["listIds"]:
            raise RecordRejectedError("missingList", "`listIds` is empty", "listIds")
        if suppressed := _numbers(row, "suppressionListIds"):
            part["suppressionListIds"] = suppressed
        part |= self.extras(row)
        return Operation(_CAMPAIGN, dumps(part), (("campaignId", str(part["campaignId"])),), idempotency_key=once)


class JourneyTriggers(SendingObject):
    """A user, or all members of a list, enter a journey, once for each key of the stream.

    workflowId: the journey, unless the route has `workflow_id`.
    email, userId: the user.
    listId: a list instead of a user.
    dataFields: an object with values for the journey; all other columns are such values, too.
    """

    spec = ObjectSpec(
        "journey_triggers",
        streams=("journey_triggers",),
        modes=("trigger",),
        describes_state=False,
        once_per_key=True,
        endpoints=(_JOURNEY,),
        permission="allow_messaging",
        options={"workflow_id": Option(int, "the id of a journey, a whole number")},
    )
    example: ClassVar[Mapping[str, Any]] = {"id": 1, "workflowId": 7, "email": "ann@example.com", "order": "A-17"}

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """One entry of a user or of a list."""
        once = self.idempotency_key(key)
        part: Row = {"workflowId": self.number(row, "workflowId", "workflow_id")}
        if (list_id := row.pop("listId", None)) not in _EMPTY:
            part["listId"] = id_number("listId", list_id)
            names: tuple[Name, ...] = (("listId", str(part["listId"])),)
        else:
            identity = self.identities.pop_identity(row)
            names = identity.names
            part |= dict([next(iter(identity.sent.items()))])
        if fields := self.fields(row, "dataFields"):
            part["dataFields"] = fields
        return Operation(_JOURNEY, dumps(part), names, idempotency_key=once)


def _numbers(row: Row, column: str) -> list[int]:
    given = from_json(row.pop(column, None))
    several = given if isinstance(given, list) else [] if given in _EMPTY else [given]
    return [id_number(column, one) for one in several]


def _truth(column: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise RecordRejectedError("invalidBoolean", f"`{column}` must be true or false", column)
    return value
