"""JSON Schemas: those of metadata streams are files, those of export streams are made from the table of data types."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final

from singer_sdk import SchemaDirectory

from iterable_api.facts.data_types import DataType
from iterable_api.facts.event_fields import FIELDS, Field
from iterable_api.facts.event_keys import EVENT_KEYS

SCHEMAS: Final = SchemaDirectory(files(__package__))

RECORD_ID: Final = {
    "type": ["string"],
    "description": "Identifies the row: a hash of all that Iterable sent, since events have no id of their own.",
}
EVENT_KEY: Final = {
    "type": ["string"],
    "description": "The same in the row that a system webhook of this event becomes: a hash of what both carry.",
}
REST_OF_FIELDS: Final = {
    "type": ["object"],
    "additionalProperties": True,
    "description": "Every field without a column of its own: custom and new fields, and values of an unexpected type.",
}

_ANYTHING: Final = {"type": ["object", "array", "string", "number", "boolean", "null"], "items": {}}
"""Arrays always have `items`: loaders that make columns of arrays ask for them."""
_KINDS: Final[dict[str, dict[str, Any]]] = {
    "string": {"type": ["string", "null"]},
    "integer": {"type": ["integer", "null"]},
    "number": {"type": ["number", "null"]},
    "boolean": {"type": ["boolean", "null"]},
    "date-time": {"type": ["string", "null"], "format": "date-time"},
    "object": {"type": ["object", "null"], "additionalProperties": True},
    "json": {"type": ["object", "null"], "additionalProperties": True},
    "any": {"type": ["object", "array", "null"], "items": _ANYTHING},
}


def event_schema(data_type: DataType) -> dict[str, Any]:
    """The schema of an event stream: `recordId`, the known fields, and `dataFields`."""
    keys = {"recordId": RECORD_ID} | ({"eventKey": EVENT_KEY} if data_type.name in EVENT_KEYS else {})
    return closed(f"Events of the type {data_type.name}.", {**keys, **columns_of(data_type)})


def user_schema(data_type: DataType) -> dict[str, Any]:
    """The schema of users. They have an identity of their own, so no `recordId`."""
    return closed("Users whose profile was updated. Deletions do not show.", columns_of(data_type))


def columns_of(data_type: DataType) -> dict[str, Any]:
    """The columns of the known fields of a data type."""
    return {name: column(Field(kind, _description(name))) for name, kind in data_type.fields.items()}


def column(field: Field) -> dict[str, Any]:
    """The column of a field."""
    return _kind(field.type) | {"description": field.description}


def closed(description: str, columns: dict[str, Any]) -> dict[str, Any]:
    """The schema with these columns and `dataFields`."""
    return {
        "type": "object",
        "description": description,
        "additionalProperties": False,
        "properties": {**columns, "dataFields": REST_OF_FIELDS},
    }


def _description(name: str) -> str:
    """The description of a field; only the project knows that of its own fields."""
    return FIELDS[name].description if name in FIELDS else "A field of the project's own."


def _kind(kind: str) -> dict[str, Any]:
    outer, _, inner = kind.partition(":")
    if outer == "array":
        return {"type": ["array", "null"], "items": _kind(inner) if inner else _ANYTHING}
    return dict(_KINDS[kind])
