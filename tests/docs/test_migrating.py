"""Streams and fields that the page promises are there, and the state that it shows is one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from iterable_api.facts.data_types import EVENTS
from iterable_api.facts.peer_event_names import HEAP_BLAST, HEAP_TRIGGERED, PEER_NAMES
from iterable_sandbox.server import Sandbox
from tap_iterable.event_shapes.segment import SegmentTable, table_of
from tap_iterable.tap import TapIterable
from tests.tap.reading import TapRun
from tools.generated import ROOT

PAGE = (ROOT / "docs" / "migrating.md").read_text()
SCHEMAS = {
    name: (stream.primary_keys, stream.schema["properties"])
    for name, stream in TapIterable(
        config={"api_key": "k", "start_date": "2026-01-01"}, setup_mapper=False
    ).streams.items()
}


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


@pytest.mark.parametrize("row", rows("From Airbyte's source-iterable"), ids=lambda row: row[0])
def test_streams_of_airbyte_are_there(row: list[str]) -> None:
    assert SCHEMAS.keys() >= set(names(row[1]))


@pytest.mark.parametrize("row", rows("From Fivetran's Iterable connector"), ids=lambda row: row[0])
def test_fields_of_fivetran_are_there(row: list[str]) -> None:
    for stream in names(row[1]):
        fields = re.findall(r"→ `(\w+)`", row[2])
        assert SCHEMAS[stream][1].keys() >= set(fields)


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
    (text,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    with Sandbox(database=str(seeded_database)) as sandbox:
        read = TapRun(sandbox.url, sandbox.api_key, tmp_path)
        output = read("email_open", "users", state=json.loads(text), lookback_minutes=0, end_date="2026-11-01")
    assert output.code == 0, output.log
    opens = [record["createdAt"] for record in output.records["email_open"]]
    assert opens
    assert min(opens) >= "2026-10-15"
    assert min(record["profileUpdatedAt"] for record in output.records["users"]) >= "2026-10-15"
