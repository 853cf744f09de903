"""Creating, changing and deleting templates."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.sandbox.conftest import Http

CONTENT = {"email": "html", "push": "message", "sms": "message", "inapp": "html", "embedded": "body"}


def upserted(http: Http, part: str = "email", **body: Any) -> list[int]:
    """The ids that an upsert names in its answer."""
    answer = http.ok(f"/api/templates/{part}/upsert", {"clientTemplateId": "welcome"} | body)
    assert answer["code"] == "Success"
    found = re.fullmatch(r"Upserted (\d+) templates with IDs: ([\d, ]+)", answer["msg"])
    assert found is not None, answer
    ids = [int(number) for number in found[2].split(", ")]
    assert len(ids) == int(found[1])
    return ids


def content(http: Http, number: int, part: str = "email", **params: Any) -> dict[str, Any]:
    answer = http.get(f"/api/templates/{part}/get", templateId=number, **params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("part", CONTENT)
def test_an_upsert_creates_a_base_template_and_then_changes_only_what_it_names(seeded: Http, part: str) -> None:
    [number] = upserted(seeded, part, name="Welcome", **{CONTENT[part]: "first"})
    assert upserted(seeded, part, **{CONTENT[part]: "second"}) == [number]
    found = content(seeded, number, part)
    assert (found["name"], found[CONTENT[part]], found["clientTemplateId"]) == ("Welcome", "second", "welcome")
    assert isinstance(found["messageTypeId"], int)
    listed = seeded.get("/api/templates", pageSize=1000, templateType="Base").json()["templates"]
    assert number in [row["templateId"] for row in listed]


def test_an_upsert_changes_all_templates_that_share_the_client_template_id(seeded: Http) -> None:
    ids = upserted(seeded, clientTemplateId="orders", subject="New")
    assert len(ids) == 2
    assert {content(seeded, number)["subject"] for number in ids} == {"New"}
    by_id = seeded.get("/api/templates/getByClientTemplateId", clientTemplateId="orders").json()["templates"]
    assert sorted(row["templateId"] for row in by_id) == sorted(ids)


def test_media_do_not_share_client_template_ids(http: Http) -> None:
    assert upserted(http, "email") != upserted(http, "sms")


def test_each_locale_has_its_content(http: Http) -> None:
    [number] = upserted(http, subject="Hello")
    upserted(http, locale="de-DE", subject="Hallo")
    http.ok("/api/templates/email/update", {"templateId": number, "locale": "fr-FR", "subject": "Bonjour"})
    subjects = [content(http, number)["subject"]]
    subjects += [content(http, number, locale=locale)["subject"] for locale in ("de-DE", "fr-FR")]
    assert subjects == ["Hello", "Hallo", "Bonjour"]


def test_members_that_the_contract_does_not_know_are_kept(http: Http) -> None:
    [number] = upserted(http, "sms", message="Hi", trackingDomain="l.example.com", campaignDataFields={"a": 1})
    found = content(http, number, "sms")
    assert (found["trackingDomain"], found["campaignDataFields"]) == ("l.example.com", {"a": 1})


def test_an_update_needs_a_template_of_the_medium(seeded: Http) -> None:
    [number] = upserted(seeded)
    for part, wrong in (("email", 42), ("sms", number)):
        refused = seeded.post(f"/api/templates/{part}/update", {"templateId": wrong, "name": "x"})
        text = f"Template ID: {wrong} does not exist for this project"
        assert (refused.status_code, refused.json()) == (400, {"msg": text, "code": "BadParams", "params": None})
    assert seeded.ok("/api/templates/email/update", {"templateId": number, "name": "x"})["msg"] == ""
    assert content(seeded, number)["name"] == "x"


@pytest.mark.parametrize("wrong", [{"messageTypeId": 1}, {"messageTypeId": 97_961}, {"subject": 1}, {"html": ["a"]}])
def test_what_a_template_may_not_hold_is_refused(seeded: Http, wrong: dict[str, Any]) -> None:
    assert seeded.post("/api/templates/email/upsert", {"clientTemplateId": "welcome"} | wrong).status_code == 400
    assert seeded.post("/api/templates/email/upsert", {"subject": "without an id"}).status_code == 400
    by_id = seeded.get("/api/templates/getByClientTemplateId", clientTemplateId="welcome").json()
    assert by_id == {"templates": []}


def test_templates_of_campaigns_are_not_deleted(seeded: Http) -> None:
    [number] = upserted(seeded)
    answer = seeded.ok("/api/templates/bulkDelete", {"ids": [number, 3_043_601, 1]})
    assert (answer["success"], answer["failed"]) == ([number], [3_043_601, 1])
    assert seeded.get("/api/templates/email/get", templateId=number).status_code == 404
    assert upserted(seeded) != [number]
