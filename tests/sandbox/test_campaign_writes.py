"""Creating campaigns, and starting and stopping them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from iterable_sandbox.wire.clock import StoppedClock
from tests.sandbox.conftest import Http, opened

ANN, BOB = "ann@example.com", "bob@example.com"
START = datetime(2026, 11, 1, tzinfo=UTC)
SOON = "2026-11-02 00:00:00"


class Office:
    """A project with a template, a list with two members and a suppression list with one of them."""

    def __init__(self, http: Http, clock: StoppedClock) -> None:
        self.http, self.clock = http, clock
        self.list_id, self.suppressed = http.new_list(), http.new_list("Not those")
        for list_id, users in ((self.list_id, (ANN, BOB)), (self.suppressed, (BOB,))):
            http.ok("/api/lists/subscribe", {"listId": list_id, "subscribers": [{"email": user} for user in users]})
        body = {"clientTemplateId": "letter", "name": "Letter", "html": "[[ colour ]] {{firstName}} [[size]]"}
        self.template_id = int(http.ok("/api/templates/email/upsert", body)["msg"].rpartition(" ")[2])

    def create(self, **body: Any) -> int:
        answer = self.http.ok("/api/campaigns/create", {"name": "Spring", "templateId": self.template_id} | body)
        number: int = answer["campaignId"]
        return number

    def blast(self, **body: Any) -> int:
        return self.create(**{"listIds": [self.list_id], "suppressionListIds": [self.suppressed]} | body)

    def campaign(self, number: int) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get(f"/api/campaigns/{number}").json()
        return found

    def state(self, number: int) -> str:
        return str(self.campaign(number)["campaignState"])

    def change(self, what: str, number: int) -> int:
        return self.http.post(f"/api/campaigns/{what}", {"campaignId": number}).status_code

    def mailed(self) -> list[str]:
        return [line["email"] for line in self.http.export("emailSend")]


@pytest.fixture
def office() -> Iterator[Office]:
    clock = StoppedClock(START)
    with opened(clock=clock) as http:
        yield Office(http, clock)


def test_a_campaign_gets_a_copy_of_the_template(office: Office) -> None:
    number = office.create(dataFields={"colour": "teal"}, campaignDataFields={"season": "spring"})
    campaign = office.campaign(number)
    assert (campaign["type"], campaign["name"], campaign["messageMedium"]) == ("Triggered", "Spring", "Email")
    assert campaign["templateId"] != office.template_id
    own = office.http.get("/api/templates/email/get", templateId=campaign["templateId"]).json()
    assert (own["html"], own["campaignDataFields"]) == ("teal {{firstName}} [[size]]", {"season": "spring"})
    assert own["metadata"]["campaignId"] == number
    base = office.http.get("/api/templates/email/get", templateId=office.template_id).json()
    assert (base["html"], base["name"]) == ("[[ colour ]] {{firstName}} [[size]]", "Letter")


@pytest.mark.parametrize(("keeps", "templates"), [(True, 2), (False, 1)])
def test_whether_the_copy_has_the_client_template_id_is_a_setting(*, keeps: bool, templates: int) -> None:
    with opened(clock=StoppedClock(START), campaign_keeps_client_template_id=keeps) as http:
        Office(http, StoppedClock(START)).create()
        found = http.get("/api/templates/getByClientTemplateId", clientTemplateId="letter").json()["templates"]
        assert len(found) == templates


def test_a_blast_that_is_not_scheduled_is_sent_to_nobody(office: Office) -> None:
    number = office.blast(scheduleSend=False)
    office.clock.advance(timedelta(days=30))
    assert office.campaign(number)["listIds"] == [office.list_id]
    assert (office.state(number), office.mailed()) == ("Ready", [])


@pytest.mark.parametrize("body", [{}, {"scheduleSend": True}, {"sendAt": SOON}])
def test_a_blast_is_scheduled_unless_that_is_forbidden(office: Office, body: dict[str, Any]) -> None:
    number = office.blast(**body)
    assert (office.mailed() == []) == ("sendAt" in body)
    office.clock.advance(timedelta(days=1))
    assert office.mailed() == [ANN]
    campaign = office.campaign(number)
    assert (campaign["campaignState"], campaign["sendSize"]) == ("Finished", 1)
    office.clock.advance(timedelta(days=1))
    assert office.mailed() == [ANN]


def test_a_blast_is_scheduled_cancelled_and_sent(office: Office) -> None:
    number = office.blast(scheduleSend=False)
    schedule = {"sendAt": "2026-11-03T00:00:00Z"}
    assert office.change("cancel", number) == 400
    assert office.http.post(f"/api/campaigns/{number}/schedule", schedule).status_code == 200
    assert (office.state(number), office.campaign(number)["startAt"]) == ("Scheduled", 1_793_664_000_000)
    assert office.change("cancel", number) == 200
    assert (office.state(number), office.campaign(number).get("startAt")) == ("Ready", None)
    office.clock.advance(timedelta(days=5))
    assert office.mailed() == []
    assert office.http.post(f"/api/campaigns/{number}/send").status_code == 200
    assert (office.state(number), office.mailed()) == ("Finished", [ANN])
    assert office.http.post(f"/api/campaigns/{number}/send").status_code == 400
    assert office.mailed() == [ANN]


def test_a_triggered_campaign_sends_only_while_it_is_active(office: Office) -> None:
    number = office.create()
    target = {"campaignId": number, "recipientEmail": ANN}
    for what, state, status in (
        ("", "Ready", 400),
        ("activateTriggered", "Running", 200),
        ("deactivateTriggered", "Finished", 400),
        ("activateTriggered", "Running", 200),
        ("abort", "Aborted", 400),
    ):
        assert not what or office.change(what, number) == 200
        assert office.state(number) == state
        assert office.http.post("/api/email/target", target).status_code == status
    assert office.change("deactivateTriggered", number) == 400


def test_campaigns_are_archived_and_not_sent_any_more(office: Office) -> None:
    planned, triggered = office.blast(sendAt=SOON), office.create()
    answer = office.http.ok("/api/campaigns/archive", {"campaignIds": [planned, triggered, 4242]})
    assert (answer["success"], [row["campaignId"] for row in answer["failed"]]) == ([planned, triggered], [4242])
    assert {office.state(planned), office.state(triggered)} == {"Archived"}
    office.clock.advance(timedelta(days=5))
    assert office.mailed() == []
    assert office.change("activateTriggered", triggered) == 400


@pytest.mark.parametrize(
    "wrong",
    [
        {"templateId": 42},
        {"listIds": []},
        {"listIds": [42]},
        {"suppressionListIds": [42]},
        {"sendAt": "2026-12-24 00:00:00"},
        {"sendAt": "soon"},
        {"sendMode": "Whenever"},
        {"name": None},
    ],
)
def test_what_makes_no_campaign_is_refused(office: Office, wrong: dict[str, Any]) -> None:
    body = {"name": "Spring", "templateId": office.template_id, "listIds": [office.list_id]}
    assert office.http.post("/api/campaigns/create", body | wrong).status_code == 400
    assert office.http.get("/api/campaigns").json()["campaigns"] == []


def test_what_iterable_has_not_enabled_is_forbidden() -> None:
    with opened(clock=StoppedClock(START), campaign_scheduling=False, campaign_activation=False) as http:
        office = Office(http, StoppedClock(START))
        triggered, blast = office.create(), office.blast(scheduleSend=False)
        assert office.change("activateTriggered", triggered) == office.change("deactivateTriggered", triggered) == 403
        assert http.post(f"/api/campaigns/{blast}/schedule", {"sendAt": SOON}).status_code == 403


def test_a_planned_blast_is_no_message_that_can_be_cancelled_by_its_id(office: Office) -> None:
    office.blast(sendAt=SOON)
    for number in range(5):
        assert office.http.post("/api/email/cancel", {"scheduledMessageId": number}).status_code == 400
    office.clock.advance(timedelta(days=1))
    assert office.mailed() == [ANN]
