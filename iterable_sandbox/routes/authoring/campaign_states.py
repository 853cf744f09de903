"""Scheduling, sending, stopping, activating and archiving campaigns.

The states that campaigns get are those on which Iterable's own tests of its API client insist. Texts are in our words,
but for the part "is not scheduled", which these tests know.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from starlette.responses import Response

from iterable_sandbox.routes.authoring.campaigns import READY, moment
from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.wire.body_schema import NUMBER, STRING, array_of, object_of
from iterable_sandbox.wire.responses import RefusedError, bad_params, envelope, json_answer
from iterable_sandbox.writes import campaigns, sends

Json = dict[str, Any]

_BLAST: Final = "Blast"
_MAX_AHEAD: Final = timedelta(days=7)
_UNSENT: Final = ("Draft", READY, "Scheduled")


@dataclass(frozen=True)
class _Change:
    """A change of a campaign's state.

    Attributes:
        type: type of campaigns that it is for; empty for both.
        before: states in which it is allowed; empty for all but Archived.
        after: the state that follows.
        refusal: what a campaign in another state is not.
    """

    type: str
    before: Collection[str]
    after: str
    refusal: str


_CHANGES: Final[Mapping[str, _Change]] = {
    "abort": _Change("", ("Draft", READY, "Scheduled", "Starting", "Running", "Recurring"), "Aborted", "running"),
    "cancel": _Change(_BLAST, ("Scheduled", "Recurring"), READY, "scheduled"),
    "activateTriggered": _Change("Triggered", (), "Running", "able to run"),
    "deactivateTriggered": _Change("Triggered", ("Running",), "Finished", "running"),
}
"""Last part of the path -> what it changes."""
_ACTIVATION: Final = {
    "activateTriggered": "API triggered campaign activation is not enabled for your project",
    "deactivateTriggered": "API triggered campaign deactivation is not enabled for your project",
}


def _change(name: str) -> Callable[[Call], Response]:
    def change(call: Call) -> Response:
        """Change the state of a campaign."""
        if name in _ACTIVATION and not call.project.settings.campaign_activation:
            raise _forbidden(_ACTIVATION[name])
        with call.project.store.database.transaction():
            campaign = _campaign(call, call.body["campaignId"], _CHANGES[name])
            _move(call, campaign, _CHANGES[name].after)
        return envelope()

    return change


def schedule_campaign(call: Call) -> Response:
    """POST /api/campaigns/{campaignId}/schedule: at most 7 days ahead. Time zones of users are not respected."""
    if not call.project.settings.campaign_scheduling:
        raise _forbidden("API scheduling campaigns is not enabled for your project")
    at_ms = moment(call, _MAX_AHEAD)
    with call.project.store.database.transaction():
        campaigns.schedule(call.project, _unsent(call), at_ms)
    return envelope()


def send_campaign(call: Call) -> Response:
    """POST /api/campaigns/{campaignId}/send: now, whether it is scheduled or not."""
    with call.project.store.database.transaction():
        campaign = campaigns.unschedule(call.project, _unsent(call))
        sends.send_blast(call.project, campaign, call.project.clock.now())
    return envelope()


def archive_campaigns(call: Call) -> Response:
    """POST /api/campaigns/archive: scheduled ones are cancelled, running ones aborted.

    How Iterable tells of campaigns that it could not archive is not known.
    """
    resources, ids = call.project.store.resources, list(dict.fromkeys(call.body["campaignIds"]))
    with call.project.store.database.transaction():
        found = {number: campaign for number in ids if (campaign := resources.get("campaign", number)) is not None}
        for campaign in found.values():
            _move(call, campaign, "Archived")
    failed = [{"campaignId": number, "reason": "Invalid campaign id"} for number in ids if number not in found]
    return json_answer({"success": list(found), "failed": failed})


def _move(call: Call, campaign: Json, state: str) -> None:
    """Give a campaign a state. A campaign that was scheduled is taken from the schedule."""
    planned = campaign["campaignState"] == "Scheduled"
    kept = campaigns.unschedule(call.project, campaign) if planned else campaign
    campaigns.save(call.project, kept | {"campaignState": state})


def _unsent(call: Call) -> Json:
    number = call.parse_integer("campaignId", call.path["campaignId"])
    return _campaign(call, number, _Change(_BLAST, _UNSENT, "", "waiting to be sent"))


def _campaign(call: Call, number: int, change: _Change) -> Json:
    """The campaign, if it may be changed so."""
    campaign = call.project.store.resources.get("campaign", number)
    if campaign is None or change.type not in ("", campaign["type"]):
        raise bad_params(f"Invalid campaign id: {number}")
    state = campaign["campaignState"]
    if state == "Archived" or (change.before and state not in change.before):
        raise bad_params(f"Campaign {number} is not {change.refusal}")
    return campaign


def _forbidden(msg: str) -> RefusedError:
    """403 with the contract's text, for a feature that Iterable has not enabled."""
    return RefusedError(envelope(msg, "Forbidden", status=403))


_ID: Final = object_of(required=("campaignId",), campaignId=NUMBER)
_ZONES: Final = object_of(required=("defaultTimeZone", "startTimeZone"), defaultTimeZone=STRING, startTimeZone=STRING)

ENDPOINTS: Final = (
    *(Endpoint("POST", f"/api/campaigns/{name}", _change(name), _ID) for name in _CHANGES),
    Endpoint(
        "POST",
        "/api/campaigns/archive",
        archive_campaigns,
        object_of(required=("campaignIds",), campaignIds=array_of(NUMBER)),
    ),
    Endpoint(
        "POST",
        "/api/campaigns/{campaignId}/schedule",
        schedule_campaign,
        object_of(required=("sendAt",), sendAt=STRING, recipientTimeZone=_ZONES),
    ),
    Endpoint("POST", "/api/campaigns/{campaignId}/send", send_campaign),
)
