"""What the project knows of its fields is used before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from iterable_api.facts.profile_fields import RESERVED
from target_iterable.delivery.errors import FieldsDroppedError
from tests.target.conftest import NewProject, Project
from tests.target.loading import STATE, stream

ANN, BOB = "ann@example.com", "bob@example.com"
KNOWN = {"age": 5, "height": 1.5, "vip": True, "since": "2024-01-01", "plan": "paid", "home": {"since": "2024-01-01"}}


@pytest.fixture
def known(project: Project) -> Project:
    """A project that has a field of each type."""
    project.load(stream("users", [{"email": ANN, **KNOWN}]))
    return project


def test_a_value_that_cannot_fit_a_known_field_poisons_no_batch(known: Project) -> None:
    rows = [{"email": f"{n}@example.com", "age": "old" if n < 5 else n} for n in range(100)]
    users = known.load(stream("users", rows))["users"]
    assert (users["requests"], users["written"], users["reasons"]) == (1, 95, {"RequestFieldsTypesMismatched": 5})


def test_what_may_or_may_not_fit_is_left_to_iterable(new_project: NewProject) -> None:
    project = new_project(decimals_into_long="accept")
    project.load(stream("users", [{"email": ANN, **KNOWN}]))
    assert project.load(stream("users", [{"email": BOB, "age": 5.5}]))["users"]["written"] == 1


@pytest.mark.parametrize("text", ["2024-11-25T13:37:19Z", "2024-11-25 13:37:19.123", "2024-11-25T14:37:19.5+01:00"])
def test_a_timestamp_is_spelt_as_a_date_where_the_field_is_one_whatever_the_schema_says(
    known: Project, text: str
) -> None:
    known.load(stream("users", [{"email": BOB, "since": text, "home": {"since": text}, "plan": text}]))
    profile = known.holds.user(email=BOB)
    assert profile["since"] == profile["home"]["since"] == "2024-11-25 13:37:19 +00:00"
    assert profile["plan"] == text


def test_types_are_coerced_only_when_asked_for(known: Project) -> None:
    texts = {"email": BOB, "age": " 17 ", "height": "1.75", "vip": "True", "plan": 3}
    assert known.load(stream("users", [texts]))["users"]["written"] == 0
    assert known.load(stream("users", [texts]), coerce_types=True)["users"]["written"] == 1
    profile = known.holds.user(email=BOB)
    assert {name: profile[name] for name in ("age", "height", "vip", "plan")} == {
        "age": 17,
        "height": 1.75,
        "vip": True,
        "plan": "3",
    }


@pytest.mark.parametrize("bad", [{"age": "17 years"}, {"height": "tall"}, {"vip": "perhaps"}, {"since": "soon"}])
def test_what_cannot_be_coerced_is_rejected_with_its_field(known: Project, bad: dict[str, Any]) -> None:
    users = known.load(stream("users", [{"email": BOB, **bad}]), coerce_types=True)["users"]
    assert users["reasons"] == {"RequestFieldsTypesMismatched": 1}
    assert users["requests"] == 0


@pytest.mark.parametrize("create", ["false", False])
def test_new_fields_are_dropped_when_they_are_not_wanted(project: Project, create: Any) -> None:
    users = [{"email": ANN, "shoeSize": 42}]
    events = [{"email": ANN, "eventName": "seen", "colour": "red"}]
    summary = project.load([*stream("users", users), *stream("events", events)], create_new_fields=create)
    assert (summary["users"]["dropped_fields"], summary["users"]["created_fields"]) == (["shoeSize"], [])
    assert summary["events"]["dropped_fields"] == ["colour"]
    assert "shoeSize" not in project.holds.user(email=ANN)


def test_a_run_can_fail_at_fields_that_the_project_drops(project: Project) -> None:
    project.load(stream("users", [{"email": ANN, "plan": "A"}]))
    rows = [{"email": ANN, "shoeSize": 42, "hat": 7}, *[{"email": ANN, "plan": name} for name in "BCD"]]
    options: dict[str, Any] = {"create_new_fields": "false", "on_dropped_fields": "fail", "max_batch_rows": 1}
    with pytest.raises(FieldsDroppedError, match=r"'users'.*without their fields 'hat', 'shoeSize'.*State has not"):
        project.load(stream("users", rows), **options)
    assert project.load.states == []
    users = project.load.streams["users"]
    assert users["dropped_fields"] == ["hat", "shoeSize"]
    assert (users["read"], users["written"], users["unsent"]) == (4, 1, 3)
    assert project.load(stream("users", rows[1:]), **options)["users"]["written"] == 3
    assert project.load.states == [STATE]


def test_new_fields_are_made_against_the_projects_own_setting_when_they_are_wanted(new_project: NewProject) -> None:
    project = new_project(unknown_fields="drop")
    users = project.load(stream("users", [{"email": ANN, "shoeSize": 42}]), create_new_fields="true")["users"]
    assert users["created_fields"] == ["shoeSize"]


def test_fields_that_are_about_to_be_created_are_told_once_with_the_budget(
    known: Project, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="target-iterable")
    before = len(known.holds.field_types())
    rows = [{"email": f"{n}@example.com", "shoe": {"size": n}} for n in range(4)]
    known.load(stream("users", rows), max_batch_rows=1)
    told = [message for message in caplog.messages if "New profile fields" in message]
    assert told == [f"New profile fields: 'shoe', 'shoe.size'. That makes about {before + 2} of the 1000 of a project."]


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_a_field_that_iterable_sets_itself_is_refused_by_name(project: Project, name: str) -> None:
    users = project.load(stream("users", [{"email": ANN, name: "2024-01-01"}]))["users"]
    assert users["reasons"] == {"reservedField": 1}
    route = {"users": {"fields": {name: None}}}
    assert project.load(stream("users", [{"email": ANN, name: "x"}]), streams=route)["users"]["written"] == 1


def test_the_mappings_of_a_catalog_are_known_too(project: Project) -> None:
    things = [{"catalogName": "Things", "itemId": "1", "price": 1}]
    project.load(stream("catalog_items", things))
    client = project.holds.client
    updates = {"mappingsUpdates": [{"fieldName": "price", "fieldType": "double"}]}
    path = "/api/catalogs/{catalogName}/fieldMappings"
    client.request("PUT", path, path_params={"catalogName": "Things"}, json=updates)
    rows = [{**things[0], "price": "cheap"}, {**things[0], "itemId": "2", "price": "9.50"}]
    items = project.load(stream("catalog_items", rows), coerce_types=True)["catalog_items"]
    assert (items["written"], items["reasons"]) == (1, {"RequestFieldsTypesMismatched": 1})
    assert project.holds.items("Things") == {"1": {"price": 1}, "2": {"price": 9.5}}
