"""Objects that start sending: campaigns and journeys."""

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
    """The common part of messages and triggers."""

    def pop_id_number(self, row: Row, column: str, option: str) -> int:
        """Remove `column` from `row`, and return the id: the one in the route's `option`, or else the column's.

        Raises:
            RecordRejectedError: if the column is not a whole number.
        """
        value = row.pop(column, None)
        return int(self.route.options[option]) if option in self.route.options else id_number(column, value)

    def common_members(self, row: Row) -> Row:
        """The members of the body that messages and campaigns share, from the rest of `row`.

        Raises:
            RecordRejectedError: if one of them is malformed.
        """
        members: Row = {}
        if (repeat := row.pop(_REPEAT, None)) is not None:
            members[_REPEAT] = _boolean(_REPEAT, repeat)
        if fields := self.fields(row, "dataFields"):
            members["dataFields"] = fields
        return members


class CampaignTriggers(SendingObject):
    """Triggered campaigns, sent to lists, once for each key of the stream.

    campaignId: the campaign, unless the route has `campaign_id`.
    listIds: an array of ids of lists, or one id.
    suppressionListIds: lists whose members get nothing.
    allowRepeatMarketingSends: whether users may get the campaign again; Iterable's default is true.
    dataFields: an object with values for the template; all other columns are values for the template, too.
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
        """Trigger one campaign for all lists of the record."""
        idempotency_key = self.idempotency_key(key)
        part: Row = {
            "campaignId": self.pop_id_number(row, "campaignId", "campaign_id"),
            "listIds": _id_numbers(row, "listIds"),
        }
        if not part["listIds"]:
            raise RecordRejectedError("missingList", "`listIds` is empty", "listIds")
        if suppressed := _id_numbers(row, "suppressionListIds"):
            part["suppressionListIds"] = suppressed
        part |= self.common_members(row)
        return Operation(
            _CAMPAIGN, dumps(part), (("campaignId", str(part["campaignId"])),), idempotency_key=idempotency_key
        )


class JourneyTriggers(SendingObject):
    """Journeys that a user or all members of a list enter, once for each key of the stream.

    workflowId: the journey, unless the route has `workflow_id`.
    email, userId: the user.
    listId: a list, instead of a user.
    dataFields: an object with values for the journey; all other columns are values for the journey, too.
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
        """Trigger one journey for a user or a list."""
        idempotency_key = self.idempotency_key(key)
        part: Row = {"workflowId": self.pop_id_number(row, "workflowId", "workflow_id")}
        if (list_id := row.pop("listId", None)) not in _EMPTY:
            part["listId"] = id_number("listId", list_id)
            names: tuple[Name, ...] = (("listId", str(part["listId"])),)
        else:
            identity = self.identities.pop_identity(row)
            names = identity.names
            part |= dict([next(iter(identity.sent.items()))])
        if fields := self.fields(row, "dataFields"):
            part["dataFields"] = fields
        return Operation(_JOURNEY, dumps(part), names, idempotency_key=idempotency_key)


def _id_numbers(row: Row, column: str) -> list[int]:
    value = from_json(row.pop(column, None))
    ids = value if isinstance(value, list) else [] if value in _EMPTY else [value]
    return [id_number(column, id_) for id_ in ids]


def _boolean(column: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise RecordRejectedError("invalidBoolean", f"`{column}` must be true or false", column)
    return value
