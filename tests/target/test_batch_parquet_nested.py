"""Nested columns of Parquet, as the tap writes them with `nested_types`, are the objects and arrays of messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tap_iterable.batch_files.record_batches import RecordBatches
from tests.target.batches import batch, parquet
from tests.target.conftest import Project
from tests.target.loading import stream

TEXT = {"type": ["string", "null"]}
ITEM = {"type": "object", "properties": {"sku": TEXT, "price": {"type": "number"}}}
COLUMNS: dict[str, Any] = {
    "email": TEXT,
    "address": {
        "type": "object",
        "properties": {"city": TEXT, "number": {"type": "integer"}, "codes": {"type": "array", "items": TEXT}},
    },
    "items": {"type": "array", "items": ITEM},
    "grid": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
    "dataFields": {"type": ["object"]},
}
WHOLE = {
    "address": {"city": "Zürich", "number": 2**53 + 1, "codes": ["a", None]},
    "items": [{"sku": "a", "price": 1.5}, {"sku": "b", "price": 2.0}],
    "grid": [[1, 2], []],
}


def _nested(*records: dict[str, Any]) -> pa.Table:
    batches = RecordBatches({"properties": COLUMNS}, nested_types=True)
    return pa.Table.from_batches([batches.of([list(records)])]).drop_columns(["dataFields"])


@pytest.mark.parametrize(
    "value", [WHOLE, {}, {"address": {"city": "Lviv"}, "items": [{"sku": "a"}]}], ids=["whole", "none", "few"]
)
def test_a_nested_column_is_what_a_message_would_say(project: Project, tmp_path: Path, value: dict[str, Any]) -> None:
    table = _nested({"email": "ann@example.com", **value})
    file = parquet(tmp_path / "a.parquet", table)
    schema = stream("users", [{"email": ""}])[0]
    assert project.load([schema, batch("users", file)], batch_roots=[str(tmp_path)])["users"]["written"] == 1
    assert project.load(stream("users", [{"email": "bob@example.com", **value}]))["users"]["written"] == 1
    ann, bob = (project.holds.user(email=f"{name}@example.com") for name in ("ann", "bob"))
    names = WHOLE.keys()
    assert {name: ann.get(name) for name in names} == {name: bob.get(name) for name in names}
    assert {name: bob[name] for name in value} == value
