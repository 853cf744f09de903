"""The content of templates, and single campaigns."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Http, opened

PARTS = {"Email": "email", "Push": "push", "SMS": "sms", "InApp": "inapp", "Embedded": "embedded"}
CONTENT = {"email": "html", "push": "message", "sms": "message", "inapp": "html", "embedded": "body"}


def campaigns(http: Http) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = http.get("/api/campaigns", pageSize=1000).json()["campaigns"]
    return found


def template_of(http: Http, name: str) -> int:
    number: int = next(row["templateId"] for row in campaigns(http) if row["name"] == name)
    return number


def test_every_template_of_five_media_has_content(seeded: Http) -> None:
    seen = set()
    for campaign in campaigns(seeded):
        part = PARTS.get(campaign["messageMedium"])
        if part is not None:
            found = seeded.get(f"/api/templates/{part}/get", templateId=campaign["templateId"]).json()
            assert (found["templateId"], found["name"]) == (campaign["templateId"], campaign["name"])
            assert found[CONTENT[part]]
            assert "contents" not in found
            seen.add(part)
    assert seen == set(CONTENT)


def test_an_email_template_tells_where_it_belongs_in_its_metadata(seeded: Http) -> None:
    number = template_of(seeded, "Spring letter")
    found = seeded.get("/api/templates/email/get", templateId=number).json()
    listed = seeded.get("/api/templates", pageSize=1000).json()["templates"]
    assert found["metadata"] == next(row for row in listed if row["templateId"] == number)
    assert "campaignId" not in found


def test_content_is_there_for_some_locales(seeded: Http) -> None:
    number = template_of(seeded, "Spring letter")
    german = seeded.get("/api/templates/email/get", templateId=number, locale="de-DE").json()
    default = seeded.get("/api/templates/email/get", templateId=number).json()
    assert german["locale"] == "de-DE"
    assert "locale" not in default
    assert german["subject"] != default["subject"]
    assert seeded.get("/api/templates/email/get", templateId=number, locale="xx-XX").status_code == 404


def test_a_template_of_another_medium_is_not_found(seeded: Http) -> None:
    number = template_of(seeded, "Spring letter")
    assert seeded.get("/api/templates/sms/get", templateId=number).json()["code"] == "NotFound"
    assert seeded.get("/api/templates/email/get").status_code == 400


@pytest.mark.parametrize(("setting", "status"), [("not_found", 404), ("error", 500)])
def test_an_absent_template_is_404_or_500(setting: str, status: int) -> None:
    with opened(absent_template=setting) as http:
        assert http.get("/api/templates/email/get", templateId=1).status_code == status


def test_templates_can_share_a_client_template_id(seeded: Http) -> None:
    found = seeded.get("/api/templates/getByClientTemplateId", clientTemplateId="orders").json()["templates"]
    names = {row["id"]: row["name"] for row in campaigns(seeded)}
    assert {names[row["campaignId"]] for row in found} == {"Order confirmation", "Order shipped"}
    assert [locale["languageTag"] for locale in found[0]["locales"]] == ["de-DE", "fr-FR"]
    empty = seeded.get("/api/templates/getByClientTemplateId", clientTemplateId="nothing").json()
    assert empty == {"templates": []}


def test_one_campaign_is_as_the_list_shows_it(seeded: Http) -> None:
    for campaign in campaigns(seeded)[:3]:
        assert seeded.get(f"/api/campaigns/{campaign['id']}").json() == campaign
    assert seeded.get("/api/campaigns/1").status_code == 404
    assert seeded.get("/api/campaigns/x").status_code == 400


def test_a_recurring_campaign_has_children(seeded: Http) -> None:
    [parent] = seeded.get("/api/campaigns", campaignState="Recurring").json()["campaigns"]
    path = f"/api/campaigns/recurring/{parent['id']}/childCampaigns"
    first = seeded.get(path, pageSize=2, sort="name").json()
    second = seeded.get(first["nextPageUrl"]).json()
    children = [*first["campaigns"], *second["campaigns"]]
    assert [child["name"] for child in children] == ["Autumn letter", "Spring letter", "Summer letter"]
    assert {child["recurringCampaignId"] for child in children} == {parent["id"]}
    assert first["totalCampaignsCount"] == 3
    assert seeded.get(path, campaignState="Draft").json()["campaigns"] == []
    assert seeded.get(f"/api/campaigns/recurring/{children[0]['id']}/childCampaigns").status_code == 400
