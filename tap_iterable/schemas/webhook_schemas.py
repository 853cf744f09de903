"""JSON Schemas of webhook streams: the columns of the export, those that only webhooks have, and those of the store."""

from __future__ import annotations

from typing import Any, Final

from iterable_api.facts.data_types import DataType
from iterable_api.facts.event_keys import EVENT_KEYS
from iterable_api.facts.webhook_events import NAMES_OF_ANY, WEBHOOK_EVENTS, WEBHOOK_FIELDS
from tap_iterable.schemas.event_schemas import EVENT_KEY, closed, column, columns_of

RECEIVED_AT: Final = "receivedAt"
STORE_POSITION: Final = "storePosition"
PROJECT: Final = "receiverProject"

STORE_COLUMNS: Final[dict[str, Any]] = {
    RECEIVED_AT: {
        "type": ["string"],
        "format": "date-time",
        "description": "When the receiver got it. A field of the event with this name is in `dataFields`.",
    },
    STORE_POSITION: {
        "type": ["integer"],
        "description": "Its place in the order of storing. The bookmark goes by it.",
    },
    PROJECT: {"type": ["string"], "description": "The project of the receiver that it came for."},
}
"""Columns that the store adds to an event."""

_RECORD_ID: Final = {
    "type": ["string"],
    "description": "Identifies the event: a second delivery of it has the same.",
}


def webhook_schema(data_type: DataType) -> dict[str, Any]:
    """The schema of the webhook stream of an event."""
    keys = {"recordId": _RECORD_ID} | ({"eventKey": EVENT_KEY} if data_type.name in EVENT_KEYS else {})
    more = WEBHOOK_EVENTS.get(data_type.name, NAMES_OF_ANY)
    only_here = {name: column(WEBHOOK_FIELDS[name]) for name in more if name not in data_type.fields}
    exported = {name: schema for name, schema in columns_of(data_type).items() if name not in STORE_COLUMNS}
    return closed(
        f"Events of the type {data_type.name}, as system webhooks bring them.",
        {**keys, **STORE_COLUMNS, **exported, **only_here},
    )
