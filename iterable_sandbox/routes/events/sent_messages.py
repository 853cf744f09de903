"""Messages that were sent to one user."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from starlette.responses import Response

from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.rules import identities
from iterable_sandbox.rules.single_write_errors import rows_fail_request
from iterable_sandbox.store.tables.events import Event
from iterable_sandbox.wire.responses import bad_params, json_answer
from iterable_sandbox.writes.interactions import SENDS
from iterable_sandbox.writes.sends import TYPES

_DEFAULT_MESSAGES: Final = 10
_MAX_MESSAGES: Final = 1000
_FILTERED: Final = ("Email", "Push", "InApp", "SMS")
_FIELDS: Final = ("messageId", "campaignId", "templateId", "createdAt")


def sent_messages(call: Call) -> Response:
    """GET /api/users/getSentMessages: the newest first; none for an unknown user."""
    requested = call.integer("limit")
    limit = _DEFAULT_MESSAGES if requested is None else max(0, min(requested, _MAX_MESSAGES))
    found = [event for event in _sent(call) if _is_wanted(call, event)]
    shown = [{name: event.line[name] for name in _FIELDS} for event in _complete(found)]
    if not call.project.settings.sent_message_details:
        return json_answer({"messages": shown[:limit]})
    detailed = [row | _details(call, row) for row in shown[:limit]]
    return json_answer({"messages": detailed, "totalCount": len(shown)})


def _details(call: Call, row: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that Iterable's own client knows beside those of the contract. `status` is made up."""
    resources = call.project.store.resources
    campaign = resources.get("campaign", row["campaignId"]) or {}
    template = resources.get("template", row["templateId"]) or {}
    names = {"campaignName": campaign.get("name"), "templateName": template.get("name")}
    times = dict.fromkeys(("sentAt", "updatedAt"), row["createdAt"])
    return names | {"messageMedium": campaign.get("messageMedium"), "status": "Sent"} | times


def _sent(call: Call) -> list[Event]:
    with rows_fail_request():
        user = call.project.user_resolver.find(
            identities.read_identity({name: call.text(name) for name in ("email", "userId")})
        )
    medium = call.text("messageMedium")
    if medium is not None and medium not in _FILTERED:
        raise bad_params(f"Invalid messageMedium: {medium}")
    types = SENDS if medium is None else (TYPES[medium],)
    return [] if user is None else call.project.store.events.of_user(user.id, types=types)


def _is_wanted(call: Call, event: Event) -> bool:
    start, end = call.window()
    campaigns = [call.parse_integer("campaignIds", value) for value in call.query.getlist("campaignIds")]
    if (start is not None and event.created_at < start) or (end is not None and event.created_at >= end):
        return False
    if campaigns:
        return event.line.get("campaignId") in campaigns
    return not (call.boolean("excludeBlastCampaigns") and _is_blast(call, event))


def _is_blast(call: Call, event: Event) -> bool:
    campaign = call.project.store.resources.get("campaign", event.line.get("campaignId", 0))
    return campaign is not None and campaign["type"] == "Blast"


def _complete(found: Iterable[Event]) -> list[Event]:
    """Events that have all fields of the answer; loaded lines may lack some."""
    return [event for event in found if all(name in event.line for name in _FIELDS)]


ENDPOINTS: Final = (Endpoint("GET", "/api/users/getSentMessages", sent_messages),)
