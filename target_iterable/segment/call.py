"""A call, and where its parts are: as `analytics.js` sends it, or in the flattened columns of a Segment warehouse.

    {"type": "track", "event": "Signed Up", "userId": "u1", "messageId": "m1", "properties": {"plan": "pro"}}
    {"event_text": "Signed Up", "event": "signed_up", "user_id": "u1", "id": "m1", "plan": "pro"}

Both are the same call. A warehouse has a table for each type of call, so there the route says the type.
`columnar.calls.call_reader` reads both by these tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, Final

from target_iterable.core.rejection import RecordRejectedError
from target_iterable.records.column_mapping import EMPTY, Row

CONTEXT: Final = "context"
TRAITS: Final = "traits"
_PROPERTIES: Final = "properties"
RAW_MEMBERS: Final = ("messageId", CONTEXT, "userId", "anonymousId", "sentAt", "receivedAt", "originalTimestamp")
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
    "identify": CallShape(TRAITS),
    # A row of a warehouse's table `users`: all traits of a user, with the userId in `id`.
    "user": CallShape(TRAITS, user_id=("id",), message_id=()),
    # Warehouses have the name twice: in `event` as the name of a table, in `event_text` as it was sent.
    "track": CallShape(_PROPERTIES, subject=("event_text", "event")),
    "page": CallShape(_PROPERTIES, outer=("name", "category")),
    "screen": CallShape(_PROPERTIES, outer=("name", "category")),
    "alias": CallShape(TRAITS, subject=("previousId", "previous_id")),
    "group": CallShape(TRAITS, subject=("groupId", "group_id")),
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
ANONYMOUS: Final = ("anonymousId", "anonymous_id")
WAREHOUSE_COLUMNS: Final = ("uuid", "uuid_ts", "loaded_at")
RUDDERSTACK_COLUMNS: Final = ("channel",)
"""Columns of all tables of RudderStack. In Segment's they are traits or properties."""
RUDDERSTACK_MARK: Final = f"{CONTEXT}_request_ip"
"""A column that all tables of RudderStack have, and no others; see `WHDefaultConfig.js` of its transformer."""
RAW_METADATA: Final = ("type", "integrations", "writeKey", "projectId", "version", "channel", "_metadata")
"""Members of raw calls. In a warehouse, columns of these names are traits or properties."""
CONTEXT_PATHS: Final[Mapping[str, tuple[str, ...]]] = {
    "email": ("traits", "email"),
    "computation_class": ("personas", "computation_class"),
    "computation_key": ("personas", "computation_key"),
    "campaignId": ("campaign", "campaignId"),
    "templateId": ("campaign", "templateId"),
    "externalIds": ("externalIds",),
}
"""The parts of a context that are used. In a warehouse the path is the name of a column: `context_traits_email`."""
_CAPITAL: Final = re.compile(r"(?<=[a-z])[A-Z]")
CONTEXT_COLUMNS: Final[Mapping[str, tuple[str, str]]] = {
    name: (column, _CAPITAL.sub(lambda found: f"_{found[0].lower()}", column))
    for name, column in ((name, "_".join((CONTEXT, *path))) for name, path in CONTEXT_PATHS.items())
}
"""The columns of these paths: with the capitals that the call has, or in snake case: `context_external_ids`."""
DEVICE: Final = "device"


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
        context: values by the names in `CONTEXT_PATHS`; only those that are present.
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
        """The error for the call without a member that it must have."""
        return missing(self.type, name)

    def path_to(self, name: str) -> str:
        """The path of a trait or property in the call: `properties.total`."""
        return f"{SHAPES[self.type].body}.{name}"


def missing(type_: str, name: str) -> RecordRejectedError:
    """The error for a call of this type without a member that it must have."""
    return RecordRejectedError("missingField", f"a {type_} call needs `{name}`", name)


def type_of(value: Any) -> str:
    """The type in the column `type` of a raw call.

    Raises:
        RecordRejectedError: if there is none, or the spec does not know it.
    """
    if value in EMPTY:
        raise RecordRejectedError(
            "missingField", "the record has no `type`; if all of the stream are of one, set `call` of the route", "type"
        )
    if not isinstance(value, str) or value.lower() not in _TYPES:
        raise RecordRejectedError("unknownCall", f"`type` is none of {', '.join(_TYPES)}", "type")
    return value.lower()


def part_of_context(whole: Row, columns: Row, name: str) -> Row:
    """The object `name` of a context: `whole` in a raw call, and `columns` like `context_ip` in a warehouse."""
    prefix = f"{CONTEXT}_{name}_"
    flat = {
        column.removeprefix(prefix): value
        for column, value in columns.items()
        if column.startswith(prefix) and value is not None
    }
    inner = whole.get(name)
    return {**flat, **inner} if isinstance(inner, dict) else flat


def member_at(value: Any, path: Iterable[str]) -> Any:
    """The value at `path`; None if there is none."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value
