"""Events have columns for the names under which Iterable stores their fields; other names are in `dataFields`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from iterable_api.facts.data_types import DATA_TYPES
from iterable_sandbox.server import Sandbox
from tap_iterable.records.line_decoding import EventLineDecoder
from tap_iterable.records.record_shape import RecordShape
from tap_iterable.schemas.event_schemas import event_schema
from tap_iterable.stream_types.batched_stream import as_dict
from tests.tap.reading import Output, TapRun

AT = "2026-08-14 00:02:11 +00:00"
STORED = {
    "embedded_click": {"embeddedButtonId", "embeddedTargetUrl"},
    "embedded_impression": {
        "embeddedSessionId",
        "embeddedImpressionPlacementId",
        "embeddedImpressionDisplayCount",
        "embeddedImpressionDisplayDuration",
    },
    "embedded_session": {"embeddedSessionId"},
    "journey_exit": {
        "workflowName",
        "entranceTime",
        "exitTime",
        "exitReason",
        "exitNodeId",
        "nodeCount",
        "nodePath",
        "orgId",
        "projectId",
        "timeZone",
    },
    "in_app_recall": {"total"},
    "email_click": {"timeZone"},
    "email_open": {"timeZone"},
    "email_bounce": {"bounceMessage"},
    "whatsapp_send": {"whatsAppBodyField", "fromWhatsAppSenderId"},
    "whatsapp_bounce": {"whatsAppBodyField", "errorCode"},
}


@pytest.fixture(scope="module")
def output(seeded_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Output:
    with Sandbox(database=str(seeded_database)) as sandbox:
        output = TapRun(sandbox.url, sandbox.api_key, tmp_path_factory.mktemp("names"))(*STORED)
    assert output.code == 0, output.log
    return output


@pytest.mark.parametrize("stream", STORED)
def test_events_of_a_seeded_project_have_the_stored_names_in_columns(output: Output, stream: str) -> None:
    rows = output.records[stream]
    assert rows
    for row in rows:
        assert {name for name in STORED[stream] if row.get(name) is None} == set()
        assert row["dataFields"] == {}


def test_some_clicks_come_through_a_proxy(output: Output) -> None:
    proxies = {row.get("proxySource") for row in output.records["email_click"]}
    assert None in proxies
    assert len(proxies) > 1


@pytest.mark.parametrize(
    ("data_type", "older"),
    [
        ("embeddedClick", {"buttonIdentifier": "b", "targetUrl": "app://x", "placementId": 1}),
        ("embeddedImpression", {"placementId": 1, "displayCount": 2, "displayDuration": 7.5}),
        ("embeddedSession", {"session": {"id": "s", "start": AT}, "impressions": [{"messageId": "m"}]}),
        ("journeyExit", {"reason": "completed"}),
    ],
)
def test_names_that_reports_have_are_kept_in_data_fields(data_type: str, older: dict[str, Any]) -> None:
    (found,) = [one for one in DATA_TYPES if one.name == data_type]
    rows = EventLineDecoder(RecordShape(event_schema(found)), data_type)
    (record,) = rows.records([json.dumps({"createdAt": AT, **older}).encode()], [])
    assert as_dict(record)["dataFields"] == older


@pytest.mark.parametrize("code", [131026, "131026"])
def test_the_code_of_an_error_is_text_whether_it_comes_as_a_number_or_not(code: object) -> None:
    (found,) = [one for one in DATA_TYPES if one.name == "whatsAppBounce"]
    rows = EventLineDecoder(RecordShape(event_schema(found)), found.name)
    (record,) = rows.records([json.dumps({"createdAt": AT, "errorCode": code}).encode()], [])
    assert as_dict(record)["errorCode"] == "131026"
