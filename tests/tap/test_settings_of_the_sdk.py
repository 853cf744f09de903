"""The settings that the SDK adds to the tap do what their descriptions say."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from datetime import UTC, datetime
from typing import Any

import pytest

from iterable_api.http.client import IterableClient
from iterable_api.rate_limits.limiter import Unlimited
from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import StoppedClock
from tap_iterable.tap import TapIterable
from tests.tap.reading import selecting

Read = Callable[..., dict[str, Any]]
ANN = {"email": "ann@example.com", "dataFields": {"address": {"place": {"city": "Rome"}}}}
NESTED = {"properties": {"address": {"type": "object", "properties": {"place": {"type": "object"}}}}, "type": "object"}


@pytest.fixture(scope="module")
def read() -> Iterator[Read]:
    """Reads the one user of a project with these settings, in this process."""
    with Sandbox(clock=StoppedClock(datetime(2026, 9, 1, tzinfo=UTC))) as sandbox:
        client = IterableClient(sandbox.api_key, api_url=sandbox.url, limiter=Unlimited())
        client.post_json("/api/users/bulkUpdate", {"users": [ANN]})
        client.close()
        shared = {"api_key": sandbox.api_key, "api_url": sandbox.url, "enforce_rate_limits": False}
        yield lambda **settings: _user({**shared, "start_date": "2026-08-31"}, settings)


def _user(config: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """The record; the catalog says what is in `dataFields`, as Meltano's extra `schema` can."""
    catalog = selecting(["users"], TapIterable(config=config, setup_mapper=False).catalog_dict)
    (users,) = (entry for entry in catalog["streams"] if entry["tap_stream_id"] == "users")
    users["schema"]["properties"]["dataFields"] = NESTED
    written = io.StringIO()
    with redirect_stdout(written):
        TapIterable(config=config | settings, catalog=catalog).sync_all()
    messages = map(json.loads, written.getvalue().splitlines())
    (record,) = (message["record"] for message in messages if message["type"] == "RECORD")
    return dict(record)


def _mapping(expression: str) -> dict[str, Any]:
    return {"stream_maps": {"users": {"who": expression, "__key_properties__": ["who"], "__else__": None}}}


def test_stream_maps_compute_and_drop_columns(read: Read) -> None:
    assert read(**_mapping("'Dear ' + email")) == {"who": "Dear ann@example.com"}


def test_values_of_stream_map_config_are_known_to_the_expressions(read: Read) -> None:
    maps = _mapping("md5(config['salt'] + email)")
    first, again, other = (read(**maps, stream_map_config={"salt": salt}) for salt in "aab")
    assert first == again != other


def test_faker_config_makes_invented_values_repeatable(read: Read) -> None:
    first, again, other = (read(**_mapping("fake.name()"), faker_config={"seed": seed}) for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize(
    ("settings", "column"),
    [
        ({"flattening_max_depth": 1}, "dataFields__address"),
        ({"flattening_max_depth": 2}, "dataFields__address__place"),
        ({"flattening_max_depth": 2, "flattening_separator": "."}, "dataFields.address.place"),
        ({"flattening_max_depth": 2, "flattening_max_key_length": 20}, "df__address__place"),
    ],
)
def test_objects_are_flattened_to_columns(read: Read, settings: dict[str, Any], column: str) -> None:
    assert read()["dataFields"] == ANN["dataFields"]
    flat = read(flattening_enabled=True, **settings)
    assert "dataFields" not in flat
    assert column in flat
