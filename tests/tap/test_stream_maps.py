"""Stream maps of the tap: null leaves out, whatever its form, and globs pass over what is not selected."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import requests
from singer_sdk.exceptions import ConfigValidationError

from iterable_sandbox.server import Sandbox
from tap_iterable.tap import TapIterable
from tests.tap.reading import TapRun, selecting

NULLS = pytest.mark.parametrize("null", [None, "__NULL__"])


class Read:
    """Reads lists and channels in this process: stream -> its key and the columns of its records."""

    def __init__(self, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
        self.settings = {"api_key": sandbox.api_key, "api_url": sandbox.url, "enforce_rate_limits": False}
        self.sandbox = sandbox
        self._capsys = capsys

    def __call__(self, maps: Any, streams: Sequence[str] = ("lists", "channels")) -> dict[str, tuple[list[str], int]]:
        """The columns of the schema, key first, and the number of records."""
        config = {**self.settings, "start_date": "2026-01-01"}
        catalog = selecting(streams, TapIterable(config=config, setup_mapper=False).catalog_dict)
        self._capsys.readouterr()
        tap = TapIterable(config={**config, "stream_maps": maps}, catalog=catalog)
        tap.sync_all()
        tap.client.close()
        messages = [json.loads(line) for line in self._capsys.readouterr().out.splitlines()]
        self.types = {
            m["stream"]: {name: column.get("type") for name, column in m["schema"]["properties"].items()}
            for m in messages
            if m["type"] == "SCHEMA"
        }
        self.keys = {m["stream"]: m["key_properties"] for m in messages if m["type"] == "SCHEMA"}
        self.state = [m["value"] for m in messages if m["type"] == "STATE"][-1]
        return {
            m["stream"]: (
                sorted(m["schema"]["properties"]),
                sum(one["type"] == "RECORD" and one["stream"] == m["stream"] for one in messages),
            )
            for m in messages
            if m["type"] == "SCHEMA"
        }


@pytest.fixture(scope="module")
def lists() -> Iterator[Sandbox]:
    with Sandbox() as running:
        for name in ("VIP", "Loyal"):
            body, headers = {"name": name}, {"Api-Key": running.api_key}
            requests.post(f"{running.url}/api/lists", json=body, headers=headers, timeout=30).raise_for_status()
        yield running


@pytest.fixture
def read(lists: Sandbox, capsys: pytest.CaptureFixture[str]) -> Read:
    return Read(lists, capsys)


@NULLS
@pytest.mark.parametrize("name", ["lists", "l*", "__else__"])
def test_a_stream_that_is_left_out_is_read_and_not_written(read: Read, name: str, null: str | None) -> None:
    before = len(read.sandbox.requests("GET /api/lists"))
    assert read({name: null, "channels": {}}).keys() == {"channels"}
    assert len(read.sandbox.requests("GET /api/lists")) == before + 1
    assert read.state["bookmarks"].keys() == {"channels", "lists"}


@pytest.mark.parametrize(
    ("map_", "stream", "has_name"),
    [
        ({"kind": "'x'"}, "lists", True),
        ({"name": None}, "lists", False),
        ({"name": "__NULL__"}, "lists", False),
        ({"__filter__": "id > 0"}, "lists", True),
        ({"__alias__": "'x_' + __stream_name__"}, "x_lists", True),
        ({"__else__": None, "id": "id"}, "lists", False),
    ],
)
def test_a_glob_passes_over_streams_that_are_not_selected(
    read: Read,
    map_: dict[str, Any],
    stream: str,
    has_name: bool,  # noqa: FBT001
) -> None:
    columns, rows = read({"*": map_})[stream]
    assert ("name" in columns, rows) == (has_name, 2)


def test_a_glob_of_a_source_copies_what_is_selected(read: Read) -> None:
    found = read({"copy": {"__source__": "l*"}})
    assert found["copy"] == found["lists"]


@NULLS
def test_a_map_that_leaves_out_other_columns_keeps_the_key(read: Read, null: str | None) -> None:
    assert read({"lists": {"name": "name", "__else__": null}})["lists"] == (["id", "name"], 2)


@NULLS
def test_options_that_are_null_change_nothing_but_the_key(read: Read, null: str | None) -> None:
    as_usual = read({})["lists"]
    options = dict.fromkeys(("__alias__", "__source__", "__filter__"), null)
    assert read({"lists": options})["lists"] == as_usual
    assert read.keys["lists"] == ["id"]
    assert read({"lists": {"__key_properties__": null}})["lists"] == as_usual
    assert read.keys["lists"] == []


def test_a_stream_can_be_left_out_and_its_copy_written(read: Read) -> None:
    found = read({"lists": None, "audiences": {"__source__": "lists", "name": "name.upper()"}})
    assert found.keys() == {"audiences", "channels"}
    assert found["audiences"][1] == 2


@pytest.mark.parametrize(
    "maps", [{"lists": "drop"}, {"lists": {"__else__": "x"}}, {"lists": {"name": 5}}, {"__else__": 1}]
)
def test_what_no_map_can_be_is_refused_by_its_path(read: Read, maps: dict[str, Any]) -> None:
    with pytest.raises(ConfigValidationError, match=r"^`stream_maps\.\w+"):
        read(maps)


def test_the_schemas_of_deselected_streams_can_be_written_beside_a_glob(lists: Sandbox, tmp_path: Any) -> None:
    tap = TapRun(lists.url, lists.api_key, tmp_path)
    arguments = tap.prepare(stream_maps={"*": {"zz": "'1'"}})
    assert tap.output(*arguments, "--test=schema").code == 0


def test_a_map_that_fits_no_stream_is_told(read: Read, caplog: pytest.LogCaptureFixture) -> None:
    maps = {"list": None, "lists": {}, "x_*": {}, "a": {"__source__": "lists"}, "b": {"__source__": "list"}, "l*": {}}
    read({**maps, "__else__": None})
    told = [record.getMessage() for record in caplog.records if "fits no stream" in record.getMessage()]
    assert told == [
        f"`stream_maps.{name}` fits no stream of this tap, and has no effect" for name in ("list", "x_*", "b")
    ]


def test_a_comparison_is_announced_as_a_boolean(read: Read) -> None:
    read({"lists": {"is_early": "int(id) < 5", "half": "int(id) / 2"}})
    assert (read.types["lists"]["is_early"], read.types["lists"]["half"]) == (["boolean", "null"], ["number", "null"])
