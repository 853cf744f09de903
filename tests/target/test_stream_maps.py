"""Stream maps of the target: null leaves out, whatever its form, and what is left out needs no route."""

from __future__ import annotations

from typing import Any

import pytest

from target_iterable.config.setting_error import SettingError
from tests.target.conftest import Project
from tests.target.loading import STATE, stream

ANN = "ann@example.com"
USERS = stream("users", [{"email": ANN, "plan": "gold", "note": "x"}], ["email"])
UNROUTED = stream("c", [{"id": 1}, {"id": 2}], ["id"])
NULLS = pytest.mark.parametrize("null", [None, "__NULL__"])


@NULLS
@pytest.mark.parametrize(
    "maps", [lambda null: {"c": null}, lambda null: {"c*": null}, lambda null: {"users": {}, "__else__": null}]
)
def test_a_stream_that_is_left_out_needs_no_route_and_state_moves_past_it(
    project: Project, maps: Any, null: str | None
) -> None:
    summary = project.load([*USERS, *UNROUTED, *UNROUTED], stream_maps=maps(null))
    assert {name: counts["written"] for name, counts in summary.items()} == {"users": 1}
    assert project.load.states[-1] == STATE


def test_a_stream_without_a_route_that_is_not_left_out_is_refused(project: Project) -> None:
    with pytest.raises(SettingError, match="Nothing says what the stream 'c' is"):
        project.load([*USERS, *UNROUTED], stream_maps={"d": None})


@NULLS
def test_a_stream_can_be_left_out_and_its_copy_written(project: Project, null: str | None) -> None:
    source = stream("c", [{"email": ANN, "plan": "gold"}], ["email"])
    summary = project.load(source, stream_maps={"c": null, "users": {"__source__": "c"}})
    assert summary.keys() == {"users"}
    assert project.holds.user(email=ANN)["plan"] == "gold"


def test_a_stream_can_take_the_name_of_one_that_is_left_out(project: Project) -> None:
    messages = [*USERS, *stream("people", [{"email": "bob@example.com", "plan": "gold", "note": "x"}], ["email"])]
    summary = project.load(messages, stream_maps={"users": None, "people": {"__alias__": "users"}})
    assert summary["users"]["written"] == 1
    assert project.holds.user(email="bob@example.com")["plan"] == "gold"


@NULLS
def test_columns_are_dropped_by_null_and_kept_by_else_with_the_key(project: Project, null: str | None) -> None:
    project.load(USERS, stream_maps={"users": {"note": null}})
    assert project.holds.field_types().keys() >= {"plan"}
    project.load(
        stream("users", [{"email": ANN, "plan": "silver", "other": 1}], ["email"]),
        stream_maps={"users": {"plan": "plan", "__else__": null}},
    )
    assert project.holds.user(email=ANN)["plan"] == "silver"
    assert project.holds.field_types().keys() & {"note", "other"} == set()


@NULLS
def test_options_that_are_null_change_nothing(project: Project, null: str | None) -> None:
    options = dict.fromkeys(("__alias__", "__source__", "__filter__", "__key_properties__"), null)
    assert project.load(USERS, stream_maps={"users": options})["users"]["written"] == 1
    assert project.holds.user(email=ANN)["plan"] == "gold"


@pytest.mark.parametrize(
    "maps", [{"users": "drop"}, {"users": {"__else__": "x"}}, {"users": {"plan": 5}}, {"__else__": 1}]
)
def test_what_no_map_can_be_is_refused_by_its_path(project: Project, maps: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match=r"^`stream_maps\.\w+"):
        project.load(USERS, stream_maps=maps)
    assert project.sandbox.counts()["users"] == 0


def test_a_schema_that_comes_again_or_changes_keeps_what_is_left_out(project: Project) -> None:
    changed = stream("c", [{"id": 1, "more": 2}], ["id"])
    summary = project.load([*UNROUTED, *USERS, *changed, *USERS], stream_maps={"c": "__NULL__"})
    assert summary.keys() == {"users"}
    assert summary["users"]["read"] == 2
