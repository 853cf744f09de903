"""Journeys, which the API once called workflows."""

from __future__ import annotations

from typing import Final

from iterable_api.http.api_request import Params
from iterable_api.http.client import IterableClient
from tap_iterable.stream_types.resource_stream import MetadataStream, RowIterator, pages

JOURNEYS: Final = "/api/journeys"
PAGE_SIZE: Final = 50
_STATES: Final[tuple[Params, ...]] = ({}, {"state": "Archived"})
"""Filters: without a state Iterable sends all journeys but the archived ones."""


def journeys(client: IterableClient) -> RowIterator:
    """Every journey once, though one may be archived while we read."""
    seen: set[int] = set()
    for state in _STATES:
        for journey in pages(client, JOURNEYS, "journeys", filters=state, size=PAGE_SIZE):
            if journey["id"] not in seen:
                seen.add(journey["id"])
                yield journey


class JourneysStream(MetadataStream):
    """Journeys, also archived ones."""

    name = "journeys"
    endpoints = (JOURNEYS,)
    cost = "2 requests, and 1 more per 50 journeys"

    def rows(self) -> RowIterator:
        """Every journey."""
        return journeys(self.client)
