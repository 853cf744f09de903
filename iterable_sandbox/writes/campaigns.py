"""Creating, scheduling and sending campaigns. A blast is recorded as sent or skipped for each of its users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from iterable_sandbox.project.project import Project
from iterable_sandbox.store.tables.scheduled import Scheduled
from iterable_sandbox.writes import sends, templates

Json = dict[str, Any]

_CREATOR: Final = "owner@example.com"


def create(project: Project, template: Json, request: Mapping[str, Any], state: str) -> Json:
    """Create a campaign with a copy of a template: a blast if the request has lists, else a triggered campaign."""
    number, now = project.store.resources.new_id("campaign"), project.clock.now()
    lists = request.get("listIds")
    audience = {"listIds": lists, "suppressionListIds": request.get("suppressionListIds") or [], "sendSize": 0}
    campaign: Json = {
        "id": number,
        "createdAt": now,
        "updatedAt": now,
        "name": request["name"],
        "messageMedium": template["messageMedium"],
        "createdByUserId": _CREATOR,
        "updatedByUserId": _CREATOR,
        "campaignState": state,
        **(audience if lists else {}),
        "labels": [],
        "type": "Blast" if lists else "Triggered",
    }
    campaign["templateId"] = templates.copy_for_campaign(project, template, campaign, request)
    return save(project, campaign)


def schedule(project: Project, campaign: Json, at_ms: int) -> None:
    """Schedule a blast. It is sent with the first request at or after that time."""
    unschedule(project, campaign)
    save(project, campaign | {"campaignState": "Scheduled", "startAt": at_ms})
    project.store.schedule.add(Scheduled(campaign["id"], sends.WHOLE_CAMPAIGN, at_ms, {}))


def unschedule(project: Project, campaign: Json) -> Json:
    """Take a blast from the schedule, and return it without a start. Its state is that of before."""
    for planned in project.store.schedule.of_user(sends.WHOLE_CAMPAIGN):
        if planned.campaign == campaign["id"]:
            project.store.schedule.remove(planned.id)
    return {name: value for name, value in campaign.items() if name != "startAt"}


def save(project: Project, campaign: Json) -> Json:
    """Store a campaign, and return it. `updatedAt` does not move, as it does not when a campaign starts or ends."""
    project.store.resources.add("campaign", [(campaign["id"], campaign)])
    return campaign
