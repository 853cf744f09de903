"""Reads a call: as `analytics.js` sends it, or from the flattened columns of a Segment warehouse.

    {"type": "track", "event": "Signed Up", "userId": "u1", "messageId": "m1", "properties": {"plan": "pro"}}
    {"event_text": "Signed Up", "event": "signed_up", "user_id": "u1", "id": "m1", "plan": "pro"}

Both are the same call. A warehouse has a table for each type of call, so there the route says the type.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from target_iterable.core.rejection import RecordRejectedError
from target_iterable.records.column_mapping import EMPTY, Row, pop_object
from target_iterable.records.duplicate_fields import DuplicateFields

_CONTEXT: Final = "context"
_TRAITS: Final = "traits"
_PROPERTIES: Final = "properties"
_RAW_MEMBERS: Final = ("messageId", _CONTEXT, "userId", "anonymousId", "sentAt", "receivedAt", "originalTimestamp")
"""Members that only raw calls have, which are written as they were sent: warehouses name their columns differently."""


@dataclass(frozen=True)
class CallShape:
    """The members of calls of one type. Where there are several names, the best comes first.

    Attributes:
        body: the object with the traits or properties.
        subject: the columns of the event's name, the previous id, or the group's id.
        user_id: the columns of the userId.
        message_id: the columns of the messageId. In a warehouse that is `id`; `message_id` is a property there, such as
            the message that was opened, unless there is nothing else to tell the calls apart.
        outer: members beside the body that are properties, too.
    """

    body: str
    subject: tuple[str, ...] = ()
    user_id: tuple[str, ...] = ("userId", "user_id")
    message_id: tuple[str, ...] = ("messageId", "id", "message_id")
    outer: tuple[str, ...] = ()


SHAPES: Final[Mapping[str, CallShape]] = {
    "identify": CallShape(_TRAITS),
    # A row of a warehouse's table `users`: all traits of a user, with the userId in `id`.
    "user": CallShape(_TRAITS, user_id=("id",), message_id=()),
    # Warehouses have the name twice: in `event` as the name of a table, in `event_text` as it was sent.
    "track": CallShape(_PROPERTIES, subject=("event_text", "event")),
    "page": CallShape(_PROPERTIES, outer=("name", "category")),
    "screen": CallShape(_PROPERTIES, outer=("name", "category")),
    "alias": CallShape(_TRAITS, subject=("previousId", "previous_id")),
    "group": CallShape(_TRAITS, subject=("groupId", "group_id")),
}

_TYPES: Final = tuple(type_ for type_ in SHAPES if type_ != "user")
TIMESTAMPS: Final = (
    "timestamp",
    "originalTimestamp",
    "original_timestamp",
    "sentAt",
    "sent_at",
    "receivedAt",
    "received_at",
)
"""Columns of the time of the call, best first: Segment corrects `timestamp` for clocks that are wrong."""
_ANONYMOUS: Final = ("anonymousId", "anonymous_id")
_WAREHOUSE_COLUMNS: Final = ("uuid", "uuid_ts", "loaded_at")
_RUDDERSTACK_COLUMNS: Final = ("channel",)
"""Columns of all tables of RudderStack. In Segment's they are traits or properties."""
_RUDDERSTACK_MARK: Final = f"{_CONTEXT}_request_ip"
"""A column that all tables of RudderStack have, and no others; see `WHDefaultConfig.js` of its transformer."""
_RAW_METADATA: Final = ("type", "integrations", "writeKey", "projectId", "version", "channel", "_metadata")
"""Members of raw calls. In a warehouse, columns of these names are traits or properties."""
_CONTEXT_PATHS: Final[Mapping[str, tuple[str, ...]]] = {
    "email": ("traits", "email"),
    "computation_class": ("personas", "computation_class"),
    "computation_key": ("personas", "computation_key"),
    "campaignId": ("campaign", "campaignId"),
    "templateId": ("campaign", "templateId"),
    "externalIds": ("externalIds",),
}
"""The parts of a context that are used. In a warehouse the path is the name of a column: `context_traits_email`."""
_CAPITAL: Final = re.compile(r"(?<=[a-z])[A-Z]")
_CONTEXT_COLUMNS: Final[Mapping[str, tuple[str, str]]] = {
    name: (column, _CAPITAL.sub(lambda found: f"_{found[0].lower()}", column))
    for name, column in ((name, "_".join((_CONTEXT, *path))) for name, path in _CONTEXT_PATHS.items())
}
"""The columns of these paths: with the capitals that the call has, or in snake case: `context_external_ids`."""
_DEVICE: Final = "device"


@dataclass(frozen=True)
class Call:
    """One call.

    Attributes:
        type: a key of `SHAPES`.
        body: the traits or properties.
        subject: the event's name, the previous id, or the group's id; a page has its name in `body`.
        user_id: the userId, as it came.
        message_id: the messageId, as it came.
        moment: the time of the call, in any format.
        is_anonymous: whether it has an anonymousId.
        context: values by the names in `_CONTEXT_PATHS`; only those that are present.
        context_traits: the traits in the context.
        device: the device in the context.
        unknown_members: members beside the body that the spec does not know.
    """

    type: str
    body: Row
    subject: Any = None
    user_id: Any = None
    message_id: Any = None
    moment: Any = None
    is_anonymous: bool = False
    context: Mapping[str, Any] = field(default_factory=dict)
    context_traits: Row = field(default_factory=dict)
    device: Row = field(default_factory=dict)
    unknown_members: AbstractSet[str] = frozenset()

    def missing(self, name: str) -> RecordRejectedError:
        """The error for a call without a member that it must have."""
        return RecordRejectedError("missingField", f"a {self.type} call needs `{name}`", name)

    def path_to(self, name: str) -> str:
        """The path of a trait or property in the call: `properties.total`."""
        return f"{SHAPES[self.type].body}.{name}"


def read_call(
    row: Row, type_: str | None, duplicates: DuplicateFields | None = None, *, all_members: bool = False
) -> Call:
    """Read the call in `row`, which is emptied.

    In a warehouse all columns that have no other meaning are traits or properties. A raw call has these in an object of
    their own; members beside it are unknown.

    A null column is a trait or property that was not sent: a table has columns for those of all calls. Within an
    object a null was sent.

    Args:
        row: the record.
        type_: the type of the call; None if the column `type` has it.
        duplicates: merges traits or properties that the call has twice.
        all_members: whether unknown members of raw calls are traits or properties, too.

    Raises:
        RecordRejectedError: if the type is unknown, or a member that must be an object is not.
    """
    type_ = type_ or _type(row)
    shape = SHAPES[type_]
    is_rudderstack = _RUDDERSTACK_MARK in row
    has_message_id = row.get("messageId") not in EMPTY
    is_raw = any(row.get(member) not in EMPTY for member in (*_RAW_MEMBERS, shape.body))
    context = _pop_context(row)
    known: Row = {
        "subject": _pop_all(row, shape.subject),
        "user_id": _pop_all(row, shape.user_id),
        "message_id": _pop_first(row, shape.message_id),
        "moment": _pop_all(row, TIMESTAMPS),
        "is_anonymous": _pop_all(row, _ANONYMOUS) not in EMPTY,
    }
    _pop_all(
        row,
        _WAREHOUSE_COLUMNS
        + (_RAW_METADATA if has_message_id else ())
        + (_RUDDERSTACK_COLUMNS if is_rudderstack else ()),
    )
    has_body = row.get(shape.body) not in EMPTY
    inner = pop_object(row, shape.body) if has_body or type_ != "identify" else context.inner_traits
    columns = {column: value for column, value in row.items() if value is not None}
    outer = columns if all_members or not is_raw else {name: columns[name] for name in shape.outer if name in columns}
    duplicates = duplicates or DuplicateFields()
    body = duplicates.merged(inner, outer, shape.body)
    if shape.body == _TRAITS:
        duplicates.compare(context.used, body, _CONTEXT)
    known |= {"context": context.used, "context_traits": context.traits, "device": context.device}
    return Call(type_, body, **known, unknown_members=columns.keys() - outer.keys())


def _type(row: Row) -> str:
    found = row.pop("type", None)
    if found in EMPTY:
        raise RecordRejectedError(
            "missingField", "the record has no `type`; if all of the stream are of one, set `call` of the route", "type"
        )
    if not isinstance(found, str) or found.lower() not in _TYPES:
        raise RecordRejectedError("unknownCall", f"`type` is none of {', '.join(_TYPES)}", "type")
    return found.lower()


class _Context(NamedTuple):
    """The parts of a context.

    Attributes:
        used: see `Call.context`.
        traits: all traits.
        device: the device.
        inner_traits: the traits of a raw call. RudderStack has those of an identify call in the context.
    """

    used: Row
    traits: Row
    device: Row
    inner_traits: Row


def _pop_context(row: Row) -> _Context:
    """Remove the context from `row`."""
    whole = pop_object(row, _CONTEXT)
    flat = {column: row.pop(column) for column in [*row] if column.startswith(f"{_CONTEXT}_")}
    found = {name: _member(whole, path) for name, path in _CONTEXT_PATHS.items()}
    if flat:
        found = {name: found[name] or _column(flat, columns) for name, columns in _CONTEXT_COLUMNS.items()}
    used = {name: value for name, value in found.items() if value not in EMPTY}
    inner = _object(whole, flat, _TRAITS)
    return _Context(used, inner, _object(whole, flat, _DEVICE), _object(whole, {}, _TRAITS))


def _column(flat: Row, columns: tuple[str, str]) -> Any:
    """The value of the column of a path."""
    sent, in_snake_case = columns
    return flat.get(sent) or flat.get(in_snake_case)


def _object(whole: Row, flat: Row, name: str) -> Row:
    """The object of this name in a context, and what columns hold of it."""
    prefix = f"{_CONTEXT}_{name}_"
    columns = {
        column.removeprefix(prefix): value
        for column, value in flat.items()
        if column.startswith(prefix) and value is not None
    }
    inner = whole.get(name)
    return {**columns, **inner} if isinstance(inner, dict) else columns


def _member(value: Any, path: Iterable[str]) -> Any:
    """The value at `path`; None if there is none."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _pop_all(row: Row, columns: Iterable[str]) -> Any:
    """Remove all `columns` from `row`; return the value of the first that is not empty."""
    values = [row.pop(column, None) for column in columns]
    return next((value for value in values if value not in EMPTY), None)


def _pop_first(row: Row, columns: Iterable[str]) -> Any:
    """Remove the first of `columns` that is not empty from `row`, and return its value; those behind it stay."""
    values = (row.pop(column, None) for column in columns)
    return next((value for value in values if value not in EMPTY), None)
