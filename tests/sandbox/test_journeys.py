"""Journeys."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import Http


def test_archived_journeys_are_shown_only_when_asked_for(seeded: Http) -> None:
    shown = seeded.get("/api/journeys", pageSize=50).json()["journeys"]
    archived = seeded.get("/api/journeys", state="Archived").json()["journeys"]
    assert not any(journey["isArchived"] for journey in shown)
    assert archived
    assert all(journey["isArchived"] for journey in archived)
    assert seeded.get("/api/journeys", state="Sleeping").status_code == 400


def test_journeys_come_in_pages_of_ten(seeded: Http) -> None:
    first = seeded.get("/api/journeys", sort="-name").json()
    assert (len(first["journeys"]), first["totalJourneysCount"]) == (10, 12)
    assert first["nextPageUrl"] == "/api/journeys?page=2&pageSize=10&sort=-name"
    second = seeded.get(first["nextPageUrl"]).json()
    assert "nextPageUrl" not in second
    names = [journey["name"] for journey in [*first["journeys"], *second["journeys"]]]
    assert names == sorted(set(names), reverse=True)


@pytest.mark.parametrize(("asked", "size"), [(5, 5), (50, 50), (51, 50), (1000, 50)])
def test_a_page_of_journeys_has_fifty_at_most(seeded: Http, asked: int, size: int) -> None:
    [template] = seeded.sandbox.store.resources.all("journey")[:1]
    more = ({**template, "id": number} for number in range(1, 101))
    seeded.sandbox.store.resources.add("journey", ((journey["id"], journey) for journey in more))
    assert len(seeded.get("/api/journeys", pageSize=asked).json()["journeys"]) == size


def test_campaigns_and_events_name_journeys_that_are_there(seeded: Http) -> None:
    journeys = {journey["id"] for journey in seeded.get("/api/journeys", pageSize=50).json()["journeys"]}
    campaigns = seeded.get("/api/campaigns", pageSize=1000).json()["campaigns"]
    named = {campaign["workflowId"] for campaign in campaigns if "workflowId" in campaign}
    assert named
    assert named | {line["workflowId"] for line in seeded.export("journeyExit")} <= journeys
