"""Creating campaigns."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from starlette.responses import Response

from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.routes.users.lists import existing_list
from iterable_sandbox.wire import dates
from iterable_sandbox.wire.body_schema import BOOLEAN, NUMBER, OBJECT, STRING, array_of, object_of
from iterable_sandbox.wire.responses import bad_params, json_answer
from iterable_sandbox.writes import campaigns

_MEDIA: Final = ("Email", "Push", "WebPush", "SMS", "InApp", "Embedded")
_MODES: Final = (None, "ProjectTimeZone", "RecipientTimeZone")
_MAX_AHEAD: Final = timedelta(days=21)
READY: Final = "Ready"
"""State of a campaign that nobody has scheduled, activated or sent. Iterable says it of one that was cancelled."""


def create_campaign(call: Call) -> Response:
    """POST /api/campaigns/create: a blast is scheduled unless `scheduleSend` is false.

    The error for an empty array of lists is that of a recording. Everybody gets a message at the same moment, since
    the sandbox knows no time zones of users.
    """
    project, body = call.project, call.body
    if body.get("listIds") == []:
        raise bad_params("The listIds field must be specified")
    if body.get("sendMode") not in _MODES:
        raise bad_params(f"Invalid sendMode: {body['sendMode']}")
    for list_id in [*(body.get("listIds") or ()), *(body.get("suppressionListIds") or ())]:
        existing_list(project, list_id)
    template = _template(call)
    at_ms = moment(call, _MAX_AHEAD) if "sendAt" in body else project.clock.now()
    with project.store.database.transaction():
        campaign = campaigns.create(project, template, body, READY)
        if campaign["type"] == "Blast" and body.get("scheduleSend") is not False:
            campaigns.schedule(project, campaign, at_ms)
    return json_answer({"campaignId": campaign["id"]})


def moment(call: Call, most_ahead: timedelta) -> int:
    """The time in `sendAt`, in epoch milliseconds.

    Raises:
        RefusedError: it is no time, or is too far away. Iterable's texts are not known.
    """
    try:
        at = dates.request_parameter(call.body["sendAt"])
    except ValueError as problem:
        raise bad_params(f"sendAt: {problem}") from None
    if at > call.project.clock.moment() + most_ahead:
        raise bad_params(f"sendAt is more than {most_ahead.days} days away")
    return int(at.timestamp() * 1000)


def _template(call: Call) -> dict[str, Any]:
    number = call.body["templateId"]
    template = call.project.store.resources.get("template", number)
    if template is None:
        raise bad_params(f"Template ID: {number} does not exist for this project")
    if template["messageMedium"] not in _MEDIA:
        raise bad_params(f"Campaigns of the medium {template['messageMedium']} cannot be created")
    return template


_CREATE: Final = object_of(
    required=("name", "templateId"),
    name=STRING,
    templateId=NUMBER,
    listIds=array_of(NUMBER),
    suppressionListIds=array_of(NUMBER),
    scheduleSend=BOOLEAN,
    sendAt=STRING,
    sendMode=STRING,
    startTimeZone=STRING,
    defaultTimeZone=STRING,
    dataFields=OBJECT,
    campaignDataFields=OBJECT,
)

ENDPOINTS: Final = (Endpoint("POST", "/api/campaigns/create", create_campaign, _CREATE),)
