"""Streams that cost many requests are read only if `costly_streams` names them, and their cost is said first."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from singer_sdk.exceptions import ConfigValidationError

from iterable_api.http.client import IterableClient
from iterable_api.rate_limits.limiter import Unlimited
from iterable_sandbox.server import Sandbox
from tap_iterable.reporting.request_costs import with_tightest_limit, work_ahead
from tap_iterable.stream_types.base import IterableStream
from tap_iterable.streams.chosen_users import ChosenUsersStream
from tap_iterable.streams.list_users import ListUsersStream
from tap_iterable.streams.registry import COSTLY, PROJECT_STREAMS
from tap_iterable.tap import TapIterable
from tests.scripted_server import Answer, ScriptedServer
from tests.tap.answering import KEY, answer, stream_of
from tests.tap.reading import Output, TapRun, selecting

SETTINGS = {"api_key": KEY, "start_date": "2026-01-01"}
STREAMS = {
    name: stream
    for name, stream in TapIterable(config=SETTINGS, setup_mapper=False).streams.items()
    if isinstance(stream, IterableStream)
}
COSTLY_ENDPOINTS = {path for name in COSTLY for path in STREAMS[name].endpoints} - {
    path for name in STREAMS.keys() - COSTLY for path in STREAMS[name].endpoints
}
"""Endpoints that costly streams call, and no others."""


def _costly_requests(sandbox: Sandbox) -> list[str]:
    paths = [entry.path for entry in sandbox.requests()]
    assert paths
    return [path for path in paths if path in COSTLY_ENDPOINTS]


def _catalog(*names: str, **settings: Any) -> dict[str, Any]:
    """A catalog of these streams in which everything is selected, as Meltano makes it without a `select`."""
    found = TapIterable(config={**SETTINGS, **settings}, setup_mapper=False).catalog_dict
    return {"streams": [entry for entry in selecting(names, found)["streams"] if entry["tap_stream_id"] in names]}


def _read(read: TapRun, catalog: dict[str, Any] | None, **settings: Any) -> Output:
    """Read with a catalog given by hand, or with none."""
    arguments = read.prepare(**{"export_mode": "stream", **settings})
    if catalog is not None:
        (read.folder / "catalog.json").write_text(json.dumps(catalog))
        arguments += ["--catalog", "catalog.json"]
    return read.output(*arguments)


def test_every_costly_stream_has_an_endpoint_of_its_own() -> None:
    assert len(COSTLY) == 10
    assert [name for name in COSTLY if not COSTLY_ENDPOINTS.intersection(STREAMS[name].endpoints)] == []


def test_a_run_with_default_settings_makes_no_costly_request(seeded: Sandbox, read: TapRun) -> None:
    output = _read(read, None, start_date="2026-10-31")
    assert output.code == 0, output.log
    read_streams = {message["stream"] for message in output.messages if message["type"] == "SCHEMA"}
    assert read_streams == STREAMS.keys() - COSTLY
    assert _costly_requests(seeded) == []
    assert "ostly" not in output.log


def test_a_catalog_that_selects_everything_makes_no_costly_request_and_one_warning(
    seeded: Sandbox, read: TapRun
) -> None:
    output = _read(read, _catalog("lists", *COSTLY))
    assert output.code == 0, output.log
    assert {message["stream"] for message in output.messages if "stream" in message} == {"lists"}
    assert _costly_requests(seeded) == []
    (warning,) = [line for line in output.log.splitlines() if "Costly streams are left out" in line]
    assert all(re.search(rf"\b{name} \(.*?\brequest.*?\)", warning) for name in COSTLY)
    assert "list_users (1 request per list; Iterable allows 5 a minute per project)" in warning
    assert "add its name to `costly_streams`" in warning


def test_a_stream_that_is_named_and_selected_is_read_and_its_cost_is_said_before(seeded: Sandbox, read: TapRun) -> None:
    catalog = _catalog("lists", "list_users", "metadata")
    output = _read(read, catalog, costly_streams=["list_*", "catalog_items"])
    assert output.code == 0, output.log
    assert len(output.records["list_users"]) > 0
    assert "metadata (1 request per key)" in output.log
    lists = len(output.records["lists"])
    assert _costly_requests(seeded) == ["/api/lists/getUsers"] * lists
    said = "The costly stream list_users will be read: 1 request per list; Iterable allows 5 a minute per project"
    assert output.log.index(said) < output.log.index("List 1 of")
    begins = f"The costly stream list_users begins: {lists} requests to /api/lists/getUsers, about "
    assert output.log.index(said) < output.log.index(begins) < output.log.index(f"List 1 of {lists} is read")
    assert "`costly_streams` names catalog_items, which the catalog does not select" in output.log


def test_without_a_catalog_what_is_named_is_selected_and_discovery_tells_so() -> None:
    named = TapIterable(config={**SETTINGS, "costly_streams": ["metadata", "catalog_*"]}, setup_mapper=False)
    by_default = {
        entry["tap_stream_id"]: entry["metadata"][-1]["metadata"]["selected-by-default"]
        for entry in named.catalog_dict["streams"]
    }
    assert {name for name in COSTLY if by_default[name]} == {"metadata", "catalog_items"}
    assert {name for name in COSTLY if named.streams[name].selected} == {"metadata", "catalog_items"}


def test_a_run_that_selects_only_what_is_not_named_fails_and_names_the_setting(seeded: Sandbox, read: TapRun) -> None:
    output = read("list_users", "campaign_metrics", costly_streams=["metadata"])
    assert (output.code, output.messages) == (1, [])
    assert "All selected streams are costly" in output.log
    assert "Add to `costly_streams` what you want to read: campaign_metrics, list_users" in output.log
    assert "Traceback" not in output.log
    assert seeded.requests() == []


@pytest.mark.parametrize("made_while", [[], ["*"]])
def test_a_catalog_that_says_nothing_of_selection_reads_no_costly_stream(
    made_while: list[str], seeded: Sandbox, read: TapRun
) -> None:
    catalog = _catalog("lists", "list_users", costly_streams=made_while)
    for entry in catalog["streams"]:
        for metadata in entry["metadata"]:
            metadata["metadata"].pop("selected", None)
        if not made_while:
            entry["metadata"] = []
    output = _read(read, catalog)
    assert output.code == 0, output.log
    assert output.records.keys() == {"lists"}
    assert _costly_requests(seeded) == []
    assert "Costly streams are left out" in output.log


def test_the_check_of_the_key_makes_no_costly_request(seeded: Sandbox, read: TapRun) -> None:
    read.settings["costly_streams"] = ["*"]
    assert read.test().returncode == 0
    assert [entry.path for entry in seeded.requests()] == ["/api/channels"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["list_user"], "`costly_streams` has 'list_user', which fits no costly stream. Did you mean 'list_users'?"),
        (["metadata", "xyz*"], "'xyz*', which fits no costly stream. These are: campaign_metrics, catalog_items, "),
        (["LIST_USERS"], "`costly_streams` has 'LIST_USERS', which fits no costly stream"),
        ("list_users", "is not of type 'array'"),
    ],
)
def test_what_names_no_costly_stream_is_refused_at_the_start(given: Any, told: str) -> None:
    with pytest.raises(ConfigValidationError) as refused:
        TapIterable(config={**SETTINGS, "costly_streams": given})
    assert told in "; ".join(refused.value.errors)


@pytest.mark.parametrize("kind", [stream for stream in PROJECT_STREAMS if stream.is_costly])
def test_every_costly_stream_says_how_much_work_it_is_when_it_begins(
    kind: Any, seeded: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    users = ["ann@example.com"] if issubclass(kind, ChosenUsersStream) else []
    with caplog.at_level("INFO"), stream_of(kind, seeded.url, user_events_users=users) as stream:
        stream.client = IterableClient(seeded.api_key, api_url=seeded.url, limiter=Unlimited())
        next(iter(stream.get_records(None)), None)
        stream.client.close()
    (said,) = [record.getMessage() for record in caplog.records if "begins" in record.getMessage()]
    assert re.match(rf"The costly stream {kind.name} begins: (at least )?[\d,]+ requests? to /api/", said)


def test_five_hundred_lists_are_said_to_take_an_hour_and_forty_minutes(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    lists = [{"id": number} for number in range(1, 501)]
    answer(server, {"/api/lists": {"lists": lists}, "/api/lists/getUsers": Answer(200, body=b"ann@example.com\n")})
    with caplog.at_level("INFO"), stream_of(ListUsersStream, server.url) as stream:
        next(stream.get_records(None))
    assert "list_users begins: 500 requests to /api/lists/getUsers, about 1 h 40 min: Iterable allows 5" in caplog.text


def test_work_is_told_by_the_limit_and_where_there_is_none_that_is_said() -> None:
    assert work_ahead(1, "/api/lists/getUsers") == (
        "1 request to /api/lists/getUsers, about 12 s: Iterable allows 5 a minute per project"
    )
    assert work_ahead(7, "/api/catalogs/{catalogName}/items", at_least=True) == (
        "at least 7 requests to /api/catalogs/{catalogName}/items, at least 0.1 s: Iterable allows 100 a second per key"
    )
    assert work_ahead(9, "/api/metadata/{table}/{key}").endswith("one after the other; Iterable documents no limit")
    assert with_tightest_limit("much", ("/api/lists", "/api/lists/getUsers")).endswith("5 a minute per project")
    assert with_tightest_limit("much", ("/api/metadata",)) == "much"
