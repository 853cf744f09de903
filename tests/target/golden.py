"""A fixed corpus of odd and ordinary records, and all that the target makes of each.

`python -m tests.target.golden` writes the answers of the present code to `data/golden_operations.json`. Do that only
when an answer is meant to change, and read the difference.
"""

from __future__ import annotations

import io
import json
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple
from unittest.mock import patch

from iterable_sandbox.server import Sandbox
from target_iterable.core.operation import OBJECT, Operation
from target_iterable.core.rejection import RejectReason
from target_iterable.core.source import Source
from target_iterable.delivery.buffer import Buffer
from target_iterable.delivery.stream_delivery import StreamDelivery
from target_iterable.field_types.registry import USERS, catalog_scope, event_scope
from target_iterable.mirror.no_mirror import NoMirror
from target_iterable.mirror.stream_mirror import StreamMirror
from target_iterable.target import TargetIterable

ANSWERS: Final = Path(__file__).parent / "data" / "golden_operations.json"
_ROWS: Final = 11
_TEXT: Final = {"type": ["string", "null"]}
COLUMNS: Final[Mapping[str, Mapping[str, Any]]] = {
    "email": _TEXT,
    "userId": {"type": ["string", "integer", "null"]},
    "eventName": _TEXT,
    "id": {"type": ["string", "integer", "null"]},
    "createdAt": {"type": ["string", "null"], "format": "date-time"},
    "campaignId": {},
    "itemId": _TEXT,
    "catalogName": _TEXT,
    "list": _TEXT,
    "listId": {},
    "in": {},
    "a:::b": {},
    "phoneNumber": {},
    "plan": {"type": ["string", "null"], "maxLength": 4},
    "seen": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
    "age": {"type": ["integer", "null"], "minimum": 0},
    "total": {"type": ["number", "null"]},
    "truth": {"type": ["boolean", "null"]},
    "deep": {"type": ["object", "null"]},
    "tags": {"type": ["array", "null"], "items": {"type": ["string", "null"]}},
    "any": {},
    "dataFields": {"type": ["object", "string", "null"]},
    "value": {"type": ["object", "string", "null"]},
    "devices": _TEXT,
    "emailListIds": {},
    **{name: {} for name in ("type", "event", "traits", "properties", "messageId", "timestamp", "context", "name")},
    "_sdc_sequence": {"type": "integer"},
    "_sdc_deleted_at": _TEXT,
    "_fivetran_deleted": {"type": ["boolean", "null"]},
}
_DATES: Final = ["2026-01-02T03:04:05Z", "2026-01-02 03:04:05 +00:00", "2026-01-02T03:04:05.678+02:00", "2026-01-02"]
_TEXTS: Final = ["free", "free", "gold", "é", "", "a.b", "12", "true", "2026-01-02T03:04:05Z"]
_NUMBERS: Final = [3, 0, 1, 1893456000, 1893456000000, 2.5, 3.0, 10**19]
_VALUES: Final = [
    "x",
    2.5,
    *_TEXTS,
    *_NUMBERS,
    True,
    False,
    None,
    {"a": 1, "b": None},
    {"a.b": {"c": 2.50}},
    [1, {"a": None}],
    [],
]
_OBJECTS: Final = [
    {"plan": "free"},
    {"a": 1, "b": None, "seen": "2026-01-02T03:04:05Z"},
    '{"z": 1.50, "level": 4}',
    {"email": "cat@example.com", "level": "7"},
    {"userId": "u9", "new": {"x.y": 1}},
    {"id": "in", "itemId": "in", "total": "12.5"},
    {"itblInternal": 1},
    {},
    "",
    "no object",
    "[1]",
]
ORDINARY: Final[Mapping[str, Sequence[Any]]] = {
    "email": ["ann@example.com", "ann@example.com", "bob@example.com", " Cat@Example.com", "nobody", "", " "],
    "userId": ["u1", "u1", "u2", "", 7, "é", " "],
    "eventName": ["seen", "seen", "bought", " ", ""],
    "id": ["e1", "e1", "", 7, "x" * 600],
    "createdAt": [_DATES[0], *_DATES, "soon", ""],
    "campaignId": [7, 8, "8", 0, -1, 9.0, 1.5, "", "many", True, 10**19],
    "itemId": ["A-1", "A-2", "A/1", "", "7"],
    "catalogName": ["Things", "Things", "Other", "No such name"],
    "list": ["Loyal", "Loyal", "Others", "", " "],
    "listId": [77, 5, "", "seven", 1.5, True, None],
    "a:::b": [1, 2, ""],
    "phoneNumber": ["044 668 18 00", "+16502530000", "call me", "", 41],
    "in": [True, False, 1, 0, 2, "true", None],
    "plan": ["free", "gold", "golden", "", "é"],
    "seen": [_DATES[0], *_DATES, "soon", ""],
    "age": [3, 0, 40, -1, 2.0, 1.5],
    "total": [12.5, 3, 1e300, 0.1],
    "truth": [True, False],
    "deep": [{"a": 1}, {"a": 2}, {"a": "1", "b": [None, {"c": None}]}, {"a.b": 1}, {"a": None}, {}],
    "tags": [["a", "b"], ["c"], [None, "x"], ["2026-01-02T03:04:05Z"]],
    "any": _VALUES,
    "dataFields": _OBJECTS,
    "value": _OBJECTS,
    "devices": ["phone", ""],
    "emailListIds": [[1, 2], [1], "1"],
    "type": ["identify", "track", "page", "group", "alias", "odd", 7],
    "event": ["Seen", "Order Completed", "Audience Entered", ""],
    "traits": [{"email": "ann@example.com", "plan": "free"}, {"plan": "gold", "age": 4}, {"level": "7"}, {}, "none"],
    "properties": [{"plan": "free", "total": 2.5}, {"order_id": "o1"}, {"audience_name": "Big", "list": "L"}, {}, ""],
    "messageId": ["m1", "m2", "", 7],
    "timestamp": [_DATES[0], _DATES[1], "soon", ""],
    "context": [{"traits": {"email": "ann@example.com"}}, {}, {"traits": {"email": "nobody"}}],
    "name": ["Pricing", "Home", ""],
    "_sdc_sequence": [5],
    "_sdc_deleted_at": ["", "", "2026-01-02T03:04:05Z"],
    "_fivetran_deleted": [False, False, False, True],
}
_OFTEN: Final = {
    "_sdc_deleted_at": 0.05,
    "_fivetran_deleted": 0.1,
    "devices": 0.04,
    "dataFields": 0.35,
    "value": 0.35,
    "id": 0.3,
    "emailListIds": 0.15,
    "email": 0.9,
    "eventName": 0.95,
    "itemId": 0.95,
    "catalogName": 0.95,
    "list": 0.8,
    "in": 0.95,
    "a:::b": 0.3,
    "listId": 0.3,
}
"""How often a record has a column; otherwise seven times of ten."""
PROFILE: Final = {
    "level": "double",
    "seen": "date",
    "deep": "object",
    "deep.a": "long",
    "tags": "string",
    "any": "long",
}


class Case(NamedTuple):
    """A stream. The route is that of its records; settings are those of the target."""

    route: Mapping[str, Any]
    settings: Mapping[str, Any] = {}
    columns: Sequence[str] = ()
    key: Sequence[str] = ()


_USER: Final = (
    "email",
    "userId",
    "plan",
    "seen",
    "age",
    "total",
    "truth",
    "deep",
    "tags",
    "any",
    "dataFields",
    "devices",
)
_MARKED: Final = (*_USER, "_sdc_sequence", "_sdc_deleted_at", "_fivetran_deleted")
_EVENT: Final = (*_USER[:-1], "eventName", "id", "createdAt", "campaignId")
_MEMBER: Final = (*_USER, "list", "listId", "in", "_fivetran_deleted")
_ODD: Final = ("email", "plan", "a:::b", "dataFields")
_ITEM: Final = ("itemId", "catalogName", "value", *_USER[2:-2], "_fivetran_deleted")
_CALL: Final = ("type", "userId", "event", "traits", "properties", "messageId", "timestamp", "context", "name")
_EMAIL: Final[Mapping[str, Any]] = {"project_type": "email"}
_BY_ID: Final[dict[str, Any]] = {"project_type": "userId"}
_HYBRID: Final[dict[str, Any]] = {"project_type": "hybrid"}
_REJECTS: Final[dict[str, Any]] = {"on_duplicate_field": "reject"}
_MIRROR: Final[dict[str, Any]] = {"mode": "mirror", "max_removals": "100%"}
CASES: Final = [
    Case({"object": "users"}, {}, _MARKED),
    Case({"object": "users"}, _BY_ID, _USER),
    Case({"object": "users"}, _HYBRID | {"create_new_fields": "true"}, _USER),
    Case({"object": "users"}, {"coerce_types": True}, _USER[:-1], ["email"]),
    Case({"object": "users"}, _REJECTS, _USER),
    Case({"object": "users"}, {"placeholder_users": True}, _USER),
    Case({"object": "users", "merge_nested_objects": True, "fields": {"plan": "level", "total": None}}, {}, _USER),
    Case({"object": "users", "identify_by": "userId", "nulls": "keep"}, {}, _USER),
    Case({"object": "users", "drop": ["t*", "a?y", "deep.a"], "on_deleted": "write"}, {}, _MARKED),
    Case({"object": "users", "keep_only": ["email", "userId", "*e*"], "fields": {"deep": "deeper"}}, _HYBRID, _MARKED),
    Case({"object": "users", "defaults": {"plan": "none", "age": 4}, "fields": {"truth": "deep.a"}}, {}, _USER),
    Case({"object": "users", "fields": {"truth": "age"}, "nulls": "keep"}, _HYBRID, _USER),
    Case({"object": "users", "mode": "update"}, {}, _USER),
    Case({"object": "users", "mode": "update", "update_only": True}, _HYBRID, _USER),
    Case({"object": "users", "foreign_ids": True}, {}, (*_USER, "emailListIds")),
    Case({"object": "users", **_MIRROR}, {}, _MARKED),
    Case({"object": "users", "on_deleted": "remove", "on_removed": "clear"}, {}, _MARKED, ["email"]),
    Case({"object": "users"}, {"validate_records": False}, _USER),
    Case(
        {"object": "users"},
        {"stream_maps": {"any": {"plan": "record.get('plan')", "__filter__": "record.get('age') != 40"}}},
        _MARKED,
    ),
    Case({"object": "events"}, {}, _EVENT),
    Case({"object": "events"}, _BY_ID, _EVENT, ["eventName", "createdAt"]),
    Case({"object": "events"}, _HYBRID | {"derive_event_ids": False, "create_new_fields": "true"}, _EVENT),
    Case({"object": "events", "event_name": "visited", "fields": {"seen": "createdAt", "createdAt": None}}, {}, _EVENT),
    Case({"object": "events", "nulls": "keep"}, _REJECTS, _EVENT, ["plan", "userId"]),
    Case(
        {"object": "events", "event_name": "seen"}, {"derive_event_ids": False}, ("email", "plan", "dataFields", "any")
    ),
    Case({"object": "list_members", "list": "Loyal"}, {}, _MEMBER),
    Case({"object": "list_members"}, _HYBRID | {"placeholder_users": True}, _MEMBER),
    Case({"object": "list_members", "list_id": 5, "mode": "remove", "channel_unsubscribe": True}, {}, _MEMBER),
    Case({"object": "list_members", "mode": "remove"}, _BY_ID, _MEMBER),
    Case({"object": "list_members", "member_column": "in", "merge_nested_objects": True}, {}, _MEMBER),
    Case({"object": "list_members", "list": "Loyal", "update_existing_users_only": True}, {}, _MEMBER),
    Case({"object": "list_members", "list": "Loyal", "update_existing_users_only": True}, _HYBRID, _MEMBER),
    Case({"object": "list_members", **_MIRROR, "on_deleted": "remove"}, {}, _MEMBER),
    Case({"object": "catalog_items"}, {}, _ITEM),
    Case({"object": "catalog_items"}, {"coerce_types": True}, _ITEM, ["itemId"]),
    Case({"object": "catalog_items", "mode": "replace", "catalog": "Things", "unsafe_ids": "replace"}, {}, _ITEM),
    Case({"object": "catalog_items", "catalog": "Things", "fields": {"itemId": None}}, {}, _ITEM, ["plan"]),
    Case({"object": "catalog_items", "catalog": "Things", "nulls": "keep"}, _REJECTS, _ITEM[:-1], ["plan", "age"]),
    Case({"object": "segment", "groups": "skip"}, {}, _CALL),
    Case({"object": "segment", "audiences": "list", "pages": "common", "spread": "all"}, _HYBRID, _CALL, ["messageId"]),
    Case({"object": "catalog_items", **_MIRROR, "define_field_types": True}, {}, _ITEM, ["itemId"]),
    Case({"object": "list_memberships", "managed_lists": ["a", "b"], "lists_column": "tags"}, {}, _MEMBER),
    Case({"object": "users"}, {}, _ODD),
    Case({"object": "users"}, {"phone_region": "CH"}, ("email", "phoneNumber", "dataFields")),
    Case({"object": "events"}, {}, (*_ODD, "eventName", "id", "campaignId")),
]
LINES: Final = [
    '{"email": "ann@example.com", "userId": "u1", "eventName": "seen", "itemId": "A-1", "any": NaN}',
    '{"email": "ann@example.com", "userId": "u1", "eventName": "seen", "itemId": "A-1", "any": "\\ud800"}',
    '{"email": "\\ud800@example.com", "userId": "\\ud800", "eventName": "\\ud800", "itemId": "\\ud800"}',
    '{"email": "ann@example.com", "userId": "u1", "eventName": "seen", "itemId": "A-1", "age": 1.50, "strange": [1e5]}',
    '{"email": "ann@example.com", "userId": "u1", "eventName": "seen", "itemId": "A-1", "any": 1e400}',
    "{}",
]
"""Records that every stream has: what JSON should not hold, a column of no schema, and nothing at all."""


def records_of(number: int, case: Case, rows: int) -> list[str]:
    """The records of a case, as JSON."""
    chance = random.Random(number)  # noqa: S311 (the same in every run)
    return [*(json.dumps(_record(chance, case)) for _ in range(rows)), *LINES]


def _record(chance: random.Random, case: Case) -> dict[str, Any]:
    """A record that three times of four is fine but for one column at most."""
    is_tidy = chance.random() < 0.75
    record = {}
    for column in case.columns:
        if chance.random() < _OFTEN.get(column, 0.7):
            values = ORDINARY[column]
            record[column] = chance.choice(values[:2] if is_tidy else [*values, None])
    if is_tidy:
        odd = chance.choice(case.columns)
        record |= {odd: chance.choice([*ORDINARY[odd], *ORDINARY[odd], chance.choice(_VALUES)])}
    return record


class OneByOne(io.StringIO):
    """An input whose lines come one at a time."""

    def readlines(self, _hint: int | None = -1, /) -> list[Any]:
        """The next line."""
        return [line] if (line := self.readline()) else []


def made_of(
    case: Case,
    records: Sequence[str],
    sandbox: Sandbox,
    source: type[io.StringIO] = io.StringIO,
    columns: Mapping[str, Mapping[str, Any]] = COLUMNS,
) -> dict[str, Any]:
    """What the target makes of a stream: operations and rejects, each with the place of its record, and its counts."""
    schema = {"type": "object", "properties": {column: columns[column] for column in case.columns}}
    head = json.dumps({"type": "SCHEMA", "stream": "any", "schema": schema, "key_properties": case.key})
    lines = [f'{{"type": "RECORD", "stream": "any", "version": 5, "record": {record}}}' for record in records]
    with _watched() as seen, tempfile.TemporaryDirectory() as folder:
        reach = {"api_key": sandbox.api_key, "api_url": sandbox.url, "enforce_rate_limits": False, "max_tries": 1}
        files = {"ledger": f"{folder}/ledger.db", "audit_path": f"{folder}/audit", "rejects_path": f"{folder}/rejects"}
        target = TargetIterable(config={**reach, **files, "streams": {"any": dict(case.route)}, **case.settings})
        for scope in (USERS, event_scope("seen"), catalog_scope("Things")):
            target.project.fields.types.set_types(scope, PROFILE)
        with redirect_stdout(io.StringIO()):
            target.listen(source("\n".join([head, *lines])))
    places = {line: place for place, line in enumerate(lines)}
    return seen.told(places, target)


class _Seen:
    """What came to the deliveries of one run."""

    def __init__(self) -> None:
        self.loads: list[tuple[StreamDelivery, Buffer]] = []
        self.mirror: list[tuple[str, Any]] = []

    def told(self, places: Mapping[str, int], target: TargetIterable) -> dict[str, Any]:
        """All of it, as JSON can hold it."""
        found: dict[str, Any] = {"operations": [], "rejected": [], "skipped": 0, "deleted": {}}
        for delivery, load in self.loads:
            types = target.project.fields.types
            found["operations"] += [
                [places[_line(row.source)], operation_told(row, types.has_clash(row))] for row in load.rows
            ]
            found["rejected"] += [[places[_line(it)], why.code, why.reason, why.field] for why, it in load.rejected]
            found["skipped"] += load.skipped
            found["deleted"] |= dict(sorted(load.deleted.items()))
            found["duplicates"] = dict(sorted(delivery.counts.duplicate_fields.items()))
        return dict(json.loads(json.dumps({**found, "mirror": [_told(name, it) for name, it in self.mirror]})))


def operation_told(row: Operation, misfit: RejectReason | None) -> dict[str, Any]:
    """All that an operation says, whatever the order of its fields; without what says nothing."""
    text = b"{" + row.part + b"}" if row.endpoint.brackets == OBJECT else row.part
    body = json.loads(text, parse_float=Decimal) if text else None
    envelope = row.envelope
    told = {
        "to": f"{row.endpoint}{'' if row.endpoint.repeatable else ' once'}",
        "body": json.dumps(_plain(body), sort_keys=True, ensure_ascii=False),
        "names": [":".join(name) for name in row.names],
        "only_for": sorted(":".join(name) for name in row.only_for),
        "envelope": [envelope.members.decode(), envelope.path_params, envelope.fresh, envelope.by_record],
        "scopes": [row.type_scope, row.event_name, row.dedup_scope],
        "fields_path": "/".join(row.fields_path),
        "misfit": misfit and misfit.reason,
    }
    return {name: value for name, value in told.items() if value}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, str | bool | int) else f"number {value}"


def _told(name: str, values: Sequence[Any]) -> list[Any]:
    return [name, *(value for value in values if not isinstance(value, Operation))]


def _line(source: Source | None) -> str:
    assert source is not None
    return (source.record if isinstance(source.record, str) else source.record.decode()).strip()


@contextmanager
def _watched() -> Iterator[_Seen]:
    """Nothing is delivered; all that would be is noted, and so is what mirrors are told."""
    seen = _Seen()

    def drain(self: StreamDelivery, load: Buffer) -> None:
        self.counts.read -= len(load)
        seen.loads.append((self, load))

    with ExitStack() as stack:
        stack.enter_context(patch.object(StreamDelivery, "drain", drain))
        stack.enter_context(patch.object(StreamMirror, "record_rows", _noting_rows(seen, StreamMirror.record_rows)))
        for name in ("record_seen", "count_tombstone", "count_unnamed"):
            stack.enter_context(patch.object(StreamMirror, name, _noting(seen, name, getattr(StreamMirror, name))))
        stack.enter_context(patch.object(NoMirror, "count_tombstone", _noting(seen, "count_tombstone", _nothing)))
        yield seen


def _nothing(_self: Any) -> None:
    """Do nothing."""


def _noting_rows(seen: _Seen, does: Any) -> Any:
    def noted(self: Any, rows: Sequence[Operation], names: Sequence[Sequence[str]], version: int | None) -> Any:
        seen.mirror += [("record_row", (of_row, version)) for of_row in names]
        return does(self, rows, names, version)

    return noted


def _noting(seen: _Seen, name: str, does: Any) -> Any:
    def noted(self: Any, *values: Any) -> Any:
        seen.mirror.append((name, values))
        return does(self, *values)

    return noted


def answers(rows: int = _ROWS, seed: int = 0) -> Iterator[tuple[Case, list[str], dict[str, Any]]]:
    """Each case with its records and what is made of them, in sandboxes of their own."""
    for number, case in enumerate(CASES):
        with Sandbox(project_type=case.settings.get("project_type", "email")) as sandbox:
            records = records_of(seed + number, case, rows)
            yield case, records, made_of(case, records, sandbox)


def write(path: Path = ANSWERS, rows: int = _ROWS, seed: int = 0) -> None:
    """Keep the answers of the present code."""
    made = answers(rows, seed)
    found = [[dict(case.route), dict(case.settings), records, answer] for case, records, answer in made]
    path.write_text("[\n" + ",\n".join(json.dumps(case, ensure_ascii=False) for case in found) + "\n]\n")


if __name__ == "__main__":
    write()
