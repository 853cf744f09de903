"""Custom events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, ClassVar

from target_iterable.columnar.event_builder import EventBuilder, EventRules
from target_iterable.columnar.row_groups import Grouping, RowGroup
from target_iterable.columnar.transforms import attribute
from target_iterable.config.route import ObjectSpec, Option
from target_iterable.core.operation import Endpoint
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.field_types.registry import event_scope
from target_iterable.objects.base.base import Destination
from target_iterable.objects.base.columnar_object import ColumnarObject
from target_iterable.objects.base.event_attributes import ATTRIBUTES, derived_id
from target_iterable.records.key_form import KeyForm
from target_iterable.requests.bulk_response import named_failures

_TRACK_BULK = Endpoint("/api/events/trackBulk", "events", named_failures, unique_names=False)
# Without an id, an event that is sent twice happens twice.
_TRACK_BULK_ONCE = replace(_TRACK_BULK, repeatable=False)


class Events(ColumnarObject):
    """Custom events.

    email, userId: the user. Iterable creates a user who does not exist; e-mail-based projects do so only for an
        address, whatever `placeholder_users` says.
    eventName: the name, unless the route has it as `event_name`.
    createdAt: when the event happened, as a date or in Unix seconds; by default, when Iterable receives it.
    id: an event with the same id is replaced. By default an id is derived from the content of the event; see above
        which records are the same.
    campaignId, templateId: what the event is attributed to.
    dataFields: an object with fields of the event; all other columns are fields of the event, too.
    """

    spec = ObjectSpec(
        "events",
        streams=("events", "custom_event"),
        modes=("track",),
        describes_state=False,
        clears_fields=True,
        options={"event_name": Option(str, "the name of all events of the stream, a text that is not blank")},
    )
    example: ClassVar[Mapping[str, Any]] = {
        "email": "ann@example.com",
        "eventName": "article read",
        "createdAt": "2026-11-01T08:30:00Z",
        "title": "How to brew tea",
    }

    def __init__(self, to: Destination) -> None:
        super().__init__(to)
        self.key_form = KeyForm(to.key_columns, lost=["eventName"] if "event_name" in self.route.options else [])

    @cached_property
    def builder(self) -> EventBuilder:
        """See `ColumnarObject`."""
        rules = EventRules(
            _TRACK_BULK,
            _TRACK_BULK_ONCE,
            Grouping(self._group),
            {name: attribute(name, read) for name, read in ATTRIBUTES.items()},
            self.create_new_fields,
            partial(derived_id, self.stream) if self.settings["derive_event_ids"] else None,
            None if self.key_form.is_stored else self.key_form.unstored,
        )
        return EventBuilder(self.identities, self.field_options, self.project.fields.types, rules)

    def _group(self, column: Any) -> RowGroup:
        name = self._event_name(column)
        return RowGroup(type_scope=event_scope(name), event_name=name)

    def _event_name(self, column: Any) -> str:
        """Return the event name that the route gives, else the one of the record."""
        name = self.route.options.get("event_name", column)
        if not isinstance(name, str) or not name.strip():
            raise RecordRejectedError(
                "missingEventName", "`eventName` is empty or no text, and the route has no `event_name`"
            )
        return name
