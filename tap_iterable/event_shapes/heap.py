"""Events as Heap shows Iterable's: 26 names, an identity, a time and properties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from iterable_api.events.peer_event_names import HEAP_BLAST, HEAP_TRIGGERED, PEER_NAMES
from iterable_api.facts.data_types import DataType
from tap_iterable.event_shapes.project_names import ProjectNames
from tap_iterable.records.record_shape import EVENT_KEY, RECORD_ID, REST, Record

HEAP_EVENTS: Final = "heap_events"
KEY: Final = "id"
TIME: Final = "time"

_NO_PROPERTIES: Final = frozenset({RECORD_ID, EVENT_KEY, REST, "createdAt", "email", "userId", "eventName"})

SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "Events under the names that Heap gives them.",
    "additionalProperties": False,
    "properties": {
        KEY: {"type": ["string"], "description": "Identifies the event."},
        "event": {"type": ["string"], "description": "Heap's name of the event."},
        "identity": {"type": ["string", "null"], "description": "The address, by which Heap knows users."},
        "user_id": {"type": ["string", "null"], "description": "The userId, if there is one."},
        TIME: {"type": ["string", "null"], "format": "date-time", "description": "When it happened."},
        "properties": {
            "type": ["object"],
            "additionalProperties": True,
            "description": "All other fields, under Iterable's names.",
        },
    },
}


def is_known(data_type: DataType) -> bool:
    """Whether Heap has a name for it."""
    return data_type.name in PEER_NAMES and PEER_NAMES[data_type.name].heap is not None


def row(data_type: DataType, record: Mapping[str, Any], names: ProjectNames) -> Record:
    """The row of a record of the export or of a webhook."""
    properties = {name: value for name, value in record.items() if name not in _NO_PROPERTIES and value is not None}
    return {
        KEY: record.get(EVENT_KEY) or record.get(RECORD_ID),
        "event": _name(data_type, record, names),
        "identity": record.get("email"),
        "user_id": record.get("userId"),
        TIME: record.get("createdAt"),
        "properties": {**names.of(record), **record.get(REST, {}), **properties},
    }


def _name(data_type: DataType, record: Mapping[str, Any], names: ProjectNames) -> str:
    name = str(PEER_NAMES[data_type.name].heap)
    return HEAP_BLAST if name == HEAP_TRIGGERED and names.is_blast(record) else name
