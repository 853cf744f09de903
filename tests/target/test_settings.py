"""Settings of the target that no other test is about: derived ids, and what the SDK adds."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from tests.scripted_server import Answer, Request, ScriptedServer, answer_json
from tests.target.conftest import Project
from tests.target.loading import Loader, stream

ANN = "ann@example.com"
USERS = stream("users", [{"email": ANN, "plan": "gold", "address": {"place": {"city": "Rome"}}}])
NESTED = {"type": "object", "properties": {"place": {"type": "object", "properties": {"city": {"type": "string"}}}}}
OF_NESTED_USERS = stream("users", [{"email": ANN, "address": {"place": {"city": "Rome"}}}], address=NESTED)


@pytest.mark.parametrize(("derive", "stored"), [(True, 1), (False, 2)])
def test_an_event_that_is_loaded_again_is_the_same_only_with_a_derived_id(
    project: Project, stored: int, *, derive: bool
) -> None:
    messages = stream("events", [{"email": ANN, "eventName": "seen", "createdAt": "2026-01-01T00:00:00Z"}])
    for _ in range(2):
        project.load(messages, derive_event_ids=derive)
    assert project.sandbox.counts()["events"] == {"customEvent": stored}


def test_stream_maps_compute_columns(project: Project) -> None:
    project.load(USERS, stream_maps={"users": {"plan": "plan.upper() if plan else plan", "address": None}})
    user = project.holds.user(email=ANN)
    assert user["plan"] == "GOLD"
    assert "address" not in user


def test_values_of_stream_map_config_are_known_to_the_expressions(project: Project) -> None:
    project.load(USERS, stream_maps={"users": {"plan": "config['plan']"}}, stream_map_config={"plan": "silver"})
    assert project.holds.user(email=ANN)["plan"] == "silver"


def test_faker_config_makes_invented_values_repeatable(project: Project) -> None:
    names = []
    for seed in (1, 1, 2):
        project.load(USERS, stream_maps={"users": {"plan": "fake.name()"}}, faker_config={"seed": seed})
        names.append(project.holds.user(email=ANN)["plan"])
    assert names[0] == names[1] != names[2]


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"flattening_max_depth": 2}, "address__place__city"),
        ({"flattening_max_depth": 2, "flattening_separator": "_"}, "address_place_city"),
        ({"flattening_max_depth": 2, "flattening_max_key_length": 15}, "add__pla__city"),
    ],
)
def test_objects_are_flattened_to_fields(project: Project, settings: dict[str, Any], field: str) -> None:
    project.load(OF_NESTED_USERS, flattening_enabled=True, **settings)
    user = project.holds.user(email=ANN)
    assert user[field] == "Rome"
    assert "address" not in user


def test_objects_are_flattened_only_as_deep_as_asked(project: Project) -> None:
    project.load(OF_NESTED_USERS, flattening_enabled=True, flattening_max_depth=1)
    assert "address__place" in project.holds.user(email=ANN)


def test_an_entry_of_streams_that_no_stream_went_by_is_reported(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    routes = {"users": {"object": "users"}, "user": {"object": "users"}, "shop-*": {"object": "events"}}
    project.load(USERS, streams=routes)
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert sorted(said) == [
        "`streams.shop-*` matched none of the streams that came: users.",
        "`streams.user` matched none of the streams that came: users.",
    ]
    caplog.clear()
    project.load([], streams=routes)
    assert caplog.records == [] or all(record.levelname != "WARNING" for record in caplog.records)


def test_a_column_of_fields_that_no_stream_of_the_route_has_is_reported(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    fields = {"nmae": "firstName", "name": "lastName", "loaded_at": None}
    loaded = stream("old-users", [{"email": ANN, "name": "Ann", "loaded_at": "2026-01-01"}])
    project.load([*USERS, *loaded], streams={"*users": {"object": "users", "fields": fields}})
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert said == [
        "`streams.*users.fields` names 'nmae', which is no column of the stream's schema. Did you mean 'name'?"
    ]


class Crowd:
    """A project that counts the requests it is answering at a time; each waits until so many are there."""

    api_key = "0123456789abcdef0123456789abcdef"

    def __init__(self, server: ScriptedServer, wanted: int) -> None:
        self.url = server.url
        self.most = self._here = 0
        self._lock = threading.Lock()
        self._together = threading.Barrier(wanted, timeout=10)
        server.after = self._answer

    def _answer(self, request: Request) -> Answer:
        if request.method == "GET":
            return answer_json(200, {"fields": {}})
        with self._lock:
            self._here += 1
            self.most = max(self.most, self._here)
        self._together.wait()
        with self._lock:
            self._here -= 1
        return answer_json(200, {"successCount": 1, "failCount": 0})


@pytest.mark.parametrize("wanted", [1, 2])
def test_so_many_requests_are_under_way_as_the_setting_says(
    server: ScriptedServer, tmp_path: Path, wanted: int
) -> None:
    crowd = Crowd(server, wanted)
    users = [{"email": f"user{number}@example.com"} for number in range(4)]
    counts = Loader(crowd, tmp_path)(stream("users", users), max_batch_rows=1, max_in_flight=wanted)
    assert counts["users"]["written"] == 4
    assert crowd.most == wanted
