"""Campaigns."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from iterable_sandbox.envelopes import json_answer
from iterable_sandbox.routes.call import Call, Endpoint
from iterable_sandbox.routes.pages import in_order, resource_page

_PATH: Final = "/api/campaigns"
_SORTABLE: Final = ("id", "name", "createdAt", "updatedAt", "startAt")


def list_campaigns(call: Call) -> Response:
    """GET /api/campaigns: paged, sorted, and filtered by one state or several."""
    states = set(call.query.getlist("campaignState"))
    campaigns = call.project.store.resources.all("campaign")
    found = [campaign for campaign in campaigns if not states or campaign["campaignState"] in states]
    ordered = in_order(call, found, _SORTABLE)
    return json_answer(resource_page(call, _PATH, "campaigns", ordered, lambda campaign: campaign))


ENDPOINTS: Final = (Endpoint("GET", _PATH, list_campaigns),)
