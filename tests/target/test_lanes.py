"""What is made of ordinary records many at a time is what is made of each by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from target_iterable.core.operation import Operation
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.field_types.registry import USERS, catalog_scope, event_scope
from target_iterable.sink import IterableSink
from target_iterable.target import TargetIterable
from tests.target.conftest import NewProject, Project
from tests.target.loading import stream

TEXT = {"type": ["string", "null"]}
COLUMNS: dict[str, dict[str, Any]] = {
    "email": TEXT,
    "userId": {"type": ["string", "integer", "null"]},
    "eventName": TEXT,
    "id": {"type": ["string", "integer", "null"]},
    "createdAt": {"type": ["string", "null"], "format": "date-time"},
    "campaignId": {"type": ["integer", "null"]},
    "itemId": TEXT,
    "catalogName": TEXT,
    "plan": {"type": ["string", "null"], "maxLength": 4},
    "seen": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
    "age": {"type": ["integer", "null"], "minimum": 0},
    "total": {"type": ["number", "null"]},
    "truth": {"type": ["boolean", "null"]},
    "deep": {"type": ["object", "null"]},
    "tags": {"type": ["array", "null"], "items": {"type": ["string", "null"]}},
    "any": {},
    "dataFields": {"type": ["object", "string", "null"]},
    "value": {"type": ["object", "null"]},
    "devices": TEXT,
    "_sdc_sequence": {"type": "integer"},
    "_sdc_deleted_at": TEXT,
    "_fivetran_deleted": {"type": ["boolean", "null"]},
}
emails = st.sampled_from(["ann@example.com", " Bob@Example.com", "nobody", "", " ", "é@example.com"])
dates = st.sampled_from(
    ["2026-01-02T03:04:05Z", "2026-01-02 03:04:05 +00:00", "2026-01-02T03:04:05.678+02:00", "2026-01-02", "soon", ""]
)
numbers = st.integers(-3, 3) | st.sampled_from([10**19, 1893456000, 1893456000000])
texts = st.sampled_from(["free", "golden", "é", "", "x" * 600, "\ud800", "a.b"])
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.floats(allow_nan=False) | texts | dates,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b", "a.b"]), inner, max_size=2),
    max_leaves=3,
)
members = st.dictionaries(
    st.sampled_from(["a", "a.b", "plan", "seen", "total", "tags", "deep", "level", "new"]), json_values, max_size=4
)
closed_names = st.sampled_from(["email", "userId", "id", "itblInternal", "itemId"])
closed_members = st.dictionaries(closed_names, texts, max_size=1)
objects = st.builds(lambda some, odd: {**some, **odd}, members, closed_members | st.just({}))
ORDINARY: dict[str, st.SearchStrategy[Any]] = {
    "email": emails,
    "userId": st.sampled_from(["u1", "", 7, "é"]),
    "eventName": st.sampled_from(["seen", "bought", " ", ""]),
    "id": st.sampled_from(["e1", "", 7, "x" * 600]),
    "createdAt": dates,
    "campaignId": numbers,
    "itemId": st.sampled_from(["A-1", "A/1", "", "7"]),
    "catalogName": st.sampled_from(["Things", "Other", "No such name"]),
    "plan": texts,
    "seen": dates,
    "age": numbers,
    "total": st.floats(allow_nan=False) | numbers,
    "truth": st.booleans(),
    "deep": st.dictionaries(st.sampled_from("ab"), json_values, max_size=2),
    "tags": st.lists(json_values, max_size=2),
    "any": json_values,
    "dataFields": members | objects | objects.map(json.dumps) | texts,
    "value": members | objects,
    "devices": texts,
    "_sdc_sequence": numbers,
    "_sdc_deleted_at": dates,
    "_fivetran_deleted": st.booleans(),
}
ROUTES: list[dict[str, Any]] = [
    {"object": "users"},
    {"object": "users", "merge_nested_objects": True, "fields": {"plan": "level", "total": None}},
    {"object": "users", "identify_by": "userId", "nulls": "keep"},
    {"object": "users", "drop": ["t*", "a?y"], "on_deleted": "write"},
    {"object": "users", "keep_only": ["email", "userId", "*e*"], "fields": {"deep": "deeper"}},
    {"object": "events"},
    {"object": "events", "event_name": "visited", "fields": {"seen": "createdAt", "createdAt": None}},
    {"object": "list_members", "list": "Loyal"},
    {"object": "catalog_items"},
    {"object": "catalog_items", "mode": "replace", "catalog": "Things", "unsafe_ids": "replace"},
    {"object": "catalog_items", "catalog": "Things", "fields": {"itemId": None}},
]
SETTINGS: list[dict[str, Any]] = [{}, {"derive_event_ids": False, "create_new_fields": "true"}, {"coerce_types": True}]
PROFILE = {"level": "double", "seen": "date", "deep": "object", "deep.a": "long", "tags": "string", "age": "string"}


@st.composite
def streams(draw: st.DrawFn) -> tuple[dict[str, Any], list[str], list[dict[str, Any]]]:
    """Columns of a stream, its key, and records that mostly keep to them."""
    names = draw(st.lists(st.sampled_from(list(COLUMNS)), min_size=1, unique=True))
    key = draw(st.lists(st.sampled_from(names), max_size=2, unique=True))
    usual = st.fixed_dictionaries({}, optional={name: st.none() | ORDINARY[name] for name in names})
    wild = st.dictionaries(st.sampled_from([*names, "strange"]), json_values, max_size=2)
    records = draw(st.lists(st.builds(lambda some, odd: {**some, **odd}, usual, wild | st.just({})), max_size=6))
    return {name: COLUMNS[name] for name in names}, key, records


@contextmanager
def target_for(project: Project, route: dict[str, Any], **settings_: Any) -> Iterator[TargetIterable]:
    """A target that reaches the sandbox."""
    reach = {"api_key": project.sandbox.api_key, "api_url": project.sandbox.url, "enforce_rate_limits": False}
    target = TargetIterable(config={**reach, "streams": {"any": route}, **settings_})
    try:
        yield target
    finally:
        target.deliveries.close()
        target.project.client.close()


def sink_for(target: TargetIterable, columns: dict[str, Any], key: list[str]) -> IterableSink:
    """The sink of a stream with these columns."""
    sink = target.add_sink("any", {"type": "object", "properties": columns}, key)
    assert isinstance(sink, IterableSink)
    return sink


def lines_of(records: list[dict[str, Any]]) -> list[bytes]:
    return [json.dumps({"type": "RECORD", "stream": "any", "record": record}).encode() for record in records]


def made(sink: IterableSink, lines: list[bytes]) -> list[Operation | None]:
    """What the lane makes of lines."""
    if sink.lane is None:
        return [None] * len(lines)
    sink.lane.look(lines)
    return sink.lane._made  # noqa: SLF001 (nobody else asks for what was made before it is delivered)


def by_itself(sink: IterableSink, line: bytes) -> Operation | None:
    """What is made of one line; None if it is refused."""
    reader = sink._reader  # noqa: SLF001
    try:
        return sink.operation(reader.deserialize_json(line)["record"])
    except RecordRejectedError:
        return None


def parts_by_themselves(sink: IterableSink, lines: list[bytes]) -> list[bytes]:
    """The parts that are made of lines, none of which is refused."""
    rows = [by_itself(sink, line) for line in lines]
    assert None not in rows
    return [row.part for row in rows if row is not None]


def said(row: Operation) -> dict[str, Any]:
    """All that an operation says, whatever the order of its fields."""
    body, fields = row.content()
    hidden = ("part", "fields", "fits_version")
    said = {name: getattr(row, name) for name in row.__struct_fields__ if name not in hidden}
    return {**said, "body": body, "fields": fields}


def know(targets: list[TargetIterable]) -> None:
    """Their projects have fields with types."""
    for target in targets:
        for scope in (USERS, event_scope("seen"), catalog_scope("Things")):
            target.project.fields.types.set_types(scope, PROFILE)


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_ordinary_records_become_what_each_would_by_itself(new_project: NewProject, route: dict[str, Any]) -> None:
    with ExitStack() as stack:
        targets = []
        for project_type in ("email", "userId", "hybrid"):
            project = new_project(project_type=project_type)
            for settings_ in SETTINGS:
                target = target_for(project, route, project_type=project_type, **settings_)
                targets.append(stack.enter_context(target))
        know(targets[::2])

        @settings(max_examples=80, deadline=None)
        @given(st.sampled_from(targets), streams())
        def check(target: TargetIterable, given_: Any) -> None:
            columns, key, records = given_
            sink, lines = sink_for(target, columns, key), lines_of(records)
            for line, row in zip(lines, made(sink, lines), strict=True):
                if row is not None:
                    assert sink._mark_in(json.loads(line)["record"]) is None  # noqa: SLF001
                    other = by_itself(sink, line)
                    assert other is not None
                    assert said(row) == said(other)
                    assert target.project.fields.types.has_clash(other) is None

        check()


FINE: dict[str, Any] = {
    "email": "ann@example.com",
    "createdAt": "2026-01-02T03:04:05Z",
    "eventName": "seen",
    "id": "e1",
    "campaignId": 7,
    "itemId": "A-1",
    "catalogName": "Things",
    "plan": "free",
    "seen": "2026-01-02T03:04:05Z",
    "age": 3,
    "total": 12.5,
    "truth": True,
    "deep": {"a": [1, {"b": 2.5}]},
    "tags": ["a", "b"],
    "_sdc_sequence": 5,
}


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_ordinary_records_are_made_together_byte_for_byte(project: Project, route: dict[str, Any]) -> None:
    record = {**FINE, "userId": "u1"} if route.get("identify_by") else FINE
    columns = {name: COLUMNS[name] for name in record}
    lines = lines_of([record, {**record, "plan": None}, {**record, "truth": None}])
    with target_for(project, route) as target:
        sink = sink_for(target, columns, ["itemId"])
        assert [row and row.part for row in made(sink, lines)] == parts_by_themselves(sink, lines)


@pytest.mark.parametrize("object_", [{}, {"z": [{"b": 1}], "plan": "gold", "a": None}, '{"z": 1.50, "age": 4}'])
@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_members_of_an_object_are_made_fields_byte_for_byte(
    project: Project, route: dict[str, Any], object_: Any
) -> None:
    member = "value" if route["object"] == "catalog_items" else "dataFields"
    record = {"email": "ann@example.com", "userId": "u1", "eventName": "seen", "itemId": "A-1", "catalogName": "Things"}
    columns = {name: COLUMNS[name] for name in [*record, "plan"]} | {member: {}}
    lines = lines_of([{**record, member: object_, **more} for more in ({}, {"plan": "free"}, {"plan": None})])
    # A field that is given twice, with different values, is told: such records are looked at one by one.
    is_plan = route.get("fields", {}).get("plan", "plan") == "plan" and "keep_only" not in route
    is_twice = is_plan and "plan" in object_
    with target_for(project, route) as target:
        sink = sink_for(target, columns, ["itemId"])
        parts: list[bytes | None] = [*parts_by_themselves(sink, lines)]
        assert [row and row.part for row in made(sink, lines)] == ([*parts[:1], None, None] if is_twice else parts)


@pytest.mark.parametrize("value", ["free", "gold"])
def test_a_field_that_is_given_twice_alike_is_made_together_with_others(project: Project, value: str) -> None:
    columns = {"email": COLUMNS["email"], "plan": COLUMNS["plan"], "dataFields": {}}
    lines = lines_of([{"email": "ann@example.com", "plan": "free", "dataFields": {"plan": value}}])
    with target_for(project, {"object": "users"}) as target:
        sink = sink_for(target, columns, [])
        assert (made(sink, lines) == [None]) is (value == "gold")


@pytest.mark.parametrize(
    "column", [{"type": "text"}, {"type": None}, {"anyOf": [True, {"type": "null"}]}, {"enum": ["x"]}]
)
def test_records_are_taken_whatever_their_schema_is_where_nobody_asks_for_it(project: Project, column: Any) -> None:
    users = [{"email": f"{n}@example.com", "plan": "x"} for n in range(3)]
    done = project.load(stream("users", users, plan=column), validate_records=False)["users"]
    assert done["written"] == 3


def test_a_schema_of_any_value_is_kept_like_all_others(project: Project) -> None:
    users = [{"email": f"{n}@example.com", "plan": plan} for n, plan in enumerate(["x", None, "y" * 9])]
    column = {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}, False]}
    done = project.load(stream("users", users, plan=column))["users"]
    assert (done["written"], done["reasons"]) == (2, {"invalidRecord": 1})
