"""Exits from journeys, as they are stored."""

from __future__ import annotations

from typing import Any, NamedTuple

from iterable_sandbox.rules.settings import ORGANISATION_ID


class Visit(NamedTuple):
    """A user's way through a journey. Journeys have no steps here, so that it ends at the tile where it has begun.

    Attributes:
        journey_id: id of the journey.
        name: name of the journey, if it has one.
        tile: id of its first tile, if it has one.
        entered: when the user entered, in the form of exports.
        left: when the user left, in the same form.
    """

    journey_id: int
    name: str | None
    tile: int | None
    entered: str
    left: str

    def exit_fields(self, project_id: int, time_zone: str | None) -> dict[str, Any]:
        """Return the fields of the event, without null ones. Which texts `exitReason` may be is not known."""
        tile = None if self.tile is None else str(self.tile)
        fields = {
            "workflowId": self.journey_id,
            "workflowName": self.name,
            "entranceTime": self.entered,
            "exitTime": self.left,
            "exitReason": "completed",
            "exitNodeId": tile,
            "nodeCount": None if tile is None else 1,
            "nodePath": tile,
            "orgId": ORGANISATION_ID,
            "projectId": project_id,
            "timeZone": time_zone,
        }
        return {name: value for name, value in fields.items() if value is not None}
