"""Streams and fields that the page promises are there, and the state that it shows is one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from iterable_api.events.peer_event_names import HEAP_BLAST, HEAP_TRIGGERED, PEER_NAMES
from iterable_api.facts.data_types import DATA_TYPES, EVENTS, snake
from iterable_api.facts.webhook_events import WEBHOOK_FIELDS
from iterable_sandbox.server import Sandbox
from tap_iterable.config.settings import SCHEMA
from tap_iterable.event_shapes.segment import SegmentTable, table_of
from tap_iterable.tap import TapIterable
from target_iterable.config.settings import SETTINGS as TARGET_SETTINGS
from target_iterable.objects.registry import OBJECTS
from target_iterable.target import TargetIterable
from tests.docs import peers
from tests.tap.reading import TapRun
from tools.generated import ROOT

PAGE = (ROOT / "docs" / "migrating.md").read_text()
SCHEMAS = {
    name: (stream.primary_keys, stream.schema["properties"])
    for name, stream in TapIterable(
        config={"api_key": "k", "start_date": "2026-01-01"}, setup_mapper=False
    ).streams.items()
}

SETTINGS = SCHEMA["properties"].keys()
AIRBYTE = "From Airbyte's source-iterable"
FIVETRAN = "From Fivetran's Iterable connector"
POSTHOG = "From PostHog's Iterable source"
ESTUARY = "From Estuary's source-iterable-native"


def rows(after: str) -> list[list[str]]:
    """The rows of the last table under a heading."""
    chapter = PAGE.partition(f"\n## {after}\n")[2].partition("\n## ")[0]
    table = re.findall(r"(?:^\|.*\n)+", chapter, re.MULTILINE)[-1]
    return [[cell.strip() for cell in line.strip("|\n").split("|")] for line in table.splitlines()[2:]]


def names(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)


def test_streams_of_singer_io_have_the_keys_that_are_shown() -> None:
    table = rows("From singer-io's tap-iterable")
    assert len(table) == 16
    assert [row for row in table if list(SCHEMAS[names(row[1])[0]][0]) != names(row[3])] == []


def tables(after: str) -> list[list[list[str]]]:
    """The rows of each table under a heading."""
    chapter = PAGE.partition(f"\n## {after}\n")[2].partition("\n## ")[0]
    found = re.findall(r"(?:^\|.*\n)+", chapter, re.MULTILINE)
    return [
        [[cell.strip() for cell in line.strip("|\n").split("|")] for line in table.splitlines()[2:]] for table in found
    ]


def quoted(cell: str) -> set[str]:
    """What is between backticks in a cell, dots and slashes included."""
    return set(re.findall(r"`([\w./-]+)`", cell))


def has_settings(table: list[list[str]], peer: frozenset[str], options: frozenset[str] = frozenset()) -> None:
    """Whether a table has every setting of another connector, and names only settings that are there."""
    assert {name for row in table for name in quoted(row[0])} - options == peer
    assert {name for row in table for name in quoted(row[1])} - options <= SETTINGS


def test_settings_of_airbyte_posthog_and_estuary_have_their_place() -> None:
    regions = frozenset({"US", "EU", "us", "eu"})
    types = frozenset({"Email-based", "UserID-based", "Hybrid", "email", "userId", "hybrid", "jobs"})
    has_settings(tables(AIRBYTE)[0], peers.AIRBYTE_SETTINGS, regions)
    has_settings(tables(POSTHOG)[0], peers.POSTHOG_SETTINGS, regions)
    has_settings(tables(ESTUARY)[0], peers.ESTUARY_SETTINGS, types)


def test_every_stream_of_airbyte_is_shown_or_has_the_same_name() -> None:
    shown = {name: row for row in tables(AIRBYTE)[1] for name in names(row[0])}
    assert len(peers.AIRBYTE_STREAMS) == 44
    assert shown.keys() <= peers.AIRBYTE_STREAMS
    assert peers.AIRBYTE_STREAMS - shown.keys() <= {one.stream for one in EVENTS}
    assert [row for row in shown.values() if not SCHEMAS.keys() >= set(names(row[1]))] == []


def test_every_column_of_airbytes_users_is_shown() -> None:
    same, internal, predictions, custom = tables(AIRBYTE)[2]
    columns = SCHEMAS["users"][1]
    assert set().union(*(quoted(row[0]) for row in (same, internal, predictions, custom))) == peers.AIRBYTE_USERS
    assert quoted(same[0]) <= columns.keys()
    assert {name.partition(".")[0] for row in (internal, predictions) for name in quoted(row[0])} <= columns.keys()
    assert {name.partition(".")[0] for name in quoted(internal[0])} == quoted(internal[1])
    assert {name.partition(".")[0] for name in quoted(predictions[0])} == quoted(predictions[1])
    assert quoted(custom[1]) == {"dataFields", "typed_user_fields"}


def test_every_table_of_fivetran_is_shown() -> None:
    shown = {name for row in tables(FIVETRAN)[0] for name in quoted(row[0])}
    assert shown == {*peers.FIVETRAN, *peers.FIVETRAN_FORMER.values(), *peers.FIVETRAN_UNSEEN}
    for row in tables(FIVETRAN)[0]:
        for table, former in peers.FIVETRAN_FORMER.items():
            assert (table in quoted(row[0])) == (former in quoted(row[0]))


@pytest.mark.parametrize("table", peers.FIVETRAN)
def test_every_column_of_fivetran_has_a_field_of_its_name_or_of_the_one_that_is_shown(table: str) -> None:
    (row,) = (row for row in tables(FIVETRAN)[0] if table in quoted(row[0]))
    if table.startswith("event"):
        streams = [one.stream for one in EVENTS]
        fields = {name for one in streams for name in SCHEMAS[one][1]}
        of_webhooks = {snake(name) for name in WEBHOOK_FIELDS}
    else:
        fields, of_webhooks = {name for one in names(row[1]) for name in SCHEMAS[one][1]}, set()
    shown = dict(re.findall(r"`(\w+)`(?:, which [^|]*?)? → (?:`(\w+)`|the stream|`)", row[2]))
    told = names(row[2])
    for column in peers.FIVETRAN[table]:
        if column in shown:
            assert not shown[column] or shown[column] in fields, column
        elif column not in {snake(name) for name in fields}:
            assert column in told, column
            assert column in of_webhooks or (table, column) == ("list_user", "index"), column


def test_every_table_of_posthog_is_shown_with_its_key() -> None:
    *rows_, exports = tables(POSTHOG)[1]
    assert {names(row[0])[0]: tuple(names(row[2])) for row in rows_} == peers.POSTHOG
    assert [row for row in rows_ if tuple(names(row[3])) != tuple(SCHEMAS[names(row[1])[0]][0])] == []
    types = {one.name for one in DATA_TYPES}
    assert types > peers.POSTHOG_LACKS
    assert f"{len(types - peers.POSTHOG_LACKS)} export data types" in exports[0]
    assert f"all {len(types)}" in exports[1]
    assert quoted(exports[4]) == peers.POSTHOG_LACKS


def test_every_binding_of_estuary_is_shown_with_its_key() -> None:
    table = {names(row[0])[0]: row for row in tables(ESTUARY)[1]}
    assert {binding: quoted(row[2]) for binding, row in table.items()} == {
        binding: set(key) for binding, key in peers.ESTUARY.items()
    }
    for row in table.values():
        streams, key = names(row[1]), names(row[3])
        assert SCHEMAS.keys() >= set(streams)
        assert not key or key == list(SCHEMAS[streams[0]][0])
    assert ("RCS messages are not there" in table["events"][4]) == (
        {one.name for one in DATA_TYPES if one.name.startswith("rcs")} == peers.ESTUARY_LACKS
    )


def test_segments_27_tables_are_the_streams_that_are_shown_in_both_shapes() -> None:
    streams = {one.name: one.stream for one in EVENTS}
    expected = [
        [names.segment, f"`{table_of(names.segment)}`", f"`{streams[data_type]}`"]
        for data_type, names in PEER_NAMES.items()
        if names.segment
    ]
    assert rows("From Segment's Iterable source") == expected
    assert len(expected) == 27
    tap = TapIterable(config={"api_key": "k", "start_date": "2026-01-01", "event_shape": "segment"}, setup_mapper=False)
    assert {table.strip("`") for _, table, _ in expected} | {"tracks"} <= tap.streams.keys()
    assert len({table for _, table, stream in expected if table == stream}) == 7


def test_segments_columns_that_are_shown_are_there() -> None:
    chapter = PAGE.partition("\n## From Segment's Iterable source\n")[2].partition("\nWhat the shape does not do")[0]
    shown = {name for line in chapter.splitlines() if line.startswith("| `") for name in names(line.split("|")[1])}
    tables = [SegmentTable(one, "1").schema["properties"] for one in EVENTS if one.name in PEER_NAMES]
    assert len(shown) > 20
    assert shown - {"email_link_clicked", "unsubscribed", "subscribed"} <= {name for table in tables for name in table}


def test_heaps_26_events_are_the_streams_that_are_shown() -> None:
    streams = {one.name: one.stream for one in EVENTS}
    expected = {
        name: f"`{streams[data_type]}`"
        for data_type, names in PEER_NAMES.items()
        for name in ({HEAP_BLAST, HEAP_TRIGGERED} if names.heap == HEAP_TRIGGERED else {names.heap})
        if name
    }
    assert dict(rows("From Heap's Iterable connection")) == expected
    assert len(expected) == 26


def test_the_state_that_is_shown_is_gone_on_with(seeded_database: Path, tmp_path: Path) -> None:
    text, _routes = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    with Sandbox(database=str(seeded_database)) as sandbox:
        read = TapRun(sandbox.url, sandbox.api_key, tmp_path)
        output = read("email_open", "users", state=json.loads(text), lookback_minutes=0, end_date="2026-11-01")
    assert output.code == 0, output.log
    opens = [record["createdAt"] for record in output.records["email_open"]]
    assert opens
    assert min(opens) >= "2026-10-15"
    assert min(record["profileUpdatedAt"] for record in output.records["users"]) >= "2026-10-15"


def test_the_routes_of_senders_are_accepted_and_every_option_of_the_table_is_one() -> None:
    chapter = PAGE.partition("\n## To Iterable from ")[2]
    (block,) = re.findall(r"```json\n(.*?)```", chapter, re.DOTALL)
    routes = json.loads(block)
    target = TargetIterable(config={"api_key": "k", "streams": routes, "allow_destructive": True})
    assert [target.routing.route(name).object for name in routes] == [route["object"] for route in routes.values()]
    known = {key for object_ in OBJECTS.values() for key in object_.spec.keys} | TARGET_SETTINGS["properties"].keys()
    options = set(re.findall(r"`([a-z]+_[a-z_]+)(?:: \w+)?`", chapter))
    assert options - known - OBJECTS.keys() - {"product_id", "order_id", "list_users"} == set()
