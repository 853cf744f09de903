"""What stream maps compute arrives as it is, though the SDK announces a text where it does not know the type."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.target.conftest import Project
from tests.target.loading import stream
from tests.target.test_command_line import COMMAND, settings

TAP = str(Path(sys.executable).with_name("tap-iterable"))
TEXT = {"type": ["string", "null"]}


@pytest.mark.parametrize("value", [5, 2.5, True, 0, -1, 12345678901234567890])
def test_a_number_in_a_column_of_texts_is_written_as_a_number(project: Project, value: Any) -> None:
    rows = [{"email": "a@example.com", "twice": value}, {"email": "b@example.com", "twice": None}]
    assert project.load(stream("users", rows, email=TEXT, twice=TEXT))["users"]["written"] == 2
    assert project.holds.user(email="a@example.com")["twice"] == value


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (TEXT, {"a": 1}),
        (TEXT, [1]),
        ({"type": "string", "format": "date-time"}, 5),
        ({"type": "string", "enum": ["a"]}, 5),
        ({"type": "integer"}, "5"),
        ({"type": "object", "properties": {"a": {"type": "string"}}}, {"a": 5}),
    ],
)
def test_any_other_value_that_its_column_does_not_announce_is_rejected(
    project: Project, schema: dict[str, Any], value: Any
) -> None:
    rows = [{"email": "a@example.com", "odd": value}]
    assert project.load(stream("users", rows, email=TEXT, odd=schema))["users"]["rejected"] == 1


def test_maps_of_the_target_and_of_the_tap_compute_the_same(project: Project) -> None:
    maps = {
        "plans": {"__alias__": "users", "email": "mail", "score": "price * 2", "big": "price > 5", "__else__": None}
    }
    rows = [{"mail": "a@example.com", "price": 4.25}, {"mail": "b@example.com", "price": 7.25}]
    given = stream("plans", rows, mail=TEXT, price={"type": "number"})
    assert project.load(given, stream_maps=maps)["users"]["written"] == 2
    assert project.holds.user(email="b@example.com")["score"] == 14.5
    assert project.holds.user(email="b@example.com")["big"] is True


def test_what_begins_like_a_cast_but_is_something_else_is_written(project: Project) -> None:
    maps = {
        "users": {"adult": "int(age) >= 18", "half": "int(age) / 2", "same": "str(age) == '21'", "odd": "not bool(age)"}
    }
    given = stream("users", [{"email": "a@example.com", "age": 21}], age={"type": "integer"})
    assert project.load(given, stream_maps=maps)["users"]["written"] == 1
    user = project.holds.user(email="a@example.com")
    assert [user[name] for name in ("adult", "half", "same", "odd")] == [True, 10.5, True, False]


@pytest.mark.more
def test_a_tap_whose_maps_compute_numbers_writes_them_into_another_project(new_project: Any, tmp_path: Path) -> None:
    source, copy = new_project(), new_project()
    source.load(stream("users", [{"email": "a@example.com", "visits": 21}]))
    maps = {"users": {"email": "email", "twice": "21 * 2", "half": "21 / 2", "many": "21 > 5", "__else__": None}}
    tap = tmp_path / "tap.json"
    tap.write_text(
        json.dumps(
            {
                "api_key": source.sandbox.api_key,
                "api_url": source.sandbox.url,
                "enforce_rate_limits": False,
                "start_date": "2020-01-01T00:00:00Z",
                "hold_back_minutes": 0,
                "stream_maps": maps,
            }
        )
    )
    catalog = json.loads(
        subprocess.run([TAP, "--config", str(tap), "--discover"], check=True, capture_output=True).stdout
    )
    for entry in catalog["streams"]:
        for part in entry["metadata"]:
            if not part["breadcrumb"]:
                part["metadata"]["selected"] = entry["tap_stream_id"] == "users"
    (tmp_path / "catalog.json").write_text(json.dumps(catalog))
    read = subprocess.run(
        [TAP, "--config", str(tap), "--catalog", str(tmp_path / "catalog.json")], check=True, capture_output=True
    )
    config = settings(tmp_path, api_key=copy.sandbox.api_key, api_url=copy.sandbox.url, enforce_rate_limits=False)
    subprocess.run([COMMAND, "--config", config], input=read.stdout, check=True, capture_output=True)
    copied = copy.holds.user(email="a@example.com")
    assert (copied["twice"], copied["half"], copied["many"]) == (42, 10.5, True)
