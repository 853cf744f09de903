"""Routes of a project copy: each stream and the ids in it. `tests/pipelines` copies a whole project."""

from __future__ import annotations

from typing import Any

import pytest

from target_iterable.config.setting_error import SettingError
from tests.target.conftest import NewProject, Project
from tests.target.loading import stream

ANN = "ann@example.com"


def test_lists_are_made_by_name_once_and_only_static_ones(project: Project) -> None:
    rows = [
        {"id": 1, "name": "VIP", "description": "The best", "listType": "Standard"},
        {"id": 2, "name": "VIP"},
        {"id": 3, "name": "In Bern", "listType": "Dynamic"},
        {"id": 4, "name": " "},
    ]
    counts = project.load(stream("lists", rows))["lists"]
    assert (counts["written"], counts["unchanged"], counts["reasons"]) == (1, 2, {"missingField": 1})
    assert [(found.name, found.description) for found in project.sandbox.store.lists.all()] == [("VIP", "The best")]
    assert project.load(stream("lists", rows[:1]))["lists"]["unchanged"] == 1


@pytest.mark.parametrize(("project_type", "field"), [("email", "emailListIds"), ("hybrid", "userListIds")])
def test_users_are_on_the_lists_that_have_the_same_names(
    new_project: NewProject, project_type: str, field: str
) -> None:
    project = new_project(project_type=project_type)
    project.holds.make_list("Other")
    lists = stream("lists", [{"id": 77, "name": "VIP"}, {"id": 78, "name": "In Bern", "listType": "Dynamic"}])
    users = stream("users", [{"email": ANN, "emailListIds": [77, 78, 79]}, {"email": "bob@example.com"}])
    project.load([*lists, *users], copy_project=True, project_type=project_type)
    assert project.holds.user(email=ANN)[field] == [project.holds.lists()["VIP"]]
    assert project.holds.members("VIP") == {ANN}


def test_what_no_stream_has_told_the_name_of_is_left_out(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    project.sandbox.store.resources.add("channel", [(5, {"id": 5, "name": "News"})])
    channels = stream("channels", [{"id": 1, "name": "News"}, {"id": 2, "name": "Not here"}])
    user = {"email": ANN, "unsubscribedChannelIds": [1, 2], "unsubscribedMessageTypeIds": [1], "emailListIds": None}
    summary = project.load([*channels, *stream("users", [user])], copy_project=True)
    profile = project.holds.user(email=ANN)
    assert profile["unsubscribedChannelIds"] == [5]
    assert "unsubscribedMessageTypeIds" not in profile
    assert summary["channels"]["unchanged"] == 2
    assert "A user has a channel that is not in this project" in caplog.text


def test_field_types_are_defined_once_and_fields_without_one_are_left_alone(project: Project) -> None:
    rows: list[dict[str, Any]] = [
        {"catalogName": "Books", "fieldName": "size.w", "fieldType": "long"},
        {"catalogName": "Books", "fieldName": "size", "fieldType": "object"},
        {"catalogName": "Books", "fieldName": "title", "fieldType": None},
        {"catalogName": "Books", "fieldName": "price", "fieldType": "money"},
        {"catalogName": "my books", "fieldName": "price", "fieldType": "long"},
    ]
    counts = project.load(stream("catalog_field_mappings", rows))["catalog_field_mappings"]
    assert (counts["read"], counts["reasons"]) == (5, {"invalidType": 1, "invalidCatalog": 1})
    assert project.holds.mappings("Books") == {"size": "object", "size.w": "long"}
    again = project.load(stream("catalog_field_mappings", rows[:3]))["catalog_field_mappings"]
    assert (again["written"], again["unchanged"]) == (0, 3)
    assert project.load(stream("catalogs", [{"name": "books"}, {"name": "Toys"}]))["catalogs"]["written"] == 1
    assert project.holds.catalogs() == ["Books", "Toys"]


def test_events_of_iterables_own_become_custom_events_only_on_request(project: Project) -> None:
    row = {
        "recordId": "r1",
        "email": ANN,
        "createdAt": "2026-01-01T00:00:00Z",
        "campaignId": 7,
        "dataFields": {"ip": "x"},
    }
    messages = stream("email_open", [row], ["recordId"])
    assert project.load(messages, copy_project=True)["email_open"]["unchanged"] == 1
    assert project.holds.events() == []
    for _ in range(2):
        project.load(messages, copy_project=True, copy_system_events=True)
    (event,) = project.holds.events()
    shown = {
        "id": "r1",
        "eventName": "emailOpen",
        "createdAt": "2026-01-01 00:00:00 +00:00",
        "sourceCampaignId": 7,
        "ip": "x",
    }
    assert event.items() >= shown.items()
    assert "campaignId" not in event


def test_streams_are_not_taken_for_those_of_a_project_unless_that_is_said(project: Project) -> None:
    with pytest.raises(SettingError, match="Nothing says what the stream 'email_open' is"):
        project.load(stream("email_open", [{"email": ANN}]))
    counts = project.load(stream("users", [{"email": ANN, "itblInternal": {"a": 1}}]))["users"]
    assert counts["reasons"] == {"reservedField": 1}


def test_a_dry_run_makes_nothing_and_plans_all_of_it(project: Project) -> None:
    messages = [
        *stream("lists", [{"id": 77, "name": "VIP"}]),
        *stream("catalogs", [{"name": "Books"}]),
        *stream("catalog_field_mappings", [{"catalogName": "Books", "fieldName": "price", "fieldType": "long"}]),
        *stream("users", [{"email": ANN, "emailListIds": [77]}]),
    ]
    counts = project.load(messages, copy_project=True, dry_run=True, dry_run_path=str(project.load.rejects_directory))
    assert sum(one["written"] for one in counts.values()) == 4
    assert (project.holds.lists(), project.holds.catalogs()) == ({}, [])
    assert not project.holds.exists(ANN)
