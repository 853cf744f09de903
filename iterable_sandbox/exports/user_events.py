"""Lines of the export of one user's events: with `_type`, nested objects in place of dotted keys, and some nulls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from iterable_api.facts.data_types import EVENTS
from iterable_sandbox.rules.profiles import INTERNAL
from iterable_sandbox.store.tables.events import Event
from iterable_sandbox.wire.json_text import to_json

_NULL_FIELDS: Final = {
    data_type.name: dict.fromkeys(name for name in ("city", "region") if name in data_type.fields)
    for data_type in EVENTS
}
"""Data type -> fields that are null if absent. Recordings show this for places; other fields are not known."""
_EMPTY_LISTS: Final[dict[str, dict[str, list[int]]]] = {
    name: {"messageTypeIds": []} for name in ("emailSubscribe", "emailUnSubscribe")
}


def user_event_lines(events: Iterable[Event]) -> Iterator[str]:
    """Lines of events, each a JSON object."""
    return (to_json(_event_json(event)) for event in events)


def _event_json(event: Event) -> dict[str, Any]:
    created = event.line["createdAt"]
    indexed = {f"{INTERNAL}{name}": created for name in ("documentCreatedAt", "documentUpdatedAt")}
    absent = _NULL_FIELDS.get(event.type, {}) | _EMPTY_LISTS.get(event.type, {})
    fields = indexed | {"_type": event.type} | absent | event.line
    return _nested(fields)


def _nested(fields: dict[str, Any]) -> dict[str, Any]:
    """Turn dotted keys into objects, unless a field with the name of the object exists."""
    shown: dict[str, Any] = {}
    for name, value in fields.items():
        owner, _, inner = name.partition(".")
        holder = shown.setdefault(owner, {}) if inner and owner not in fields else None
        if isinstance(holder, dict):
            holder[inner] = value
        else:
            shown[name] = value
    return shown
