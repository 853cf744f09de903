"""Events under the names and in the columns of Segment and of Heap."""

from __future__ import annotations

import inspect
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from singer_sdk import Stream

from iterable_api.events.peer_event_names import HEAP_BLAST, HEAP_TRIGGERED, PEER_NAMES
from iterable_api.facts.data_types import DATA_TYPES
from iterable_sandbox.server import Sandbox
from iterable_webhooks.store.appending import appender
from iterable_webhooks.store.events import Delivery
from iterable_webhooks.store.opening import open_for_writing
from tap_iterable.event_shapes.project_names import ProjectNames
from tap_iterable.event_shapes.segment import SegmentTable, table_of
from tests.tap.reading import Output, TapRun

STREAMS = {one.name: one.stream for one in DATA_TYPES}
TABLES = {name: table_of(names.segment) for name, names in PEER_NAMES.items() if names.segment}
HEAP = {name: names.heap for name, names in PEER_NAMES.items() if names.heap}
OF_ONE_EVENT = {"emailClick": "email_link_clicked", "emailSend": "email_delivered", "emailSubscribe": "subscribed"}


@pytest.fixture(scope="module")
def outputs(seeded_database: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Output]:
    """What the tap reads of a project in each shape."""
    folder = tmp_path_factory.mktemp("shapes")
    with Sandbox(database=str(seeded_database)) as sandbox:
        read = TapRun(sandbox.url, sandbox.api_key, folder)
        outputs = {
            "iterable": read(*(STREAMS[name] for name in TABLES), "campaigns", "templates"),
            "segment": read("tracks", *TABLES.values(), event_shape="segment"),
            "heap": read("heap_events", event_shape="heap"),
        }
    assert [output.log for output in outputs.values() if output.code] == []
    return outputs


def test_segments_tables_have_a_row_for_each_event_of_the_export(outputs: dict[str, Output]) -> None:
    exported, tables = outputs["iterable"].records, outputs["segment"].records
    counts = {table: len(exported[STREAMS[name]]) for name, table in TABLES.items() if exported[STREAMS[name]]}
    assert {table: len(tables[table]) for table in TABLES.values() if tables[table]} == counts
    assert len(counts) > 20
    for table in tables.values():
        assert len({row["id"] for row in table}) == len(table)


def test_tracks_has_each_row_of_each_table(outputs: dict[str, Output]) -> None:
    tables = dict(outputs["segment"].records)
    tracks = tables.pop("tracks")
    assert sorted(row["id"] for row in tracks) == sorted(row["id"] for table in tables.values() for row in table)
    assert {row["event"] for row in tracks} == {table for table, rows in tables.items() if rows}
    assert all("campaign_id" not in row for row in tracks)


def test_tracks_is_described_before_its_first_row(outputs: dict[str, Output]) -> None:
    kinds = [one["type"] for one in outputs["segment"].messages if one.get("stream") == "tracks"]
    assert kinds.index("SCHEMA") < kinds.index("RECORD")


def test_tracks_without_a_table_says_that_it_stays_empty(seeded: Sandbox, tmp_path: Path) -> None:
    output = TapRun(seeded.url, seeded.api_key, tmp_path)("tracks", event_shape="segment")
    assert (output.code, output.records["tracks"]) == (0, [])
    assert "`tracks` stays empty" in output.log


def test_rows_hold_what_their_schema_names_and_nothing_else(outputs: dict[str, Output]) -> None:
    for shape in ("segment", "heap"):
        schemas = {
            one["stream"]: one["schema"]["properties"] for one in outputs[shape].messages if one["type"] == "SCHEMA"
        }
        for stream, rows in outputs[shape].records.items():
            assert {column for row in rows for column in row} <= schemas[stream].keys(), stream


def test_a_click_has_segments_columns_and_the_names_that_the_export_lacks(outputs: dict[str, Output]) -> None:
    exported = {row["eventKey"]: row for row in outputs["iterable"].records["email_click"]}
    campaigns = {row["id"]: row["name"] for row in outputs["iterable"].records["campaigns"]}
    templates = {row["templateId"]: row["name"] for row in outputs["iterable"].records["templates"]}
    rows = outputs["segment"].records["email_link_clicked"]
    for row in rows:
        source = exported[row["id"]]
        assert row["event_text"] == "Email Link Clicked"
        assert row["timestamp"] == source["createdAt"]
        assert row["created_at"] == f"{source['createdAt'][:10]} {source['createdAt'][11:19]} +00:00"
        assert (row["user_id"], row["anonymous_id"]) == (
            (source["userId"], None) if source.get("userId") else (None, source["email"])
        )
        assert row["context_traits_email"] == row["email"] == source["email"]
        assert row["context_ip"] == source["ip"]
        assert row["context_user_agent"] == source["userAgent"]
        assert {"ip", "user_agent"} & row.keys() == set()
        assert row["message_id"] == source["messageId"]
        assert row["campaign_name"] == campaigns[source["campaignId"]]
        assert row["template_name"] == templates[source["templateId"]]
        assert isinstance(row["channel_id"], int)
    assert rows


@pytest.mark.parametrize(
    ("field", "column"),
    [("fromSMSSenderId", "from_smssender_id"), ("isGhostPush", "is_ghost_push"), ("hrefIndex", "href_index")],
)
def test_columns_are_named_as_segment_does(field: str, column: str) -> None:
    tables = [SegmentTable(one, "1") for one in DATA_TYPES if one.name in PEER_NAMES]
    holders = [table for table in tables if field in table.data_type.fields]
    assert holders
    assert all(column in table.schema["properties"] for table in holders)


def nobody() -> list[dict[str, Any]]:
    return []


def test_objects_and_arrays_are_texts_and_nothing_is_lost() -> None:
    (table,) = [SegmentTable(one, "1") for one in DATA_TYPES if one.name == "emailUnSubscribe"]
    names = ProjectNames(nobody, nobody, nobody, nobody)
    record = {
        "recordId": "r",
        "channelIds": [1, 2],
        "dataFields": {"a": {"b": "ä"}},
        "receivedAt": "2026-01-01T00:00:00Z",
    }
    row = table.row(record, names, received_at=None)  # type: ignore[arg-type]
    assert row["channel_ids"] == "[1,2]"
    assert json.loads(row["data_fields"]) == {"a": {"b": "ä"}}
    assert row["id"] == "r"
    assert row["received_at"] == "2026-01-01T00:00:00Z"


def test_heaps_events_are_those_of_the_export_under_26_names(outputs: dict[str, Output]) -> None:
    assert len({*HEAP.values(), HEAP_BLAST}) == 26
    exported = outputs["iterable"].records
    kinds = {row["id"]: row["type"] for row in exported["campaigns"]}
    blasts = sum(kinds[row["campaignId"]] == "Blast" for row in exported["email_send"])
    counts = Counter({HEAP[name]: len(exported[STREAMS[name]]) for name in HEAP if exported[STREAMS[name]]})
    counts[HEAP_BLAST] = blasts
    counts[HEAP_TRIGGERED] -= blasts
    events = outputs["heap"].records["heap_events"]
    assert Counter(row["event"] for row in events) == counts
    assert blasts
    assert counts[HEAP_TRIGGERED]
    assert all({"id", "identity", "time", "properties"} <= row.keys() for row in events)


def test_events_that_a_system_does_not_know_are_named_once(outputs: dict[str, Output]) -> None:
    for shape in ("segment", "heap"):
        (line,) = [line for line in outputs[shape].log.splitlines() if "`event_shape`" in line]
        assert "embedded_click" in line
        assert "email_click" not in line


@pytest.mark.parametrize(("shape", "stream"), [("segment", "email_opened"), ("heap", "heap_events")])
def test_the_next_run_goes_on_where_the_last_one_ended(
    seeded: Sandbox, tmp_path: Path, shape: str, stream: str
) -> None:
    read = TapRun(seeded.url, seeded.api_key, tmp_path)
    first = read(stream, event_shape=shape, end_date="2026-10-01")
    second = read(stream, event_shape=shape, state=first.state, lookback_minutes=0)
    whole = read(stream, event_shape=shape)
    both = [row["id"] for output in (first, second) for row in output.records[stream]]
    assert sorted(both) == sorted(row["id"] for row in whole.records[stream])
    assert first.records[stream]
    assert second.records[stream]


def test_a_partition_with_a_bookmark_that_is_no_moment_is_refused(seeded: Sandbox, tmp_path: Path) -> None:
    part = {"context": {"event": "email_open"}, "replication_key": "time", "replication_key_value": "soon"}
    state = {"bookmarks": {"heap_events": {"partitions": [part]}}}
    output = TapRun(seeded.url, seeded.api_key, tmp_path)("heap_events", event_shape="heap", state=state)
    assert output.code == 1
    assert "'soon', which is not a moment" in output.log


def test_tracks_that_go_through_a_stream_map_are_mapped(seeded: Sandbox, tmp_path: Path) -> None:
    read = TapRun(seeded.url, seeded.api_key, tmp_path)
    maps = {"tracks": {"id": "id", "day": "timestamp[:10]", "__else__": None}}
    output = read("tracks", "email_opened", event_shape="segment", stream_maps=maps)
    assert output.code == 0, output.log
    assert {frozenset(row) for row in output.records["tracks"]} == {frozenset({"id", "day"})}
    assert len(output.records["tracks"]) == len(output.records["email_opened"])


def test_webhooks_have_the_same_rows_in_either_shape(
    outputs: dict[str, Output], seeded: Sandbox, tmp_path: Path
) -> None:
    store = str(tmp_path / "webhooks.db")
    engine = open_for_writing(store)
    names = {"email_click": "emailClick", "email_send": "emailSend", "email_subscribe": "emailSubscribe"}
    for stream, name in names.items():
        rows = [
            {key: value for key, value in row.items() if key not in ("recordId", "eventKey", "dataFields")}
            for row in outputs["iterable"].records[stream]
        ]
        bodies = [
            json.dumps({"eventName": name, "email": row.get("email"), "dataFields": row}).encode() for row in rows
        ]
        appender(engine).append([Delivery(1, "shop", name, body) for body in bodies], [])
    engine.dispose()
    read = TapRun(seeded.url, seeded.api_key, tmp_path)
    tables = [f"webhook_{OF_ONE_EVENT[name]}" for name in names.values()]
    segment = read(*tables, "tracks", event_shape="segment", webhook_store=store)
    heap = read("webhook_heap_events", event_shape="heap", webhook_store=store)
    assert (segment.code, heap.code) == (0, 0), segment.log + heap.log
    expected = {row["id"]: row for name in OF_ONE_EVENT.values() for row in outputs["segment"].records[name]}
    received = [row for table in tables for row in segment.records[table]]
    volatile = {"received_at", "uuid_ts", "storePosition", "receiverProject", "data_fields"}
    assert [{k: v for k, v in row.items() if k not in volatile} for row in received] == [
        {k: v for k, v in expected[row["id"]].items() if k not in volatile} for row in received
    ]
    assert len(received) == len(expected) == len(segment.records["tracks"])
    of_heap = {row["id"]: row["event"] for row in outputs["heap"].records["heap_events"]}
    assert {row["id"]: row["event"] for row in heap.records["webhook_heap_events"]} == {
        row["id"]: of_heap[row["id"]] for row in heap.records["webhook_heap_events"]
    }


@pytest.mark.parametrize(
    ("method", "parameters"), [("_write_record_message", ["record"]), ("_write_schema_message", [])]
)
def test_the_methods_of_the_sdk_that_write_for_another_stream_are_what_they_were(
    method: str, parameters: list[str]
) -> None:
    assert list(inspect.signature(getattr(Stream, method)).parameters) == ["self", *parameters]
