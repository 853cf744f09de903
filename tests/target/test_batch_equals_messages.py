"""The same rows lead to the same requests and rejects, as messages, JSON lines or Parquet, for every object."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from shutil import rmtree
from typing import Any, Final

import pyarrow as pa
import pytest
import simplejson
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from iterable_api.facts.key_types import KeyType
from target_iterable.objects.registry import OBJECTS
from tests.target.batches import batch, parquet
from tests.target.conftest import NewProject, Project
from tests.target.loading import Message
from tests.target.scenery import APP_KEY, FROM_APPS

MOMENT: Final = pa.timestamp("us", "UTC")
ADDRESS: Final = pa.struct([("city", pa.string()), ("floor", pa.int64()), ("area", pa.float64())])
ITEMS: Final = pa.list_(
    pa.struct([("id", pa.string()), ("name", pa.string()), ("price", pa.float64()), ("quantity", pa.int32())])
)
ITEM: Final = {"id": "m", "name": "Mug", "price": 4.5, "quantity": 2}
TEXTS: Final = ("ann@example.com", "A1", "5", "5.0", "2026-01-01", "12, 15", "APNS", "", "é", '{"a": 1.50}', "[1]", "{")
FORMS: Final[Sequence[tuple[pa.DataType, dict[str, Any], st.SearchStrategy[Any]]]] = (
    (pa.string(), {"type": ["string", "null"]}, st.sampled_from(TEXTS)),
    (pa.dictionary(pa.int32(), pa.string()), {}, st.sampled_from(TEXTS)),
    (pa.string(), {"type": ["object", "null"]}, st.sampled_from(TEXTS)),
    (pa.string(), {"type": ["string", "null"], "contentMediaType": "application/json"}, st.sampled_from(TEXTS)),
    (pa.string(), {"type": ["string", "null"], "maxLength": 5}, st.sampled_from(TEXTS)),
    (pa.int64(), {"type": ["integer", "null"]}, st.sampled_from([0, -1, 5, 10**18])),
    (pa.float64(), {"type": ["number", "null"]}, st.sampled_from([0.0, 1.5, -10.0, 1e300, float("nan"), float("inf")])),
    (pa.float64(), {"type": ["integer", "null"]}, st.sampled_from([0.0, 7.0, 7.5])),
    (pa.decimal128(20, 2), {"type": ["number", "null"]}, st.sampled_from([Decimal("1.50"), Decimal("-20.00")])),
    (pa.decimal128(20, 0), {}, st.sampled_from([Decimal(10), Decimal(10**19)])),
    (pa.bool_(), {"type": ["boolean", "null"]}, st.booleans()),
    (
        MOMENT,
        {"type": ["string", "null"], "format": "date-time"},
        st.datetimes(timezones=st.just(UTC)),
    ),
    (MOMENT, {}, st.just(datetime(2026, 1, 25, 13, 37, 19, tzinfo=UTC))),
    (
        ADDRESS,
        {"type": ["object", "null"]},
        st.fixed_dictionaries({"city": st.sampled_from([None, "Kyiv"]), "area": st.sampled_from([None, 2.0])}),
    ),
    (ITEMS, {}, st.lists(st.just(ITEM), max_size=2)),
    (
        pa.list_(pa.string()),
        {"type": ["array", "null"], "items": {"type": "string"}},
        st.lists(st.sampled_from(TEXTS), max_size=2),
    ),
    (pa.null(), {}, st.none()),
)
"""Type in Parquet, schema of the stream, and values."""
_COLUMNS: Final = re.compile(r"^ *(\w+(?:, \w+)*)(?:, and all other columns)?: ", re.MULTILINE)


class Rows:
    """Rows of one schema in all forms."""

    def __init__(self, columns: dict[str, tuple[pa.DataType, dict[str, Any]]], records: list[dict[str, Any]]) -> None:
        schema = pa.schema([(name, kind) for name, (kind, _) in columns.items()])
        self.table = pa.Table.from_pylist(records, schema)
        self.schema: Message = {
            "type": "SCHEMA",
            "stream": "any",
            "key_properties": ["id"] if "id" in columns else [],
            "schema": {"properties": {name: said for name, (_, said) in columns.items()}},
        }
        plain = [_plain(row) for row in self.table.to_pylist(maps_as_pydicts="strict")]
        self.lines = [simplejson.dumps(row, use_decimal=True, allow_nan=True) for row in plain]

    def messages(self) -> list[Message | str]:
        return [self.schema, *(f'{{"type": "RECORD", "stream": "any", "record": {line}}}' for line in self.lines)]

    def json_lines(self, path: Path) -> list[Message | str]:
        (path / "a.jsonl").write_text("\n".join(self.lines))
        return [self.schema, batch("any", path / "a.jsonl")]

    def parquet(self, path: Path) -> list[Message | str]:
        return [self.schema, batch("any", parquet(path / "a.parquet", self.table, row_group_size=3))]


def _plain(value: Any) -> Any:
    """A value as tap-iterable writes it in a RECORD message."""
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, date) else value


@st.composite
def rows(draw: st.DrawFn, name: str) -> Rows:
    object_ = OBJECTS[name]
    documented = {column for names in _COLUMNS.findall(object_.__doc__ or "") for column in names.split(", ")}
    names = [*sorted(documented | object_.example.keys()), "dataFields", "extra", "_sdc_extracted_at"]
    forms = draw(st.dictionaries(st.sampled_from(names), st.sampled_from(FORMS), max_size=5))
    example = pa.Table.from_pylist([object_.example]).schema
    columns: dict[str, tuple[pa.DataType, dict[str, Any]]] = {field.name: (field.type, {}) for field in example}
    columns |= {column: (kind, said) for column, (kind, said, _) in forms.items()}
    values = {column: st.none() | made for column, (_, _, made) in forms.items()}
    records = draw(st.lists(st.fixed_dictionaries(values), min_size=1, max_size=7))
    return Rows(columns, [{**object_.example, **record} for record in records])


def outcome(project: Project, path: Path, messages: Iterable[Message | str], **more: Any) -> tuple[Any, ...]:
    """What a run would send, and what it rejects and why."""
    dry = path / "dry"
    rmtree(dry, ignore_errors=True)
    done = project.load(messages, batch_roots=[str(path)], dry_run=True, dry_run_path=str(dry), **more)["any"]
    plans = [
        line
        for file in sorted(dry.glob("*.ndjson"))
        if ".audit." not in file.name
        for line in file.read_text().splitlines()
    ]
    lines = [line for file in sorted(dry.glob("*.singer")) for line in file.read_text().splitlines()]
    kept = [json.loads(line, parse_float=Decimal) for line in lines]
    rejects = [
        (
            simplejson.dumps(message["record"], use_decimal=True, allow_nan=True, sort_keys=True),
            message["reject"]["code"],
            message["reject"]["reason"],
        )
        for message in kept
        if "reject" in message
    ]
    counts = {name: count for name, count in done.items() if isinstance(count, int)}
    return [json.loads(line) for line in plans], rejects, counts


def check(new_project: NewProject, path: Path, name: str, examples: int) -> None:
    project = new_project(keys={APP_KEY: KeyType.MOBILE}, subscription_endpoints=True, opt_in_message_types=True)
    more = {
        "streams": {"any": {"object": name}},
        "allow_destructive": True,
        "allow_messaging": True,
        **({"api_key": APP_KEY} if name in FROM_APPS else {}),
    }

    @settings(max_examples=examples, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(rows(name))
    def same(some: Rows) -> None:
        expected = outcome(project, path, some.messages(), **more)
        assert expected[2]["read"] == len(some.lines)
        assert outcome(project, path, some.json_lines(path), **more) == expected
        assert outcome(project, path, some.parquet(path), **more) == expected

    same()


@pytest.mark.parametrize("name", ["users", "events", "carts"])
def test_the_same_rows_lead_to_the_same_requests(new_project: NewProject, tmp_path: Path, name: str) -> None:
    check(new_project, tmp_path, name, 6)


@pytest.mark.more
@pytest.mark.parametrize("name", OBJECTS)
def test_the_same_rows_lead_to_the_same_requests_for_each_object(
    new_project: NewProject, tmp_path: Path, name: str
) -> None:
    check(new_project, tmp_path, name, 40)
