"""Journeys, called workflows in parts of the API."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.routes.base.pages import requested_page, sorted_as_requested
from iterable_sandbox.wire.responses import bad_params, json_answer

_PATH: Final = "/api/journeys"
_SORTABLE: Final = ("id", "name", "createdAt", "updatedAt")
_ARCHIVED: Final = "Archived"


def list_journeys(call: Call) -> Response:
    """GET /api/journeys: journeys that are not archived, or only archived ones with `state=Archived`."""
    states = set(call.query.getlist("state"))
    if not states <= {_ARCHIVED}:
        raise bad_params(f"Invalid state: {', '.join(sorted(states))}")
    journeys = call.project.store.resources.all("journey")
    found = sorted_as_requested(call, [row for row in journeys if row["isArchived"] == bool(states)], _SORTABLE)
    page = requested_page(call, default=10, largest=50)
    total = {"totalJourneysCount": len(found)}
    return json_answer({"journeys": page.of(found)} | page.links(call, _PATH, len(found)) | total)


ENDPOINTS: Final = (Endpoint("GET", _PATH, list_journeys),)
