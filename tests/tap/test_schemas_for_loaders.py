"""What loaders need of schemas: arrays say what is in them, and open objects have no empty list of columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.tap.reading import TapRun


def _faults(schema: dict[str, Any], path: str = "") -> Iterator[str]:
    """What loaders cannot take: of the schema, and of every column in it at any depth."""
    kinds = schema.get("type", [])
    if "array" in kinds and not isinstance(schema.get("items"), dict):
        yield f"{path} has no items"
    if schema.get("properties") == {}:
        yield f"{path} has an empty list of columns"
    for name, column in schema.get("properties", {}).items():
        yield from _faults(column, f"{path}.{name}")
    if "items" in schema:
        yield from _faults(schema["items"], f"{path}[]")


def test_the_faults_are_found_at_every_depth() -> None:
    array = {"type": ["array", "null"]}
    inner = {"type": "object", "properties": {"deep": {"type": "array", "items": array}}}
    assert list(_faults(inner)) == [".deep[] has no items"]
    assert list(_faults({"type": "object", "properties": {"a": {"type": "object", "properties": {}}}})) == [
        ".a has an empty list of columns"
    ]


@pytest.mark.parametrize("shape", ["iterable", "segment", "heap"])
def test_every_schema_of_discovery_can_be_taken_by_loaders(read: TapRun, shape: str) -> None:
    store = str(read.folder / "webhooks.db")
    extra = ["newEvent"] if shape == "iterable" else []
    catalog = read.catalog(event_shape=shape, typed_user_fields=True, extra_data_types=extra, webhook_store=store)
    schemas = {entry["tap_stream_id"]: entry["schema"] for entry in catalog["streams"]}
    assert len(schemas["users"]["properties"]) > 30
    assert {name: faults for name, schema in schemas.items() if (faults := list(_faults(schema)))} == {}


@pytest.mark.more
@pytest.mark.parametrize("flattening", [{}, {"flattening_enabled": True, "flattening_max_depth": 2}])
def test_every_schema_of_a_run_can_be_taken_by_loaders(read: TapRun, flattening: dict[str, Any]) -> None:
    streams = ("users", "purchase", "template_contents", "metadata", "campaigns", "snippets", "catalog_items")
    output = read(*streams, typed_user_fields=True, **flattening)
    assert output.code == 0, output.log
    schemas = {message["stream"]: message["schema"] for message in output.messages if message["type"] == "SCHEMA"}
    assert {name: faults for name, schema in schemas.items() if (faults := list(_faults(schema)))} == {}
    assert schemas.keys() == set(streams)
