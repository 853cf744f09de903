"""Templates, of this project and of another one."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import pytest

from iterable_api.facts.template_contents import PATH_PARTS
from target_iterable.config.setting_error import SettingError
from tests.target.conftest import Project
from tests.target.loading import Message, stream

TYPES = {"Email": 11, "Push": 12, "SMS": 13, "InApp": 14, "Embedded": 15}
"""Medium -> id of its message type."""
CONTENT: dict[str, dict[str, Any]] = {
    "Email": {
        "subject": "Hi",
        "html": "<p>",
        "ccEmails": ["a@example.com"],
        "linkParams": [{"key": "a", "value": "b"}],
    },
    "Push": {"message": "Hi", "payload": {"a": {"b": 1}}, "relevanceScore": 0.5, "wake": True, "dataFeedIds": [7]},
    "SMS": {"message": "Hi", "imageUrl": "https://example.com/a.png"},
    "InApp": {"html": "<p>", "inboxMetadata": {"title": "Hi"}, "expirationDuration": "now+30d"},
    "Embedded": {"title": "Hi", "placementId": 101, "elements": {"text": [{"label": "a", "text": "b"}]}},
}


def add_types(project: Project) -> None:
    """A message type for each medium."""
    resources = project.sandbox.store.resources
    for medium, number in TYPES.items():
        resources.add("channel", [(number, {"id": number, "name": medium, "messageMedium": medium})])
        resources.add("messageType", [(number, {"id": number, "name": f"{medium} news", "channelId": number})])


def only(project: Project, part: str, client_template_id: str, *locale: str) -> dict[str, Any]:
    """The content of the only template of this name; in the default locale, or in another one."""
    [number] = project.holds.template_ids(client_template_id)
    return project.holds.templates(part, number, *locale)[-1]


def message_types() -> list[Message]:
    """Message types as the stream of another project has them, where their ids are others."""
    return stream("message_types", [{"id": number + 100, "name": f"{medium} news"} for medium, number in TYPES.items()])


@pytest.mark.parametrize("medium", PATH_PARTS)
def test_a_template_is_created_and_then_changed(project: Project, medium: str) -> None:
    add_types(project)
    record = {"messageMedium": medium, "clientTemplateId": "a", "name": "A", "messageTypeId": TYPES[medium]}
    texts = [{**CONTENT[medium]}, {"locale": "de-DE", **CONTENT[medium]}, {"name": "B", "locale": "", "nothing": None}]
    assert project.load(stream("templates", [record | text for text in texts]))["templates"]["written"] == 3
    [number] = project.holds.template_ids("a")
    for content in project.holds.templates(PATH_PARTS[medium], number, "de-DE"):
        assert content.items() >= {**CONTENT[medium], "name": "B", "messageTypeId": TYPES[medium]}.items()


def test_columns_of_objects_may_be_json_and_other_columns_are_named(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    record = {
        "clientTemplateId": "a",
        "payload": '{"a": 1}',
        "dataFields": '{"message": "Hi"}',
        "buttons": "[]",
        "x": 1,
    }
    with caplog.at_level(logging.INFO):
        project.load(stream("pushes", [record]), streams={"pushes": {"object": "templates", "medium": "Push"}})
    content = only(project, "push", "a")
    assert (content["payload"], content["message"], content["buttons"]) == ({"a": 1}, "Hi", [])
    assert "templates in mode upsert have no place for the columns 'x'" in caplog.text


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"messageMedium": "WhatsApp"}, "invalidMedium"),
        ({"clientTemplateId": " "}, "missingField"),
        ({"subject": 1}, "invalidField"),
        ({"ccEmails": "a@example.com"}, "invalidField"),
        ({"dataFeedIds": [1.5]}, "invalidField"),
        ({"linkParams": ["a"]}, "invalidField"),
        ({"cacheDataFeed": "yes"}, "invalidField"),
        ({"messageTypeId": 4242}, "BadParams"),
    ],
)
def test_what_iterable_could_not_take_is_rejected(project: Project, wrong: dict[str, Any], reason: str) -> None:
    good = {"messageMedium": "Email", "clientTemplateId": "a", "subject": "Hi"}
    counts = project.load(stream("templates", [good | {"clientTemplateId": "b"}, good | wrong]))["templates"]
    assert (counts["written"], counts["reasons"]) == (1, {reason: 1})


def test_members_beyond_the_contract_are_sent_only_on_request(project: Project) -> None:
    record = {"messageMedium": "SMS", "clientTemplateId": "a", "trackingDomain": "l.example.com"}
    more = {"message": "Hi", "campaignDataFields": {"season": "spring"}}
    for beyond in (False, True):
        project.load(
            stream("t", [{**record, **more}]), streams={"t": {"object": "templates", "beyond_contract": beyond}}
        )
        content = only(project, "sms", "a")
        assert ("trackingDomain" in content, "campaignDataFields" in content) == (beyond, beyond)


def test_an_update_finds_a_template_by_its_id_and_creates_none(project: Project) -> None:
    project.load(stream("templates", [{"messageMedium": "SMS", "clientTemplateId": "a", "message": "Hi"}]))
    [number] = project.holds.template_ids("a")
    change = {"messageMedium": "SMS", "message": "Ho", "campaignDataFields": {"a": 1}, "clientTemplateId": "b"}
    rows = [change | {"templateId": number}, change | {"templateId": number + 1}, change]
    counts = project.load(stream("t", rows), streams={"t": {"object": "templates", "mode": "update"}})["t"]
    assert (counts["written"], counts["reasons"]) == (1, {"BadParams": 1, "invalidNumber": 1})
    content = only(project, "sms", "b")
    assert (content["templateId"], content["message"], content["campaignDataFields"]) == (number, "Ho", {"a": 1})


def test_unchanged_templates_are_not_sent_again(project: Project) -> None:
    rows: list[dict[str, Any]] = [
        {"messageMedium": "SMS", "clientTemplateId": "a", "message": "Hi", "locale": text} for text in ("", "de-DE")
    ]
    route = {"templates": {"skip_unchanged": True}}
    for written, text in ((2, "Hi"), (0, "Hi"), (1, "Ho")):
        rows[1]["message"] = text
        assert project.load(stream("templates", rows), streams=route)["templates"]["written"] == written


def copied(project: Project, *rows: Mapping[str, Any]) -> dict[str, Any]:
    """The counts of a copy of these contents, with what the tap tells beside them."""
    beside = {"messageMedium": "Email", "metadata": {"a": 1}, "createdAt": "2026-01-01T00:00:00Z", "locale": ""}
    found = stream("template_contents", [{**beside, **row} for row in rows], ["templateId", "locale"])
    counts: dict[str, Any] = project.load([*message_types(), *found], copy_project=True)["template_contents"]
    return counts


def test_a_copy_has_the_message_type_of_the_same_name(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    add_types(project)
    of_others = {"creatorUserId": "ana@there.example.com", "dataFeedIds": [3], "dataFeedId": None}
    counts = copied(project, {"templateId": 5, "messageTypeId": 111, "subject": "Hi", **of_others})
    assert counts["written"] == 1
    content = only(project, "email", "copy-of-5")
    assert (content["messageTypeId"], content["subject"]) == (11, "Hi")
    assert "dataFeedIds" not in content
    assert content["creatorUserId"] != "ana@there.example.com"
    assert caplog.text.count("A template has `dataFeedIds`") == 1


def test_a_template_whose_message_type_is_not_here_is_rejected(project: Project) -> None:
    counts = copied(project, {"templateId": 5, "messageTypeId": 111}, {"templateId": 6, "messageTypeId": 99})
    assert counts["reasons"] == {"unknownMessageType": 2}
    assert project.holds.template_ids("copy-of-5") == []


def test_each_template_has_a_copy_of_its_own_and_a_second_run_makes_no_more(project: Project) -> None:
    rows: list[dict[str, Any]] = [
        {"templateId": 1, "clientTemplateId": "orders", "subject": "base"},
        {"templateId": 1, "clientTemplateId": "orders", "subject": "Basis", "locale": "de-DE"},
        {"templateId": 2, "clientTemplateId": "orders", "subject": "another base"},
        {"templateId": 3, "clientTemplateId": "orders", "subject": "of a campaign", "campaignId": 9},
        {"templateId": 7, "clientTemplateId": "orders", "subject": "of another", "metadata": {"campaignId": 9}},
        {"templateId": 4, "clientTemplateId": None, "subject": "without", "campaignDataFields": {"a": 1}},
    ]
    names = ("orders", "copy-of-2", "copy-of-3", "copy-of-7", "copy-of-4")
    for _ in range(2):
        assert copied(project, *rows)["written"] == 6
        found = [only(project, "email", name) for name in names]
        assert [one["subject"] for one in found] == ["base", "another base", "of a campaign", "of another", "without"]
        assert found[4]["campaignDataFields"] == {"a": 1}
        assert only(project, "email", "orders", "de-DE")["subject"] == "Basis"


def test_an_update_of_templates_of_another_project_is_refused_at_the_start(project: Project) -> None:
    with pytest.raises(SettingError, match="foreign_ids"):
        project.load(stream("t", []), streams={"t": {"object": "templates", "mode": "update", "foreign_ids": True}})
