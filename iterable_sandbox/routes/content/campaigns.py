"""Campaigns."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.routes.base.pages import resource_page, sorted_as_requested
from iterable_sandbox.wire.responses import bad_params, json_answer, not_found

_PATH: Final = "/api/campaigns"
_SORTABLE: Final = ("id", "name", "createdAt", "updatedAt", "startAt")


def list_campaigns(call: Call) -> Response:
    """GET /api/campaigns: paged, sorted, filtered by states."""
    return _page(call, _PATH, call.project.store.resources.all("campaign"))


def get_campaign(call: Call) -> Response:
    """GET /api/campaigns/{id}."""
    number = call.parse_integer("id", call.path["id"])
    campaign = call.project.store.resources.get("campaign", number)
    if campaign is None:
        raise not_found(f"Campaign not found: {number}")
    return json_answer(campaign)


def list_children(call: Call) -> Response:
    """GET /api/campaigns/recurring/{id}/childCampaigns: campaigns that a recurring one has sent."""
    number = call.parse_integer("id", call.path["id"])
    campaigns = call.project.store.resources.all("campaign")
    found = next((row for row in campaigns if row["id"] == number), None)
    if found is None:
        raise bad_params(f"Invalid campaign id: {number}")
    if found["campaignState"] != "Recurring":
        raise bad_params(f"Campaign {number} is not a recurring campaign")
    children = [row for row in campaigns if row.get("recurringCampaignId") == number]
    return _page(call, f"{_PATH}/recurring/{number}/childCampaigns", children)


def _page(call: Call, path: str, campaigns: list[dict[str, Any]]) -> Response:
    states = set(call.query.getlist("campaignState"))
    found = [campaign for campaign in campaigns if not states or campaign["campaignState"] in states]
    ordered = sorted_as_requested(call, found, _SORTABLE)
    return json_answer(resource_page(call, path, "campaigns", ordered, lambda campaign: campaign))


ENDPOINTS: Final = (
    Endpoint("GET", _PATH, list_campaigns),
    Endpoint("GET", f"{_PATH}/recurring/{{id}}/childCampaigns", list_children),
    Endpoint("GET", f"{_PATH}/{{id}}", get_campaign),
)
