"""What discovery tells of each stream: keys, replication, what is selected, and what every field means."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from iterable_api.facts.data_types import DATA_TYPES
from iterable_api.facts.endpoints import ENDPOINTS
from iterable_api.facts.event_fields import FIELDS
from tap_iterable.stream_types.base import IterableStream
from tap_iterable.tap import TapIterable
from tests.tap.answering import KEY
from tests.tap.reading import TapRun

NAMED_IN_THE_WILD = {"campaigns", "lists", "list_users", "templates", "message_types", "channels", "metadata", "users"}
STREAMS = TapIterable(config={"api_key": KEY, "start_date": "2026-01-01"}, setup_mapper=False).streams
COSTLY = {
    "campaign_metrics",
    "experiment_metrics",
    "experiment_variants",
    "experiment_trends",
    "template_contents",
    "list_users",
    "catalog_items",
    "metadata",
    "user_events",
    "sent_messages",
}


@pytest.fixture(params=STREAMS.values(), ids=lambda stream: stream.name)
def stream(request: pytest.FixtureRequest) -> IterableStream:
    assert isinstance(request.param, IterableStream)
    return request.param


def _without_description(schema: dict[str, Any], path: str = "") -> list[str]:
    return [
        f"{path}{name}"
        for name, column in schema.get("properties", {}).items()
        if not column.get("description") or _without_description(column, f"{path}{name}.")
    ]


def test_every_stream_and_every_field_is_described(stream: IterableStream) -> None:
    Draft7Validator.check_schema(stream.schema)
    assert stream.schema["description"].endswith(".")
    assert _without_description(stream.schema) == []


def test_every_key_is_a_column_that_is_never_null(stream: IterableStream) -> None:
    assert stream.primary_keys
    for key in stream.primary_keys:
        # Users without the key of their project type are kept aside, so their key is never null either.
        assert stream.name == "users" or "null" not in stream.schema["properties"][key]["type"]


def test_every_stream_says_what_it_calls_and_what_that_costs(stream: IterableStream) -> None:
    assert set(stream.endpoints) <= {path for _, path in ENDPOINTS}
    assert stream.cost


def test_what_is_costly_says_so_with_the_reason_and_is_not_selected_by_default(stream: IterableStream) -> None:
    assert stream.selected_by_default == (stream.name not in COSTLY)
    says_so = "Costly, so it is read only if `costly_streams` names it: " in stream.schema["description"]
    assert says_so == (stream.name in COSTLY)


def test_every_data_type_and_resource_has_its_stream() -> None:
    others = {stream.name for stream in STREAMS.values()} - {data_type.stream for data_type in DATA_TYPES}
    assert len(others) == 27
    assert others | {"users"} >= NAMED_IN_THE_WILD


def test_every_field_of_the_table_is_in_a_data_type() -> None:
    assert FIELDS.keys() == {name for data_type in DATA_TYPES for name in data_type.fields}


def test_the_catalog_has_replication_methods_and_what_is_selected_by_default(tmp_path: Path) -> None:
    catalog = TapRun("http://127.0.0.1:9", KEY, tmp_path).catalog()
    entries = {entry["tap_stream_id"]: entry for entry in catalog["streams"]}
    assert entries.keys() == STREAMS.keys()
    for name, entry in entries.items():
        root = next(item["metadata"] for item in entry["metadata"] if not item["breadcrumb"])
        assert entry["replication_method"] == ("INCREMENTAL" if entry.get("replication_key") else "FULL_TABLE")
        assert root["selected-by-default"] == (name not in COSTLY)
        assert root["table-key-properties"] == list(entry["key_properties"])
