"""Campaigns are created once, and nothing is sent."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from target_iterable.config.setting_error import SettingError
from tests.target.conftest import NewProject, Project
from tests.target.interrupting import Interrupting, Moment
from tests.target.loading import Message, stream
from tests.target.scenery import fill
from tests.target.test_command_line import COMMAND, settings

ROUTE = {"campaigns": {"object": "campaigns"}}
BLAST = {"id": 1, "name": "Spring", "templateId": 20, "listIds": [12, "13"], "suppressionListIds": 15}


def load(project: Project, *rows: dict[str, Any], **settings: Any) -> dict[str, Any]:
    counts: dict[str, Any] = project.load(stream("campaigns", rows, ["id"]), **{"streams": ROUTE, **settings})
    return dict(counts["campaigns"])


@pytest.fixture
def filled(new_project: NewProject) -> Project:
    """A project with a template and lists."""
    project = new_project(log_personal_data=True)
    fill(project.sandbox)
    return project


def created(project: Project) -> dict[str, dict[str, Any]]:
    """Campaigns that are not part of the scenery, by name."""
    rows = project.sandbox.store.resources.all("campaign")
    return {row["name"]: row for row in rows if "name" in row}


def test_a_blast_is_created_once_and_never_scheduled(filled: Project) -> None:
    for written, unchanged in ((1, 0), (0, 1)):
        counts = load(filled, BLAST)
        assert (counts["written"], counts["unchanged"]) == (written, unchanged)
    [blast] = created(filled).values()
    assert (blast["campaignState"], blast["type"]) == ("Ready", "Blast")
    assert (blast["listIds"], blast["suppressionListIds"]) == ([12, 13], [15])
    assert filled.sandbox.store.schedule.due(2**62) == []


def test_a_campaign_without_lists_is_triggered_and_not_active(filled: Project) -> None:
    fields = {"campaignDataFields": '{"season": "spring"}', "dataFields": {"colour": "teal"}}
    assert load(filled, {"id": 1, "name": "Welcome", "templateId": "20", "type": "Triggered", **fields})["written"] == 1
    assert (created(filled)["Welcome"]["type"], created(filled)["Welcome"]["campaignState"]) == ("Triggered", "Ready")
    [body] = [entry.body for entry in filled.sandbox.requests("POST /api/campaigns/create")]
    assert body is not None
    assert '"dataFields":{"colour":"teal"}' in body
    assert '"campaignDataFields":{"season":"spring"}' in body


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"name": ""}, "missingField"),
        ({"templateId": None}, "invalidNumber"),
        ({"listIds": ["a"]}, "invalidNumber"),
        ({"type": "Blast", "listIds": []}, "invalidCampaignType"),
        ({"type": "Triggered"}, "invalidCampaignType"),
        ({"templateId": 4242}, "BadParams"),
        ({"id": None}, "missingKey"),
    ],
)
def test_a_record_that_makes_no_campaign_is_rejected(filled: Project, wrong: dict[str, Any], reason: str) -> None:
    assert load(filled, BLAST | wrong)["reasons"] == {reason: 1}
    assert created(filled) == {}


def test_a_campaign_of_which_nobody_knows_whether_it_was_created_is_not_created_again(filled: Project) -> None:
    filled.sandbox.inject("answer", route="POST /api/campaigns/create", status=502, body="")
    assert load(filled, BLAST)["reasons"] == {"unconfirmed": 1}
    assert load(filled, BLAST)["reasons"] == {"unconfirmed": 1}
    assert created(filled) == {}
    sent = {"campaigns": {"object": "campaigns", "on_unconfirmed": "send"}}
    assert load(filled, BLAST, streams=sent)["written"] == 1
    assert list(created(filled)) == ["Spring"]


@pytest.mark.parametrize("moment", Moment)
def test_a_killed_run_and_the_next_create_no_campaign_twice(filled: Project, tmp_path: Path, moment: Moment) -> None:
    rows = [{**BLAST, "id": number, "name": f"c{number}"} for number in range(6)]
    messages = stream("campaigns", rows, ["id"])
    with Interrupting.proxy(filled.sandbox.url, 3, moment, signal.SIGKILL) as proxy:
        shared = {"api_key": filled.sandbox.api_key, "api_url": proxy, "enforce_rate_limits": False}
        config = settings(
            tmp_path,
            **shared,
            streams=ROUTE,
            ledger=str(tmp_path / "ledger.db"),
            rejects_path=str(tmp_path / "rejects"),
        )
        code, _ = Interrupting.run([COMMAND, "--config", config], messages)
    assert code == -signal.SIGKILL
    counts = load(filled, *rows)
    made = [row["name"] for row in filled.sandbox.store.resources.all("campaign") if "name" in row]
    assert len(made) == len({*made}) >= len(rows) - counts["rejected"]
    assert counts["reasons"].keys() <= {"unconfirmed"}


def test_the_stream_of_the_tap_creates_none_unless_a_route_says_so(filled: Project) -> None:
    with pytest.raises(SettingError, match="Nothing says what the stream 'campaigns' is"):
        load(filled, BLAST, streams={})
    assert load(filled, BLAST, streams={}, copy_project=True)["unchanged"] == 1
    assert created(filled) == {}


THERE: list[dict[str, Any]] = [
    {"id": 1, "name": "Planned", "type": "Blast", "campaignState": "Scheduled", "listIds": [101], "templateId": 501},
    {"id": 2, "name": "Sent", "type": "Blast", "campaignState": "Finished", "listIds": [101], "templateId": 502},
    {"id": 3, "name": "Old", "type": "Triggered", "campaignState": "Archived", "templateId": 503},
    {"id": 4, "name": "Welcome", "type": "Triggered", "campaignState": "Running", "templateId": 504, "workflowId": 8},
    {"id": 5, "name": "Child", "type": "Blast", "campaignState": "Ready", "listIds": [101], "recurringCampaignId": 9},
    {"id": 6, "name": "WhatsApp", "type": "Triggered", "campaignState": "Running", "messageMedium": "WhatsApp"},
    {"id": 7, "name": "No copy", "type": "Triggered", "campaignState": "Running", "templateId": 507},
]
LISTS = [
    {"id": 101, "name": "News", "listType": "Standard"},
    {"id": 102, "name": "Nobody", "listType": "Suppression"},
    {"id": 103, "name": "Lapsed", "listType": "Dynamic"},
]


def there(*rows: dict[str, Any]) -> list[Message]:
    """Streams of another project: lists, and campaigns with all that the tap tells of them."""
    beside = {"messageMedium": "Email", "suppressionListIds": [102], "labels": ["a"], "sendSize": 5, "dataFields": {}}
    return [*stream("lists", LISTS, ["id"]), *stream("campaigns", [beside | row for row in rows], ["id"])]


def copied(project: Project, *rows: dict[str, Any]) -> dict[str, Any]:
    counts: dict[str, Any] = project.load(there(*rows), copy_project=True, copy_campaigns=True)["campaigns"]
    return counts


def prepare(project: Project) -> None:
    """Copies of templates, and lists that nobody can create by the API."""
    contents = [
        {"templateId": number, "locale": "", "messageMedium": "Email", "campaignId": 1, "subject": f"{number}"}
        for number in (501, 502, 503, 504)
    ]
    project.load(stream("template_contents", contents, ["templateId", "locale"]), copy_project=True)
    # A list of the same name and another type is not the same list.
    for type_ in ("Standard", "Suppression"):
        project.sandbox.store.lists.create("Nobody", None, 0, type_)


def test_a_copy_has_the_templates_and_lists_of_the_same_names_and_what_went_out_is_left_out(
    filled: Project, caplog: pytest.LogCaptureFixture
) -> None:
    prepare(filled)
    for written, unchanged in ((2, 4), (0, 6)):
        counts = copied(filled, *THERE)
        assert (counts["written"], counts["unchanged"]) == (written, unchanged)
        assert counts["reasons"] == {"unknownTemplate": 1}
    assert created(filled).keys() == {"Planned", "Welcome"}
    planned, welcome = created(filled)["Planned"], created(filled)["Welcome"]
    assert (planned["type"], planned["campaignState"], planned["listIds"]) == ("Blast", "Ready", [12])
    assert planned["suppressionListIds"] == [filled.sandbox.store.lists.all()[-1].id]
    assert (welcome["type"], welcome["campaignState"], "listIds" in welcome) == ("Triggered", "Ready", False)
    assert filled.holds.templates("email", planned["templateId"])[0]["subject"] == "501"
    assert filled.sandbox.store.schedule.due(2**62) == []
    assert caplog.text.count("Campaigns of the media Email, Push, SMS, InApp, Embedded only are copied") == 2


@pytest.mark.parametrize("member", ["listIds", "suppressionListIds"])
@pytest.mark.parametrize("number", [103, 104])
def test_a_campaign_with_a_list_that_is_not_here_is_rejected(filled: Project, member: str, number: int) -> None:
    prepare(filled)
    row = THERE[0] | {member: [101, number]}
    assert copied(filled, row)["reasons"] == {"unknownList": 1}
    assert created(filled) == {}


def test_a_campaign_that_was_rejected_is_created_when_its_template_is_there(filled: Project) -> None:
    assert copied(filled, THERE[0])["reasons"] == {"unknownTemplate": 1}
    prepare(filled)
    assert copied(filled, THERE[0])["written"] == 1


def test_a_copy_of_a_template_that_campaigns_here_have_is_not_taken_for_the_template(filled: Project) -> None:
    prepare(filled)
    for row in (THERE[0], {**THERE[0], "id": 8, "name": "Another"}):
        copied(filled, row)
    assert len(filled.holds.template_ids("copy-of-501")) == 3
    asked = [entry.body for entry in filled.sandbox.requests("POST /api/campaigns/create")]
    base = min(filled.holds.template_ids("copy-of-501"))
    assert all(body is not None and f'"templateId":{base}' in body for body in asked)


def test_a_dry_run_creates_no_campaign_and_plans_it(filled: Project) -> None:
    folder = str(filled.load.rejects_directory)
    assert load(filled, BLAST, dry_run=True, dry_run_path=folder)["written"] == 1
    assert created(filled) == {}
    assert load(filled, BLAST)["written"] == 1
