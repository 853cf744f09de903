"""Streams that read the store of received webhooks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from iterable_api.facts.data_types import DATA_TYPES
from iterable_api.facts.webhook_events import WEBHOOK_EVENTS, WEBHOOK_FIELDS
from iterable_sandbox.server import Sandbox
from iterable_webhooks.store.appending import appender
from iterable_webhooks.store.events import NO_NAME, Delivery
from iterable_webhooks.store.opening import open_for_writing
from iterable_webhooks.store.reader import StoreReader
from tests.tap.reading import TapRun

AT = "2026-08-14 00:02:11 +00:00"
CLICK = {
    "email": "ann@example.com",
    "userId": "u1",
    "eventName": "emailClick",
    "dataFields": {
        "email": "ann@example.com",
        "createdAt": AT,
        "campaignId": 7,
        "templateId": 8,
        "messageId": "m1",
        "campaignName": "Spring",
        "workflowId": None,
        "experimentId": 12,
        "labels": ["a"],
        "url": "https://example.com/",
        "isBot": False,
        "trackedLink": {"trackingId": "t1"},
        "brandNew": {"deep": 1},
    },
}


class Store:
    """A store that events can be put into."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self._engine = open_for_writing(self.path)
        self._appender = appender(self._engine)

    def put(self, *bodies: Any, project: str = "shop", received_at: int = 1_790_000_000_000_000) -> None:
        """Store bodies as a receiver would that got them together: objects, or the bytes of some."""
        self._appender.append([_delivery(body, project, received_at) for body in bodies], [])

    def close(self) -> None:
        self._engine.dispose()


def _delivery(body: Any, project: str, received_at: int) -> Delivery:
    if isinstance(body, bytes):
        return Delivery(received_at, project, "emailOpen", body)
    return Delivery(received_at, project, body.get("eventName", NO_NAME), json.dumps(body).encode())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "webhooks.db")
    yield store
    store.close()


@pytest.fixture
def read(store: Store, tmp_path: Path) -> TapRun:
    """Runs the tap where there is no Iterable: webhook streams ask for nothing."""
    run = TapRun("http://127.0.0.1:9", "key", tmp_path)
    run.settings["webhook_store"] = store.path
    return run


def clicked(**fields: Any) -> dict[str, Any]:
    return {**CLICK, "dataFields": {**CLICK["dataFields"], **fields}}  # type: ignore[dict-item]


def test_a_webhook_becomes_a_row_with_the_columns_and_types_of_the_export_and_those_that_only_it_has(
    store: Store, read: TapRun
) -> None:
    store.put(CLICK)
    output = read("webhook_email_click")
    assert output.code == 0, output.log
    (row,) = output.records["webhook_email_click"]
    ids = row.pop("recordId"), row.pop("eventKey")
    assert all(len(one) == 32 for one in ids)
    assert row == {
        "createdAt": "2026-08-14T00:02:11.000000+00:00",
        "email": "ann@example.com",
        "userId": "u1",
        "eventName": "emailClick",
        "campaignId": 7,
        "templateId": 8,
        "messageId": "m1",
        "url": "https://example.com/",
        "isBot": False,
        "campaignName": "Spring",
        "workflowId": None,
        "experimentId": "12",
        "labels": ["a"],
        "trackedLink": {"trackingId": "t1"},
        "dataFields": {"brandNew": {"deep": 1}},
        "receivedAt": "2026-09-21T14:13:20.000000+00:00",
        "storePosition": 1,
        "receiverProject": "shop",
    }


def test_ids_may_be_texts_and_transactional_data_is_an_object(store: Store, read: TapRun) -> None:
    store.put({"eventName": "emailSend", "dataFields": {"campaignId": "7", "transactionalData": '{"a": 1}'}})
    (row,) = read("webhook_email_send").records["webhook_email_send"]
    assert row["campaignId"] == 7
    assert row["transactionalData"] == {"a": 1}


def test_nothing_of_a_body_is_lost_where_envelope_and_fields_have_the_same_names(store: Store, read: TapRun) -> None:
    store.put({**clicked(email="old@example.com", receivedAt=AT), "extra": 1})
    (row,) = read("webhook_email_click").records["webhook_email_click"]
    assert row["email"] == "ann@example.com"
    assert row["dataFields"] == {
        "brandNew": {"deep": 1},
        "email": "old@example.com",
        "receivedAt": AT,
        "extra": 1,
    }


@pytest.mark.parametrize("fields", [{"messageId": "m2"}, {"createdAt": "2026-08-14 00:02:12 +00:00"}, {"url": "x"}])
def test_a_second_delivery_is_the_same_row_and_another_event_is_another(
    store: Store, read: TapRun, fields: dict[str, Any]
) -> None:
    store.put(CLICK, CLICK, clicked(**fields))
    one, again, other = (row["recordId"] for row in read("webhook_email_click").records["webhook_email_click"])
    assert one == again != other


def test_the_same_event_of_two_projects_is_two_rows_and_one_project_can_be_chosen(store: Store, read: TapRun) -> None:
    store.put(CLICK)
    store.put(CLICK, project="outlet")
    both = read("webhook_email_click").records["webhook_email_click"]
    assert len({row["recordId"] for row in both}) == 2
    assert read("webhook_email_click", webhook_project="outlet").records["webhook_email_click"] == both[1:]


def test_the_next_run_reads_on_where_the_last_one_ended(store: Store, read: TapRun) -> None:
    store.put(*(clicked(messageId=f"m{number}") for number in range(2_500)))
    first = read("webhook_email_click")
    assert len(first.records["webhook_email_click"]) == 2_500
    assert first.bookmark("webhook_email_click") == "2500"
    store.put({"eventName": "emailOpen", "dataFields": {}}, clicked(messageId="new"))
    second = read("webhook_email_click", state=first.state)
    assert [row["messageId"] for row in second.records["webhook_email_click"]] == ["new"]
    assert second.bookmark("webhook_email_click") == "2502"


def test_each_block_has_its_state_behind_it(store: Store, read: TapRun) -> None:
    store.put(*(clicked(messageId=f"m{number}") for number in range(2_500)))
    seen = 0
    for message in read("webhook_email_click").messages:
        if message["type"] == "RECORD":
            seen = message["record"]["storePosition"]
        elif message["type"] == "STATE" and "webhook_email_click" in message["value"]["bookmarks"]:
            assert message["value"]["bookmarks"]["webhook_email_click"].get("replication_key_value") in (seen, None)
    assert seen == 2_500


def test_the_bookmark_of_another_store_is_not_used(store: Store, read: TapRun, tmp_path: Path) -> None:
    store.put(CLICK, clicked(messageId="m2"))
    state = read("webhook_email_click").state
    other = Store(tmp_path / "other.db")
    other.put(clicked(messageId="m9"))
    output = read("webhook_email_click", state=state, webhook_store=other.path)
    other.close()
    assert [row["messageId"] for row in output.records["webhook_email_click"]] == ["m9"]
    assert "another store" in output.log


def test_a_store_that_is_an_older_copy_ends_the_run_in_a_sentence(store: Store, read: TapRun) -> None:
    store.put(CLICK)
    state = read("webhook_email_click").state
    state["bookmarks"]["webhook_email_click"]["replication_key_value"] = 99
    output = read("webhook_email_click", state=state)
    assert output.code == 1
    assert "older copy" in output.log
    assert "Traceback" not in output.log


@pytest.mark.parametrize("value", ["2026-10-15T00:00:00Z", -1, True, 1.5])
def test_a_bookmark_that_is_no_position_is_refused(read: TapRun, value: object) -> None:
    state = {"bookmarks": {"webhook_email_click": {"replication_key_value": value}}}
    output = read("webhook_email_click", state=state)
    assert output.code == 1
    assert "is not a position in the store of webhooks" in output.log


def test_every_event_that_webhooks_carry_has_a_stream_and_names_that_arrive_get_one(store: Store, read: TapRun) -> None:
    store.put({"eventName": "rcsTapped"}, {"eventName": "Rcs tapped"}, {"eventName": "   "}, {"a": 1})
    names = {entry["tap_stream_id"] for entry in read.catalog()["streams"]}
    webhooks = {name for name in names if name.startswith("webhook_")}
    known = {f"webhook_{one.stream}" for one in DATA_TYPES if one.name in WEBHOOK_EVENTS}
    assert len(known) == 39
    assert webhooks == known | {"webhook_rcs_tapped", "webhook_unnamed"}
    output = read("webhook_rcs_tapped", "webhook_unnamed")
    assert len(output.records["webhook_rcs_tapped"]) == len(output.records["webhook_unnamed"]) == 2


def test_without_the_setting_there_are_no_such_streams(read: TapRun) -> None:
    del read.settings["webhook_store"]
    assert not [entry for entry in read.catalog()["streams"] if entry["tap_stream_id"].startswith("webhook_")]


def test_before_the_receiver_was_started_the_known_streams_are_there_and_reading_says_what_is_missing(
    read: TapRun, tmp_path: Path
) -> None:
    read.settings["webhook_store"] = str(tmp_path / "not-yet.db")
    assert len([entry for entry in read.catalog()["streams"] if entry["tap_stream_id"].startswith("webhook_")]) == 39
    output = read("webhook_email_click")
    assert output.code == 1
    assert "no receiver has been started" in output.log


def test_a_body_that_cannot_be_read_is_kept_and_the_others_are_read(store: Store, read: TapRun, tmp_path: Path) -> None:
    deep = b'{"eventName": "emailOpen", "dataFields": ' + b"[" * 20_000 + b"]" * 20_000 + b"}"
    store.put({"eventName": "emailOpen", "dataFields": {"messageId": "m1"}}, deep)
    output = read("webhook_email_open")
    assert output.code == 0, output.log
    assert [row["messageId"] for row in output.records["webhook_email_open"]] == ["m1"]
    assert (tmp_path / "malformed" / "webhook_email_open.ndjson").read_bytes() == deep + b"\n"
    assert "ann@example.com" not in output.log


def test_the_store_learns_what_earlier_runs_of_all_selected_streams_have_handed_on(store: Store, read: TapRun) -> None:
    read.settings.update(webhook_reader="nightly")

    def mark() -> int:
        with StoreReader(store.path) as reader:
            (mark,) = reader.marks()
            assert mark.reader == "nightly"
            return mark.position

    store.put(CLICK)
    first = read("webhook_email_click", "webhook_email_open")
    assert mark() == 0
    store.put(clicked(messageId="m2"))
    second = read("webhook_email_click", "webhook_email_open", state=first.state)
    assert mark() == 1
    behind = {"bookmarks": {"webhook_email_click": second.state["bookmarks"]["webhook_email_click"]}}
    read("webhook_email_click", "webhook_email_open", state=behind)
    assert mark() == 0


def test_an_export_row_and_the_webhook_of_the_same_event_have_one_event_key(
    store: Store, seeded: Sandbox, tmp_path: Path
) -> None:
    run = TapRun(seeded.url, seeded.api_key, tmp_path)
    streams = [one for one in DATA_TYPES if one.name in WEBHOOK_EVENTS]
    exported = run(*(one.stream for one in streams))
    by_name = {one.stream: one.name for one in streams}
    for stream, rows in exported.records.items():
        for row in rows:
            fields = {name: value for name, value in row.items() if name not in ("recordId", "eventKey", "dataFields")}
            fields |= {
                "createdAt": row["createdAt"][:19].replace("T", " ") + " +00:00",
                "campaignName": "x",
                "url2": None,
            }
            body = {"email": row.get("email"), "eventName": by_name[stream], "dataFields": fields}
            store.put(body)
    received = run(*(f"webhook_{one.stream}" for one in streams), webhook_store=store.path)
    assert received.code == 0, received.log
    compared = 0
    for stream, rows in exported.records.items():
        keys = {row["eventKey"] for row in rows}
        assert {row["eventKey"] for row in received.records[f"webhook_{stream}"]} == keys, stream
        compared += len(keys)
    assert compared > 500


def test_fields_of_webhooks_are_told_once_and_are_all_described() -> None:
    used = {name for names in WEBHOOK_EVENTS.values() for name in names}
    assert used == WEBHOOK_FIELDS.keys()
    assert all(field.description.endswith(".") for field in WEBHOOK_FIELDS.values())
