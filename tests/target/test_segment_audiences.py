"""Members of audiences, in each form that a route can ask for."""

from __future__ import annotations

import pytest

from tests.target.conftest import Project
from tests.target.loading import stream
from tests.target.segment_calls import ANN, Call, call, send, track


@pytest.mark.parametrize(
    ("audiences", "fields", "events", "members"),
    [
        ({}, {"First Buyers": True}, ["Audience Entered", "Audience Exited"], None),
        ({"audiences": "trait"}, {"first_buyers": True, "lapsed": False, "vip": True}, [], None),
        ({"audiences": "event"}, {}, ["Audience Entered", "Audience Entered", "Audience Exited"], None),
        ({"audiences": "list"}, {}, [], {"First Buyers": {ANN}, "vip": {ANN}, "lapsed": set()}),
    ],
)
def test_an_audience_is_a_trait_an_event_or_a_list_as_the_route_says(
    project: Project, audiences: dict[str, str], fields: Call, events: list[str], members: dict[str, set[str]] | None
) -> None:
    project.load(stream("list_members", [{"email": ANN, "list": "lapsed"}]))
    personas = {"computation_class": "audience", "computation_key": "First Buyers"}
    calls = [
        call(
            "identify",
            messageId="1",
            traits={"First Buyers": True},
            context={"traits": {"email": ANN}, "personas": personas},
        ),
        track("Audience Entered", {"audience_key": "vip"}, messageId="2"),
        track("Audience Exited", {"audience_key": "lapsed"}, messageId="3"),
    ]
    assert send(project, *calls, **audiences)["written"] == 3
    profile = project.holds.user(email=ANN)
    assert {
        name: profile[name] for name in ("First Buyers", "first_buyers", "lapsed", "vip") if name in profile
    } == fields
    assert sorted(event["eventName"] for event in project.holds.events()) == events
    assert members is None or {name: project.holds.members(name) for name in project.holds.lists()} == members


@pytest.mark.parametrize("audiences", ["trait", "event", "list"])
def test_other_traits_of_a_call_about_an_audience_are_not_lost(project: Project, audiences: str) -> None:
    personas = {"computation_class": "audience", "computation_key": "vip"}
    send(
        project,
        call("identify", traits={"email": ANN, "vip": True, "plan": "pro"}, context={"personas": personas}),
        audiences=audiences,
    )
    held = project.holds.events() if audiences == "event" else [project.holds.user(email=ANN)]
    assert [one["plan"] for one in held] == ["pro"]


def test_an_audience_that_does_not_say_who_is_in_it_is_rejected(project: Project) -> None:
    personas = {"computation_class": "audience", "computation_key": "vip"}
    calls = [
        call("identify", traits={"vip": "yes"}, context={"personas": personas}),
        call("identify", traits={"vip": True}, context={"personas": {"computation_class": "audience"}}),
        track("Audience Entered", {"name": "vip"}),
    ]
    assert send(project, *calls, audiences="list")["reasons"] == {"invalidAudience": 1, "missingField": 2}


def test_an_audience_of_a_warehouse_is_told_by_columns(project: Project) -> None:
    personas = {"context_personas_computation_class": "audience", "context_personas_computation_key": "First Buyers"}
    record = {"id": "m1", "user_id": "u1", "email": ANN, "first_buyers": True, "lapsed": None, **personas}
    assert send(project, record, call="identify", audiences="list")["written"] == 1
    assert project.holds.members("First Buyers") == {ANN}
