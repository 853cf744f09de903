"""What may be sent twice is said once, for each endpoint; all else follows from that."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from iterable_api.facts.endpoints import ENDPOINTS
from target_iterable.core.operation import Endpoint, single_row_endpoint
from target_iterable.objects.registry import OBJECTS
from target_iterable.requests.bulk_response import all_written, named_failures

POSTS = sorted(path for (method, path), facts in ENDPOINTS.items() if method == "POST" and not facts.repeatable)


def endpoints(value: Any) -> Iterator[Endpoint]:
    if isinstance(value, Endpoint):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from endpoints(inner)


@pytest.mark.parametrize("path", POSTS)
def test_an_endpoint_is_as_repeatable_as_its_calls(path: str) -> None:
    assert not single_row_endpoint(path, all_written).repeatable
    assert not replace(single_row_endpoint(path, all_written), repeatable=True).repeatable
    assert single_row_endpoint(path, all_written, "GET").repeatable


def test_rows_that_must_not_be_sent_twice_make_an_endpoint_unrepeatable_that_would_not_mind() -> None:
    endpoint = Endpoint("/api/events/trackBulk", "events", named_failures)
    assert endpoint.repeatable
    assert not replace(endpoint, repeatable=False).repeatable


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_that_calls_what_must_not_be_repeated_says_so(name: str) -> None:
    """Of the endpoints that stand in its module, and that only one of the objects there may call."""
    module = sys.modules[OBJECTS[name].__module__]
    called = {one for value in vars(module).values() for one in endpoints(value)}
    neighbours = [other.spec for other in OBJECTS.values() if other.__module__ == module.__name__]
    said = {endpoint for spec in neighbours for endpoint in spec.endpoints}
    assert {one for one in called if not ENDPOINTS[one.method, one.path].repeatable} <= said


@pytest.mark.parametrize("name", OBJECTS)
def test_only_what_has_unrepeatable_effect_has_the_option_for_what_is_unconfirmed(name: str) -> None:
    spec = OBJECTS[name].spec
    once = {"messages", "campaign_triggers", "journey_triggers", "user_merges", "campaigns"}
    assert ("on_unconfirmed" in spec.keys) == spec.has_unrepeatable_effect == (name in once)
