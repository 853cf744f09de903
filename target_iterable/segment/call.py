"""Reading a call: as `analytics.js` sends it, or from the flattened columns of a Segment warehouse.

    {"type": "track", "event": "Signed Up", "userId": "u1", "messageId": "m1", "properties": {"plan": "pro"}}
    {"event_text": "Signed Up", "event": "signed_up", "user_id": "u1", "id": "m1", "plan": "pro"}

Both are one call. In a warehouse each type has a table of its own, so there the route says the type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, Final

from target_iterable.core.rejection import RecordRejectedError
from target_iterable.records.column_mapping import EMPTY, Row, pop_object
from target_iterable.records.duplicate_fields import DuplicateFields

_CONTEXT: Final = "context"
_TRAITS: Final = "traits"
_PROPERTIES: Final = "properties"
_AS_SENT: Final = ("messageId", _CONTEXT, "userId", "anonymousId", "sentAt", "receivedAt", "originalTimestamp")
"""Members by which a call is known that is written as it was sent: the columns of warehouses have other names."""


@dataclass(frozen=True)
class CallShape:
    """How calls of a type are written.

    Attributes:
        body: the object that holds what the call says.
        subject: the columns that hold what it names beside its user, the best first.
        user_id: the columns that hold whose call it is.
        message_id: the columns that hold the messageId, the best first. In a warehouse that is `id`; `message_id` is a
            property there, such as the message that was opened, unless nothing else tells the calls apart.
        beside: members beside the body that belong to it.
    """

    body: str
    subject: tuple[str, ...] = ()
    user_id: tuple[str, ...] = ("userId", "user_id")
    message_id: tuple[str, ...] = ("messageId", "id", "message_id")
    beside: tuple[str, ...] = ()


SHAPES: Final[Mapping[str, CallShape]] = {
    "identify": CallShape(_TRAITS),
    # A row of the table `users` of a warehouse: all traits of a user, whose id it calls `id`.
    "user": CallShape(_TRAITS, user_id=("id",), message_id=()),
    # Warehouses spell the event twice: `event` as the name of its table, `event_text` as it was sent.
    "track": CallShape(_PROPERTIES, subject=("event_text", "event")),
    "page": CallShape(_PROPERTIES, beside=("name", "category")),
    "screen": CallShape(_PROPERTIES, beside=("name", "category")),
    "alias": CallShape(_TRAITS, subject=("previousId", "previous_id")),
    "group": CallShape(_TRAITS, subject=("groupId", "group_id")),
}

_TYPES: Final = tuple(type_ for type_ in SHAPES if type_ != "user")
_MOMENT: Final = (
    "timestamp",
    "originalTimestamp",
    "original_timestamp",
    "sentAt",
    "sent_at",
    "receivedAt",
    "received_at",
)
"""When it happened, the best first: Segment corrects `timestamp` for clocks that are wrong."""
_ANONYMOUS: Final = ("anonymousId", "anonymous_id")
_OF_WAREHOUSES: Final = ("uuid", "uuid_ts", "loaded_at")
_OF_RUDDERSTACK: Final = ("channel",)
"""Columns of all its tables. In Segment's they are traits or properties."""
_IS_RUDDERSTACK: Final = f"{_CONTEXT}_request_ip"
"""A column of all tables of RudderStack, and of no other's; see `WHDefaultConfig.js` of its transformer."""
_OF_RAW_CALLS: Final = ("type", "integrations", "writeKey", "projectId", "version", "channel", "_metadata")
"""In a warehouse, columns of these names are traits or properties."""
_IN_CONTEXT: Final[Mapping[str, tuple[str, str]]] = {
    "email": ("traits", "email"),
    "computation_class": ("personas", "computation_class"),
    "computation_key": ("personas", "computation_key"),
}
"""What a call's context is asked for. In a warehouse its path is the name of a column: `context_traits_email`."""


@dataclass(frozen=True)
class Call:
    """One call.

    Attributes:
        type: a key of `SHAPES`.
        body: traits or properties.
        subject: the event's name, the previous id, or the group's id; a page has its name in `body`.
        moment: when it happened, in whatever form.
        anonymous: whether it has an anonymousId.
        context: see `_IN_CONTEXT`; only what is there.
        strangers: members beside the body that are no part of the call.
    """

    type: str
    body: Row
    subject: Any = None
    user_id: Any = None
    message_id: Any = None
    moment: Any = None
    anonymous: bool = False
    context: Mapping[str, Any] = field(default_factory=dict)
    strangers: AbstractSet[str] = frozenset()

    def missing(self, name: str) -> RecordRejectedError:
        """The refusal of a call without something that it must have."""
        return RecordRejectedError("missingField", f"a {self.type} call needs `{name}`", name)

    def within(self, name: str) -> str:
        """Where a trait or property stands in the call: `properties.total`."""
        return f"{SHAPES[self.type].body}.{name}"


def read_call(row: Row, type_: str | None, duplicates: DuplicateFields | None = None, *, spreads: bool = False) -> Call:
    """The call that `row` is; it takes the row apart. Without `type_` the column `type` says what it is.

    In a warehouse all columns that have no other meaning are traits or properties. In a call as it was sent those
    stand in an object of their own, and members beside it are strangers; unless it `spreads`, which makes them equal.

    A null column is a trait or property that was not sent: a table has columns for those of all calls. Within an
    object a null was sent.

    Raises:
        RecordRejectedError: if it is of no known type, or what should be an object is none.
    """
    type_ = type_ or _type(row)
    shape = SHAPES[type_]
    is_rudderstack = _IS_RUDDERSTACK in row
    is_raw = row.get("messageId") not in EMPTY
    is_sent = any(row.get(member) not in EMPTY for member in (*_AS_SENT, shape.body))
    context, of_context = _take_context(row)
    known = {
        "subject": _take(row, shape.subject),
        "user_id": _take(row, shape.user_id),
        "message_id": _take_first(row, shape.message_id),
        "moment": _take(row, _MOMENT),
        "anonymous": _take(row, _ANONYMOUS) not in EMPTY,
    }
    _take(row, _OF_WAREHOUSES + (_OF_RAW_CALLS if is_raw else ()) + (_OF_RUDDERSTACK if is_rudderstack else ()))
    has_body = row.get(shape.body) not in EMPTY
    sent = pop_object(row, shape.body) if has_body or type_ != "identify" else of_context
    columns = {column: value for column, value in row.items() if value is not None}
    beside = columns if spreads or not is_sent else {name: columns[name] for name in shape.beside if name in columns}
    duplicates = duplicates or DuplicateFields()
    body = duplicates.merged(sent, beside, shape.body)
    if shape.body == _TRAITS:
        duplicates.compare(context, body, _CONTEXT)
    return Call(type_, body, **known, context=context, strangers=columns.keys() - beside.keys())


def _type(row: Row) -> str:
    found = row.pop("type", None)
    if found in EMPTY:
        raise RecordRejectedError(
            "missingField", "the record has no `type`; if all of the stream are of one, set `call` of the route", "type"
        )
    if not isinstance(found, str) or found.lower() not in _TYPES:
        raise RecordRejectedError("unknownCall", f"`type` is none of {', '.join(_TYPES)}", "type")
    return found.lower()


def _take_context(row: Row) -> tuple[Row, Row]:
    """Take all of the context out of `row`, and keep what calls are asked for, and the traits in it.

    RudderStack has the traits of an identify call there.
    """
    whole = pop_object(row, _CONTEXT)
    flat = {column: row.pop(column) for column in [*row] if column.startswith(f"{_CONTEXT}_")}
    found = {name: _member(whole, path) or flat.get("_".join((_CONTEXT, *path))) for name, path in _IN_CONTEXT.items()}
    traits = whole.get(_TRAITS)
    return {name: value for name, value in found.items() if value not in EMPTY}, traits if isinstance(
        traits, dict
    ) else {}


def _member(value: Any, path: Iterable[str]) -> Any:
    """Where the path leads; None if it leads nowhere."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _take(row: Row, columns: Iterable[str]) -> Any:
    """Take all of `columns` out of `row`; the value of the first that is not empty."""
    values = [row.pop(column, None) for column in columns]
    return next((value for value in values if value not in EMPTY), None)


def _take_first(row: Row, columns: Iterable[str]) -> Any:
    """Take the first of `columns` that is not empty out of `row`, and leave those behind it."""
    values = (row.pop(column, None) for column in columns)
    return next((value for value in values if value not in EMPTY), None)
