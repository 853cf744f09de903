"""Custom events."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from iterable_api import times
from iterable_api.limits import MAX_EVENT_ID_BYTES
from target_iterable.columns import Row
from target_iterable.delivery.field_types import event_scope
from target_iterable.delivery.operations import EVENT_NAME, Endpoint, Operation
from target_iterable.delivery.refusal import RecordRefusedError
from target_iterable.delivery.serialise import dumps
from target_iterable.delivery.verdicts import named_failures
from target_iterable.keys import key_text, whole_number
from target_iterable.objects.base import IterableObject
from target_iterable.routes import ObjectSpec, Option

_TRACK_BULK = Endpoint("/api/events/trackBulk", "events", named_failures, once=False)
# Without an id, an event that is sent twice happens twice.
_TRACK_BULK_ONCE = replace(_TRACK_BULK, repeatable=False)

_FIRST_MILLISECONDS: Final = 10**11
"""From here on a number is milliseconds: as seconds it would be the year 5138."""
_NO_TIME: Final = 1000 * _FIRST_MILLISECONDS
_EMPTY: Final = (None, "")


class Events(IterableObject):
    """`email` or `userId`, `eventName`, `createdAt`, `id`, `campaignId`, `templateId`; the rest are data fields."""

    spec = ObjectSpec(
        "events",
        streams=("events", "custom_event"),
        modes=("track",),
        of_state=False,
        clears=True,
        options={"event_name": Option(str, "the name of all events of the stream, a text that is not blank")},
    )

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """One event. Its user is named once; an identifier besides is left out, the profile holds it."""
        identity = self.identities.take(row)
        name = self._event_name(row.pop("eventName", None))
        event: Row = {**identity.sent, "eventName": name}
        for attribute, read in _ATTRIBUTES.items():
            if (value := row.pop(attribute, None)) not in _EMPTY:
                event[attribute] = read(attribute, value)
        fields = self.project.fields.of(event_scope(name), self.fields(row, "dataFields"))
        if fields:
            event["dataFields"] = fields
        if "id" not in event and self.settings["derive_event_ids"]:
            event["id"] = self._derived_id(key, event)
        return Operation(
            endpoint=_TRACK_BULK if "id" in event else _TRACK_BULK_ONCE,
            part=dumps(event | self.create_new_fields),
            names=identity.names | {(EVENT_NAME, name)},
            scope=event_scope(name),
            fields=fields,
        )

    def _event_name(self, column: Any) -> str:
        """What the route says, else what the record says."""
        name = self.route.options.get("event_name", column)
        if not isinstance(name, str) or not name.strip():
            raise RecordRefusedError("missingEventName", "`eventName` is empty, and the route has no `event_name`")
        return name

    def _derived_id(self, key: Sequence[Any], event: Row) -> str:
        """The same for the same event of the same stream, so that sending it again does not double it."""
        content = dumps([self.stream, key, event], sort_keys=True)
        return hashlib.sha256(content).hexdigest()[:32]


def _unix_seconds(attribute: str, value: Any) -> int:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool) and -_NO_TIME < value < _NO_TIME:
        seconds = -_FIRST_MILLISECONDS < value < _FIRST_MILLISECONDS
        return int(value) if seconds else int(value) // 1000
    moment = times.parse(str(value)) or times.parse(f"{value} 00:00:00")
    if moment is None:
        raise RecordRefusedError("invalidDate", f"`{attribute}` is neither a date nor Unix seconds")
    return times.to_epoch_seconds(moment)


def _id(attribute: str, value: Any) -> str:
    text = key_text(value)
    if text is None or len(text.encode(errors="replace")) > MAX_EVENT_ID_BYTES:
        raise RecordRefusedError("invalidId", f"`{attribute}` must be a text of at most {MAX_EVENT_ID_BYTES} bytes")
    return text


_ATTRIBUTES: Final[Mapping[str, Callable[[str, Any], int | str]]] = {
    "id": _id,
    "createdAt": _unix_seconds,
    "campaignId": whole_number,
    "templateId": whole_number,
}
