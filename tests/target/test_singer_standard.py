"""The SDK's own suite for targets, and what its streams leave in Iterable.

Its streams are about nothing in particular, so they go where ids and fields are free: into a catalog.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterator
from typing import Any

import pytest
from singer_sdk.testing import get_target_test_class, target_test_streams

from iterable_sandbox.server import Sandbox
from target_iterable.target import TargetIterable
from tests.target.conftest import Project

ROUTES = {
    "test_no_pk": {"object": "catalog_items", "catalog": "Things", "fields": {"id": "itemId"}},
    "example_stream": {"object": "users"},
    # The same ids again, with other fields.
    "test_strings_in_*": {"object": "catalog_items", "catalog": "Others"},
    "*": {"object": "catalog_items", "catalog": "Things"},
}
# Filled by the fixture: the suite takes its settings while it is still being collected.
SETTINGS: dict[str, Any] = {"streams": ROUTES, "enforce_rate_limits": False}


@pytest.fixture(scope="module", autouse=True)
def _sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with Sandbox() as sandbox:
        rejects = str(tmp_path_factory.mktemp("rejects"))
        SETTINGS.update(api_key=sandbox.api_key, api_url=sandbox.url, rejects_path=rejects)
        yield


TestTarget = get_target_test_class(TargetIterable, config=SETTINGS)
# It wants the run to end. Here such a record is a reject; see `test_a_missing_key_property_is_a_reject`.
del TestTarget.test_target_record_missing_key_property  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("file", "items"),
    [
        ("array_data", {"3": {"fruits": ["pear"]}}),
        ("camelcase", {"1": {"clientName": "Gitter Windows Desktop App"}}),
        ("duplicate_records", {"1": {"metric": 100}, "2": {"metric": 20}}),
        (
            "encoded_string_data",
            {"3": {"info": "简单的字串"}, "11": {"info": "Control Characters in string: \x00 A \x01"}},
        ),
        ("no_primary_keys", {"2": {"metric": 22}}),
        ("optional_attributes", {"1": {"optional": "This is optional"}, "2": {}}),
        ("schema_updates", {"1": {"a1": 101, "a2": "string1"}}),
        (
            "special_chars_in_attributes",
            {"a2e98886": {"d": {"env": "prod", "agent:type": "desktop", "agent:os:version": "10.13.1"}}},
        ),
    ],
)
def test_the_records_of_the_suite_arrive_whole(project: Project, file: str, items: dict[str, Any]) -> None:
    text = importlib.resources.files(target_test_streams).joinpath(f"{file}.singer").read_text()
    streams = project.load(text.splitlines(), streams=ROUTES).values()
    assert sum(counts["written"] for counts in streams) == text.count('"RECORD"')
    assert project.holds.items("Things").items() >= items.items()


def test_records_that_cannot_be_items_are_counted_as_rejected(project: Project) -> None:
    text = importlib.resources.files(target_test_streams).joinpath("schema_no_properties.singer").read_text()
    counts = project.load(text.splitlines(), streams=ROUTES)
    assert [stream["reasons"] for stream in counts.values()] == [{"invalidItemId": 2}, {"invalidItemId": 2}]
