"""Fast dispatch: the target's own path of a RECORD message through the SDK."""

from __future__ import annotations

import hashlib
import inspect
import json
from typing import Any

from singer_sdk import Target
from singer_sdk.mapper import SameRecordTransform, StreamMap
from singer_sdk.sinks import BatchSink

from tests.target.conftest import Project
from tests.target.loading import stream

REPLACED = "".join(
    inspect.getsource(part)
    for part in (
        Target._process_schema_message,  # noqa: SLF001
        Target._process_record_message,  # noqa: SLF001 (it is this that must not change unnoticed)
        BatchSink._get_context,  # noqa: SLF001
        BatchSink._validate_and_parse,  # noqa: SLF001
        BatchSink._singer_validate_message,  # noqa: SLF001
        BatchSink._remove_sdc_metadata_from_record,  # noqa: SLF001
        BatchSink._after_process_record,  # noqa: SLF001
        SameRecordTransform.transform,
        StreamMap.transform,
    )
)
SEEN = "f91c6de6818a19b21fefda8f425b548cdf652d8059e7110fceea3cbb7b3f1c9e"


def test_what_is_replaced_in_the_sdk_is_what_it_was() -> None:
    """If this fails, read what the SDK does with a record now, do the same in our target, and note the new digest."""
    assert hashlib.sha256(REPLACED.encode()).hexdigest() == SEEN


def test_stream_maps_split_rename_filter_and_compute(project: Project) -> None:
    maps: dict[str, Any] = {
        "source": {"__alias__": "users", "__filter__": "age > 1", "age": "age * 2", "plan": "'a' if age else 'b'"},
        "custom_event": {"__source__": "source", "eventName": "'seen'", "age": None},
    }
    records = [{"email": f"u{age}@example.com", "age": age} for age in range(4)]
    summary = project.load(stream("source", records, age={"type": "integer"}), stream_maps=maps)
    assert {name: counts["written"] for name, counts in summary.items()} == {"users": 2, "custom_event": 4}
    profile = project.holds.user(email="u3@example.com")
    assert (profile["age"], profile["plan"]) == (6, "a")
    assert [event.get("dataFields", {}) for event in project.holds.events()] == [{}] * 4


def test_columns_of_the_sdk_neither_make_a_record_invalid_nor_are_they_written(project: Project) -> None:
    messages = stream("users", [{"email": "ann@example.com", "_sdc_sequence": 5, "_sdc_deleted_at": None}])
    messages[0]["schema"] = {"properties": {"email": {"type": "string"}}, "additionalProperties": False}
    assert project.load(messages)["users"]["written"] == 1
    assert "_sdc_sequence" not in project.holds.user(email="ann@example.com")


def test_records_are_counted_as_the_sdk_counts_them(project: Project, caplog: Any) -> None:
    with caplog.at_level("INFO", "singer_sdk.metrics"):
        project.load(stream("users", [{"email": f"u{n}@example.com"} for n in range(7)]))
    points = [
        json.loads(record.message.partition("METRIC: ")[2]) for record in caplog.records if "METRIC" in record.message
    ]
    assert sum(point["value"] for point in points if point["metric"] == "record_count") == 7
