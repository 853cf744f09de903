"""Events as Segment's warehouses have them: one table for each event, and `tracks` with all.

The tables and columns are those that two companies' models of such tables show; where no list is public, they follow
from Segment's rules: names in snake case, objects and arrays as JSON text, `ip` and `userAgent` in the context.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from iterable_api.events.peer_event_names import PEER_NAMES
from iterable_api.facts import timestamps
from iterable_api.facts.data_types import DataType, snake
from iterable_api.facts.webhook_events import NAMES_OF_ANY, WEBHOOK_EVENTS, WEBHOOK_FIELDS
from tap_iterable.event_shapes.project_names import ProjectNames
from tap_iterable.records.record_shape import EVENT_KEY, RECORD_ID, REST, Record

KEY: Final = "id"
TIMESTAMP: Final = "timestamp"
RECEIVED_AT: Final = "received_at"
TRACKS: Final = "tracks"

_INTEGRATION: Final = "Iterable"
_LIBRARY: Final = "singer-iterable"
_TEXT: Final = {"type": ["string", "null"]}
_MOMENT: Final = {"type": ["string", "null"], "format": "date-time"}
_COMMON: Final[Mapping[str, Mapping[str, Any]]] = {
    KEY: {"type": ["string"]},
    "anonymous_id": _TEXT,
    "user_id": _TEXT,
    "event": _TEXT,
    "event_text": _TEXT,
    TIMESTAMP: _MOMENT,
    "original_timestamp": _TEXT,
    "sent_at": _MOMENT,
    RECEIVED_AT: _MOMENT,
    "uuid_ts": _MOMENT,
    "context_integration_name": _TEXT,
    "context_integration_version": _TEXT,
    "context_library_name": _TEXT,
    "context_library_version": _TEXT,
    "context_traits_email": _TEXT,
}
_DEVICE: Final = {"ip": "context_ip", "userAgent": "context_user_agent"}
_OF_DEVICES: Final = (*_DEVICE.values(), "context_os_name")
_OF_TRACKS: Final = (*_COMMON, *_OF_DEVICES)
_WITH_DEVICE: Final = frozenset({"emailOpen", "emailClick", "hostedUnsubscribeClick"})
_NOT_SENT: Final = frozenset({"eventName", "userId", "itblUserId", "itblInternal", *_DEVICE})
"""Fields that Segment's tables have under another name, or not at all."""
_SAME: Final = frozenset({"integer", "number", "boolean"})


def table_of(event_text: str) -> str:
    """The table of an event: its name in snake case."""
    return event_text.lower().replace(" ", "_")


@dataclass(frozen=True)
class SegmentTable:
    """The table of one export data type.

    Attributes:
        data_type: which is known to Segment.
        version: of this library.
    """

    data_type: DataType
    version: str

    @property
    def event_text(self) -> str:
        """The event's name."""
        return str(PEER_NAMES[self.data_type.name].segment)

    @property
    def name(self) -> str:
        """The table's name."""
        return table_of(self.event_text)

    @cached_property
    def schema(self) -> dict[str, Any]:
        """JSON Schema of the rows."""
        device = dict.fromkeys(_OF_DEVICES, _TEXT) if self.data_type.name in _WITH_DEVICE else {}
        properties = {column: {"type": [kind, "null"]} for column, kind in self._properties.values()}
        return _schema(
            f"{self.event_text}, as Segment has it.", {**_COMMON, **device, **properties, "data_fields": _TEXT}
        )

    def row(self, record: Mapping[str, Any], names: ProjectNames, received_at: datetime) -> Record:
        """The row of a record of the export or of a webhook; `received_at` where the record does not tell it."""
        known = {**names.of(record), **{name: value for name, value in record.items() if value is not None}}
        moment, email = known.get("createdAt"), known.get("email")
        received = known.get("receivedAt") or timestamps.to_rfc3339(received_at)
        user_id = known.get("userId")
        row: Record = {
            KEY: record.get(EVENT_KEY) or record.get(RECORD_ID),
            "anonymous_id": None if user_id else email,
            "user_id": user_id,
            "event": self.name,
            "event_text": self.event_text,
            TIMESTAMP: moment,
            "original_timestamp": _as_text("date-time", moment),
            "sent_at": moment,
            RECEIVED_AT: received,
            "uuid_ts": received,
            "context_integration_name": _INTEGRATION,
            "context_integration_version": None,
            "context_library_name": _LIBRARY,
            "context_library_version": self.version,
            "context_traits_email": email,
        }
        if self.data_type.name in _WITH_DEVICE:
            row |= {column: known.get(field) for field, column in _DEVICE.items()} | {"context_os_name": None}
        if {"campaignId", "templateId", "email"} <= known.keys():
            known.setdefault("emailId", f"c{known['campaignId']}:t{known['templateId']}:{email}")
        for field, (column, kind) in self._properties.items():
            value = known.get(field)
            row[column] = value if kind != "string" else _as_text(self._kinds[field], value)
        return {**row, "data_fields": _json(record.get(REST) or None)}

    @cached_property
    def _kinds(self) -> Mapping[str, str]:
        more = WEBHOOK_EVENTS.get(self.data_type.name, NAMES_OF_ANY)
        return {**{name: WEBHOOK_FIELDS[name].type for name in more}, **self.data_type.fields}

    @cached_property
    def _properties(self) -> Mapping[str, tuple[str, str]]:
        """The column and the type of each field that is a property."""
        fields = {name: kind for name, kind in self._kinds.items() if name not in _NOT_SENT or self._keeps(name)}
        return {name: (snake(name), kind if kind in _SAME else "string") for name, kind in fields.items()}

    def _keeps(self, name: str) -> bool:
        """Whether a field of the device is a property, since the table has none in its context."""
        return name in _DEVICE and self.data_type.name not in _WITH_DEVICE


TRACKS_SCHEMA: Final = {
    "type": "object",
    "description": "Events of all tables, as Segment has them.",
    "additionalProperties": False,
    "properties": {column: _COMMON.get(column, _TEXT) for column in _OF_TRACKS},
}


def track(row: Mapping[str, Any]) -> Record:
    """The row of `tracks` for a row of a table."""
    return {column: row.get(column) for column in _OF_TRACKS}


def _schema(description: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "additionalProperties": False,
        "properties": dict(properties),
    }


def _as_text(kind: str, value: Any) -> str | None:
    """A value as Segment's columns of text have it."""
    if isinstance(value, str):
        return (timestamps.text_to_iterable(value) if kind == "date-time" else None) or value
    return _json(value)


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
