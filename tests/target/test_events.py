"""Custom events, from records to exports."""

from __future__ import annotations

from typing import Any

import pytest

from tests.target.conftest import NewProject, Project
from tests.target.loading import stream

ANN = "ann@example.com"


def event(**more: Any) -> dict[str, Any]:
    return {"email": ANN, "eventName": "seen", **more}


def test_an_event_has_its_own_attributes_and_all_else_is_data(project: Project) -> None:
    record = event(
        id="e1", createdAt="2024-11-25T13:37:19Z", campaignId="12", templateId=34, dataFields={"id": "p1"}, price=9.5
    )
    project.load(stream("shop-events", [record]))
    (stored,) = project.holds.events()
    assert stored["createdAt"] == "2024-11-25 13:37:19 +00:00"
    assert (stored["eventName"], stored["email"], stored["campaignId"], stored["templateId"]) == ("seen", ANN, 12, 34)
    assert stored["price"] == 9.5


@pytest.mark.parametrize(
    ("created_at", "stored"),
    [
        ("2024-11-25T13:37:19.5+01:00", "2024-11-25 12:37:19 +00:00"),
        ("2024-11-25 13:37:19", "2024-11-25 13:37:19 +00:00"),
        ("2024-11-25", "2024-11-25 00:00:00 +00:00"),
        (1732541839, "2024-11-25 13:37:19 +00:00"),
        (1732541839.25, "2024-11-25 13:37:19 +00:00"),
        (1732541839250, "2024-11-25 13:37:19 +00:00"),
    ],
)
def test_any_date_becomes_the_second_in_which_the_event_happened(
    project: Project, created_at: Any, stored: str
) -> None:
    project.load(stream("events", [event(createdAt=created_at)]))
    assert project.holds.events()[0]["createdAt"] == stored


def test_the_name_of_all_events_can_be_fixed(project: Project) -> None:
    rows = [{"email": ANN, "total": 5}, event(total=6)]
    route = {"object": "events", "event_name": "order"}
    project.load(stream("shop-orders", rows), streams={"shop-orders": route})
    assert [stored["eventName"] for stored in project.holds.events()] == ["order", "order"]


def test_fields_without_a_value_are_left_out_of_events_where_the_route_says_so(project: Project) -> None:
    rows = [{"email": "ann@example.com", "eventName": "read", "id": "1", "pages": None, "book.title": "One"}]
    project.load(stream("events", [{**rows[0], "pages": 3}]))
    project.load(stream("events", rows), streams={"events": {"nulls": "keep"}})
    (event,) = project.holds.events()
    assert (event["pages"], event["book"]) == (3, {"title": "One"})


def test_a_replay_of_events_without_ids_changes_nothing(project: Project) -> None:
    rows = [event(price=1), event(price=2), {**event(price=1), "email": "bob@example.com"}]
    for _ in range(2):
        assert project.load(stream("events", rows))["events"]["written"] == 3
    assert len(project.holds.events()) == 3


def test_events_alike_are_told_apart_by_the_key_of_their_stream(project: Project) -> None:
    rows = [event(number=1), event(number=2)]
    route = {"object": "events", "fields": {"number": None}}
    project.load(stream("events", rows, key=["number"]), streams={"events": route})
    assert len(project.holds.events()) == 2


def test_many_events_of_one_user_share_a_request(project: Project) -> None:
    events = project.load(stream("events", [event(number=number) for number in range(50)]))["events"]
    assert (events["written"], events["requests"]) == (50, 1)


def test_an_event_that_cannot_be_sent_is_rejected_with_its_reason(project: Project) -> None:
    rows = [
        event(),
        {"email": ANN},
        {"eventName": "seen"},
        event(createdAt="soon"),
        event(createdAt=10**20),
        event(campaignId="x"),
        event(id="x" * 513),
        event(id=True),
    ]
    events = project.load(stream("events", rows))["events"]
    assert (events["written"], events["rejected"]) == (1, 7)
    assert events["reasons"] == {
        "missingEventName": 1,
        "missingIdentity": 1,
        "invalidDate": 2,
        "invalidNumber": 1,
        "invalidId": 2,
    }


def test_events_of_users_that_are_not_there_are_rejected(project: Project) -> None:
    rows = [event(), {"userId": "nobody", "eventName": "seen"}, {"userId": "nobody", "eventName": "bought"}]
    events = project.load(stream("events", rows))["events"]
    assert (events["written"], events["reasons"]) == (1, {"notFoundUserIds": 2})


@pytest.mark.parametrize("counted", [True, False])
def test_events_that_the_project_does_not_track_are_rejected(new_project: NewProject, *, counted: bool) -> None:
    project = new_project(disallowed_events=frozenset({"seen"}), count_disallowed=counted)
    rows = [event(), event(number=1), {"email": ANN, "eventName": "bought"}]
    events = project.load(stream("events", rows))["events"]
    assert (events["written"], events["reasons"]) == (1, {"disallowedEventNames": 2})


def test_users_are_there_before_the_events_of_a_later_stream(project: Project) -> None:
    users = stream("users", [{"email": ANN, "userId": "A1"}])
    # More than the target keeps waiting, so that the events are sent before the input ends.
    events = stream("events", [{"userId": "A1", "eventName": "seen", "number": number} for number in range(10_001)])
    counts = project.load([*users, *events])
    assert counts["events"]["written"] == 10_001


def test_an_event_whose_identifiers_are_two_users_in_a_hybrid_project_is_rejected(new_project: NewProject) -> None:
    project = new_project(project_type="hybrid")
    people = [{"userId": "A1", "email": ANN}, {"userId": "B2", "email": "bob@example.com"}]
    project.load(stream("users", people), project_type="hybrid")
    rows = [event(id="1"), event(id="2", userId="B2"), event(id="3", email=None, userId="B2")]
    events = project.load(stream("events", rows), project_type="hybrid")["events"]
    assert (events["written"], events["reasons"]) == (2, {"unconfirmed": 1})
    assert [stored["id"] for stored in project.holds.events()] == ["1", "3"]
