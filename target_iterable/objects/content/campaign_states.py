"""Starting and stopping campaigns that exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Final

from iterable_api.errors import BadRequestError, NotFoundError
from iterable_api.facts import timestamps
from iterable_api.http.confirmed import confirmed
from target_iterable.config.route import ObjectSpec, Option
from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import (
    EMPTY_ENVELOPE,
    Endpoint,
    Envelope,
    Operation,
    RowResults,
    single_row_endpoint,
)
from target_iterable.core.rejection import RecordRejectedError, RejectReason
from target_iterable.objects.base.base import IterableObject
from target_iterable.records.column_mapping import Row
from target_iterable.records.ids import id_number
from target_iterable.requests.bulk_response import all_written

_SCHEDULE: Final = "schedule"
_ARCHIVE: Final = "archive"
_NOT_ARCHIVED: Final = RejectReason("notArchived", "Iterable does not list the campaign among those it has archived")


def _archived(rows: Sequence[Operation], answer: Mapping[str, Any]) -> RowResults:
    """Parse the response of `archive`, which names the campaigns that were archived."""
    done = {str(number) for number in answer["success"]}
    results = RowResults(written=[row for row in rows if row.names[0][1] in done])
    results.rejected += [(row, _NOT_ARCHIVED) for row in rows if row.names[0][1] not in done]
    return results


_STARTS: Final[Mapping[str, Endpoint]] = {
    "activate": single_row_endpoint("/api/campaigns/activateTriggered", all_written),
    _SCHEDULE: single_row_endpoint("/api/campaigns/{campaignId}/schedule", all_written),
}
_STOPS: Final[Mapping[str, Endpoint]] = {
    "deactivate": single_row_endpoint("/api/campaigns/deactivateTriggered", all_written),
    "cancel": single_row_endpoint("/api/campaigns/cancel", all_written),
    "abort": single_row_endpoint("/api/campaigns/abort", all_written),
    _ARCHIVE: single_row_endpoint("/api/campaigns/archive", _archived),
}
"""Mode -> endpoint."""
_AFTER: Final = {
    "activate": "Running",
    _SCHEDULE: "Scheduled",
    "deactivate": "Finished",
    "cancel": "Ready",
    "abort": "Aborted",
    _ARCHIVE: "Archived",
}
"""Mode -> state of the campaign after it, as Iterable's own tests of its client have it."""
_OPTIONS: Final = {"campaign_id": Option(int, "the id of a campaign, a whole number")}


class _CampaignState(IterableObject):
    """The common part: one campaign for each record."""

    endpoints: ClassVar[Mapping[str, Endpoint]]

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """Change the state of one campaign."""
        column = row.pop("campaignId", None)
        number = int(self.route.options["campaign_id"]) if self.route.options else id_number("campaignId", column)
        names = (("campaign", str(number)),)
        mode, at = self.route.mode, None
        if mode == _SCHEDULE:
            at = timestamps.parse(str(row.pop("sendAt", None)))
            if at is None:
                raise RecordRejectedError("invalidDate", "`sendAt` is not a date and time", "sendAt")
            part: Row = {"sendAt": at.strftime("%Y-%m-%dT%H:%M:%SZ")}
        else:
            part = {"campaignIds": [number]} if mode == _ARCHIVE else {"campaignId": number}
        self.leave_out({name: value for name, value in row.items() if name not in self.key_properties})
        return Operation(
            self.endpoints[mode],
            dumps(part),
            names,
            Envelope.of(campaignId=str(number)) if mode == _SCHEDULE else EMPTY_ENVELOPE,
            idempotency_key=self.idempotency_key(key, names),
            already_applied=partial(self._is_applied, number, None if at is None else int(at.timestamp() * 1000)),
        )

    def _is_applied(self, number: int, start_ms: int | None) -> bool:
        """Whether the campaign is in the state already: the answer to an earlier try may have been lost."""
        try:
            campaign = confirmed(self.project.client, "GET", "/api/campaigns/{id}", path_params={"id": number})
        except (BadRequestError, NotFoundError):
            return False
        is_there = campaign["campaignState"] == _AFTER[self.route.mode]
        return is_there and start_ms in (None, campaign.get("startAt"))


class CampaignStarts(_CampaignState):
    """Campaigns to activate, if they are triggered ones, or to schedule, if they are blasts. Then they send messages.

    Once for each key of the stream, or for each campaign if the stream has no key. Iterable has to enable both for a
    project. No mode sends a blast at once.

    campaignId: the campaign, unless the route has `campaign_id`.
    sendAt: in the mode `schedule`, when it is sent, at most 7 days ahead.
    """

    spec = ObjectSpec(
        "campaign_starts",
        streams=("campaign_starts",),
        modes=tuple(_STARTS),
        describes_state=False,
        concerns_users=False,
        once_per_key=True,
        permission="allow_messaging",
        options=_OPTIONS,
    )
    example: ClassVar[Mapping[str, Any]] = {"id": 1, "campaignId": 5}
    endpoints = _STARTS


class CampaignStops(_CampaignState):
    """Campaigns to stop. Blasts are cancelled before they are sent, triggered ones deactivated, and both aborted.

    Once for each key of the stream, or for each campaign if the stream has no key. A campaign that is archived is
    cancelled or aborted by Iterable, too. Iterable has to enable deactivating for a project.

    campaignId: the campaign, unless the route has `campaign_id`.
    """

    spec = ObjectSpec(
        "campaign_stops",
        streams=("campaign_stops",),
        modes=tuple(_STOPS),
        describes_state=False,
        concerns_users=False,
        once_per_key=True,
        permission="allow_destructive",
        options=_OPTIONS,
    )
    example: ClassVar[Mapping[str, Any]] = {"id": 1, "campaignId": 5}
    endpoints = _STOPS
