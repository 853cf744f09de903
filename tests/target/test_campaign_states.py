"""Campaigns are started and stopped only where that is allowed, and once."""

from __future__ import annotations

from typing import Any

import pytest

from target_iterable.config.setting_error import SettingError
from target_iterable.delivery.errors import DeliveryFailedError
from tests.target.conftest import NewProject, Project
from tests.target.loading import stream
from tests.target.scenery import fill

TRIGGERED, READY, PLANNED = 5, 40, 41
SEND_AT = "2026-01-01T10:00:00+01:00"
CHANGES = [
    ("campaign_starts", "activate", TRIGGERED, "Running"),
    ("campaign_starts", "schedule", READY, "Scheduled"),
    ("campaign_stops", "deactivate", TRIGGERED, "Finished"),
    ("campaign_stops", "cancel", PLANNED, "Ready"),
    ("campaign_stops", "abort", TRIGGERED, "Aborted"),
    ("campaign_stops", "archive", READY, "Archived"),
]
PERMISSIONS = {"campaign_starts": "allow_messaging", "campaign_stops": "allow_destructive"}
every_change = pytest.mark.parametrize(("object_", "mode", "number", "after"), CHANGES)


@pytest.fixture
def filled(new_project: NewProject) -> Project:
    """A project with campaigns and blasts."""
    project = new_project(log_personal_data=True)
    fill(project.sandbox)
    return project


def change(project: Project, object_: str, mode: str, number: int, **settings: Any) -> dict[str, Any]:
    rows = [{"id": 1, "campaignId": number} | ({"sendAt": SEND_AT} if mode == "schedule" else {})]
    route = {"c": {"object": object_, "mode": mode}}
    allowed = {PERMISSIONS[object_]: True}
    counts: dict[str, Any] = project.load(stream("c", rows, ["id"]), **{"streams": route, **allowed, **settings})
    return dict(counts["c"])


def give(project: Project, number: int, **members: Any) -> None:
    resources = project.sandbox.store.resources
    resources.add("campaign", [(number, {**(resources.get("campaign", number) or {}), **members})])


def stored(project: Project, number: int) -> dict[str, Any]:
    found = project.sandbox.store.resources.get("campaign", number)
    assert found is not None
    return found


@every_change
def test_a_campaign_is_changed_once_for_each_key(
    filled: Project, object_: str, mode: str, number: int, after: str
) -> None:
    if mode == "activate":
        give(filled, number, campaignState="Finished")
    assert change(filled, object_, mode, number)["written"] == 1
    # The next request would send a blast whose time has come.
    assert stored(filled, number)["campaignState"] == after
    give(filled, number, campaignState="Draft")
    assert change(filled, object_, mode, number)["unchanged"] == 1


@every_change
def test_a_change_needs_its_permission(filled: Project, object_: str, mode: str, number: int, after: str) -> None:
    del after
    with pytest.raises(SettingError, match=f"set `{PERMISSIONS[object_]}` to true"):
        change(filled, object_, mode, number, **{PERMISSIONS[object_]: False})
    assert filled.sandbox.requests("POST *") == []


@every_change
def test_a_change_whose_answer_was_lost_is_not_rejected(
    filled: Project, object_: str, mode: str, number: int, after: str
) -> None:
    start = {"startAt": 1_767_258_000_000} if mode == "schedule" else {}
    give(filled, number, campaignState=after, **start)
    filled.sandbox.inject("answer", route="POST *", status=400, body={"code": "BadParams", "msg": "It is so already"})
    assert change(filled, object_, mode, number)["written"] == 1


def test_a_blast_that_is_scheduled_for_another_time_is_rejected(filled: Project) -> None:
    give(filled, READY, campaignState="Scheduled", startAt=5)
    filled.sandbox.inject("answer", route="POST *", status=400, body={"code": "BadParams", "msg": "No"})
    assert change(filled, "campaign_starts", "schedule", READY)["reasons"] == {"BadParams": 1}


@pytest.mark.parametrize("mode", ["activate", "schedule"])
def test_what_iterable_has_not_enabled_fails_the_run(new_project: NewProject, mode: str) -> None:
    project = new_project(campaign_scheduling=False, campaign_activation=False)
    fill(project.sandbox)
    number = READY if mode == "schedule" else TRIGGERED
    with pytest.raises(DeliveryFailedError, match="is not enabled for your project"):
        change(project, "campaign_starts", mode, number)
    assert project.load.states == []


@every_change
def test_a_campaign_that_is_not_there_is_rejected(
    filled: Project, object_: str, mode: str, number: int, after: str
) -> None:
    del number, after
    reason = "notArchived" if mode == "archive" else "BadParams"
    assert change(filled, object_, mode, 4242)["reasons"] == {reason: 1}


def test_a_dry_run_archives_nothing_and_says_what_it_would(filled: Project) -> None:
    folder = str(filled.load.rejects_directory)
    assert change(filled, "campaign_stops", "archive", READY, dry_run=True, dry_run_path=folder)["written"] == 1
    assert stored(filled, READY)["campaignState"] == "Ready"
