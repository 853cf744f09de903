"""Campaigns, templates, channels and message types of a seeded project."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Http, opened


def follow(http: Http, path: str, plural: str) -> list[dict[str, Any]]:
    """Everything, by following the relative links."""
    found: list[dict[str, Any]] = []
    link: str | None = path
    while link is not None:
        assert link.startswith("/api/")
        page = http.get(link).json()
        found += page[plural]
        link = page.get("nextPageUrl")
    return found


@pytest.mark.parametrize(("plural", "key"), [("campaigns", "id"), ("templates", "templateId")])
def test_pages_link_to_their_neighbours_and_hold_everything_once(seeded: Http, plural: str, key: str) -> None:
    path = f"/api/{plural}"
    total = seeded.get(path).json()[f"total{plural.capitalize()}Count"]
    found = follow(seeded, f"{path}?pageSize=7", plural)
    assert len(found) == total > 20
    assert [item[key] for item in found] == sorted({item[key] for item in found})
    first = seeded.get(path, pageSize=7).json()
    assert first["nextPageUrl"] == f"{path}?page=2&pageSize=7"
    assert "previousPageUrl" not in first
    assert seeded.get(path, page=2, pageSize=7).json()["previousPageUrl"] == f"{path}?page=1&pageSize=7"


def test_without_a_page_a_project_gets_the_first_twenty(seeded: Http) -> None:
    page = seeded.get("/api/campaigns").json()
    assert len(page["campaigns"]) == 20
    assert page["nextPageUrl"]


def test_old_projects_get_everything_without_total(database: str) -> None:
    with opened(database=database, unpaginated=True) as http:
        page = http.get("/api/campaigns").json()
        assert list(page) == ["campaigns"]
        assert len(page["campaigns"]) >= 25
        assert "totalCampaignsCount" in http.get("/api/campaigns", page=1).json()


def test_a_page_after_the_last_is_empty(seeded: Http) -> None:
    page = seeded.get("/api/campaigns", page=99).json()
    assert page["campaigns"] == []
    assert "nextPageUrl" not in page


@pytest.mark.parametrize("sort", ["name", "-name", "-createdAt", "+id", "startAt", "-startAt"])
def test_campaigns_are_sorted_as_asked(seeded: Http, sort: str) -> None:
    campaigns = seeded.get("/api/campaigns", sort=sort, pageSize=1000).json()["campaigns"]
    name = sort.lstrip("+-")
    values = [campaign[name] for campaign in campaigns if name in campaign]
    assert values == sorted(values, reverse=sort.startswith("-"))
    assert len(campaigns) >= 25


def test_campaigns_can_be_filtered_by_several_states_and_links_keep_the_filter(seeded: Http) -> None:
    path = "/api/campaigns?campaignState=Draft&campaignState=Running&pageSize=5"
    assert {campaign["campaignState"] for campaign in follow(seeded, path, "campaigns")} == {"Draft", "Running"}


def test_triggered_campaigns_lack_what_only_blasts_have(seeded: Http) -> None:
    campaigns = seeded.get("/api/campaigns", pageSize=1000).json()["campaigns"]
    for campaign in campaigns:
        assert isinstance(campaign["createdAt"], int)
        if campaign["type"] == "Triggered":
            assert not {"startAt", "endedAt", "listIds", "sendSize"} & campaign.keys()
    assert {campaign["type"] for campaign in campaigns} == {"Blast", "Triggered"}


def test_templates_are_filtered_by_type_medium_and_creation(seeded: Http) -> None:
    everything = seeded.get("/api/templates", pageSize=1000).json()["templates"]
    triggered = seeded.get("/api/templates", templateType="Triggered", messageMedium="SMS").json()["templates"]
    assert [template["name"] for template in triggered] == ["Delivery text"]
    assert not {"templateType", "messageMedium"} & triggered[0].keys()
    moment = "2026-10-01 00:00:00"
    before = seeded.get("/api/templates", endDateTime=moment, pageSize=1000).json()["templates"]
    since = seeded.get("/api/templates", startDateTime=moment, pageSize=1000).json()["templates"]
    assert len(before) + len(since) == len(everything)
    assert before
    assert since


def test_a_template_date_that_cannot_be_read_is_an_html_400(seeded: Http) -> None:
    response = seeded.get("/api/templates", startDateTime="1734632773073")
    assert response.status_code == 400
    assert "Unable to bind 1734632773073 into a date time!" in response.text


@pytest.mark.parametrize("params", [{"page": "x"}, {"pageSize": "1.5"}, {"page": str(2**70)}])
def test_a_page_that_is_no_number_is_an_html_400(seeded: Http, params: dict[str, str]) -> None:
    response = seeded.get("/api/campaigns", **params)
    assert response.status_code == 400
    assert "Cannot parse parameter" in response.text


def test_message_types_belong_to_channels_and_campaigns_to_templates(seeded: Http) -> None:
    channels = {channel["id"] for channel in seeded.get("/api/channels").json()["channels"]}
    types = seeded.get("/api/messageTypes").json()["messageTypes"]
    templates = seeded.get("/api/templates", pageSize=1000).json()["templates"]
    campaigns = seeded.get("/api/campaigns", pageSize=1000).json()["campaigns"]
    assert {row["channelId"] for row in types} <= channels
    assert {row["messageTypeId"] for row in templates} <= {row["id"] for row in types}
    assert {row["templateId"] for row in campaigns} <= {row["templateId"] for row in templates}
