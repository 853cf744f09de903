"""Structs, lists and maps of Parquet files, of any depth, are the objects and arrays of RECORD messages."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pytest

from tests.target.conftest import Project
from tests.target.test_batch_equals_messages import Rows, outcome

MOMENT: Final = datetime(2026, 1, 25, 13, 37, 19, tzinfo=UTC)
PLACE: Final = pa.struct([("city", pa.string()), ("floor", pa.int64())])
OBJECTS: Final[dict[str, tuple[pa.DataType, list[Any]]]] = {
    "struct": (PLACE, [{"city": "Kyiv", "floor": 2}, {"city": None, "floor": None}, None]),
    "struct in struct": (
        pa.struct([("home", PLACE), ("since", pa.timestamp("us", "UTC")), ("born", pa.date32())]),
        [{"home": {"city": "Oslo"}, "since": MOMENT}, {"home": None, "born": date(2026, 1, 2)}, None],
    ),
    "list in struct": (
        pa.struct([("tags", pa.list_(pa.string())), ("prices", pa.list_(pa.float64()))]),
        [{"tags": ["a", None, 'b"'], "prices": [1.5, 10.0]}, {"tags": [], "prices": None}, None],
    ),
    "map": (pa.map_(pa.string(), pa.int64()), [[("a", 1), ("b", None)], [], None]),
    "map of structs": (pa.map_(pa.string(), PLACE), [[("x", {"city": "Lviv"})], [("y", None)], None]),
    "decimals": (
        pa.struct([("net", pa.decimal128(12, 2)), ("count", pa.decimal128(12, 0))]),
        [{"net": Decimal("12.50"), "count": Decimal(7)}, {"net": None, "count": None}, None],
    ),
}
LISTS: Final[dict[str, tuple[pa.DataType, list[Any]]]] = {
    "list": (pa.list_(pa.string()), [["red", None], [], None]),
    "large list": (pa.large_list(pa.int64()), [[1, None, 2**53 + 1], [], None]),
    "list of one length": (pa.list_(pa.bool_(), 2), [[True, False], [None, True], None]),
    "list of structs": (pa.list_(PLACE), [[{"city": "Kyiv"}, None], [], None]),
    "list of lists": (pa.list_(pa.list_(pa.float64())), [[[1.0, 2.5], None, []], [], None]),
    "list of maps": (pa.list_(pa.map_(pa.string(), pa.string())), [[[("a", "b")], []], [], None]),
}
KINDS: Final[dict[str, tuple[pa.DataType, list[Any], dict[str, Any]]]] = {
    **{name: (*made, {"type": ["object", "null"]}) for name, made in OBJECTS.items()},
    **{name: (*made, {"type": ["array", "null"]}) for name, made in LISTS.items()},
}
"""Name -> type in Parquet, values, and the schema of the column."""


@pytest.mark.parametrize("said", ["schema", "nothing"])
@pytest.mark.parametrize("object_", ["events", "users"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_nested_column_is_what_a_message_would_say(
    project: Project, tmp_path: Path, kind: str, object_: str, said: str
) -> None:
    type_, values, schema = KINDS[kind]
    columns = {
        "email": (pa.string(), {"type": "string"}),
        "eventName": (pa.string(), {"type": "string"}),
        "nested": (type_, schema if said == "schema" else {}),
    }
    records = [
        {"email": f"ann{place}@example.com", "eventName": "read", "nested": value} for place, value in enumerate(values)
    ]
    rows = Rows(columns, records)
    route = {"streams": {"any": {"object": object_}}}
    expected = outcome(project, tmp_path, rows.messages(), **route)
    assert expected[2]["read"] == len(values)
    assert "nested" in str(expected[0])
    assert outcome(project, tmp_path, rows.parquet(tmp_path), **route) == expected
