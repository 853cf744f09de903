"""Custom events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, ClassVar

from target_iterable.columnar.fallback import Transform, needed
from target_iterable.columnar.operation_builder import BuilderContext, OperationBuilder
from target_iterable.columnar.row_groups import GroupingByText, RowGroup, SingleGroup
from target_iterable.columnar.transforms import as_it_is, attribute
from target_iterable.columnar.user_builder import BodyLayout, UserBuilder
from target_iterable.config.route import ObjectSpec, Option
from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import Endpoint, Operation
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.field_types.registry import event_scope
from target_iterable.objects.base.base import Destination, IterableObject
from target_iterable.objects.base.event_attributes import ATTRIBUTES, derived_id, pop_attributes
from target_iterable.records.column_mapping import Row
from target_iterable.records.key_form import KeyForm
from target_iterable.records.normal_form import normal
from target_iterable.requests.bulk_response import named_failures

_TRACK_BULK = Endpoint("/api/events/trackBulk", "events", named_failures, unique_names=False)
# Without an id, an event that is sent twice happens twice.
_TRACK_BULK_ONCE = replace(_TRACK_BULK, repeatable=False)


class Events(IterableObject):
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

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """One event. Its user is named once; an identifier besides is left out, the profile holds it."""
        identity = self.identities.pop_identity(row)
        name = self._event_name(row.pop("eventName", None))
        event: Row = {**identity.sent, "eventName": name, **pop_attributes(row)}
        # As they come, whatever the run has learnt: so the id that follows from them is the same in every run.
        if fields := self.fields(row, "dataFields"):
            event["dataFields"] = fields
        if "id" not in event and self.settings["derive_event_ids"]:
            event["id"] = derived_id(self.stream, normal(event), self.key_form.unstored(key))
        return Operation(
            endpoint=_TRACK_BULK if "id" in event else _TRACK_BULK_ONCE,
            part=dumps(event | self.create_new_fields if self.create_new_fields else event),
            names=identity.names,
            type_scope=event_scope(name),
            fields=fields,
            event_name=name,
        )

    def recipe(self, context: BuilderContext) -> OperationBuilder:
        """See `IterableObject`."""
        has_id = "id" in context.fields
        derives = self.settings["derive_event_ids"] and not has_id
        by_record = "event_name" not in self.route.options
        layout = BodyLayout(
            first={} if by_record else {"eventName": self.route.options["event_name"]},
            attributes={name: fit for name, fit in self._fits.items() if by_record or name != "eventName"},
            last=self.create_new_fields,
            ignored=("eventName",),
            keeps_other=False,
            derive=partial(derived_id, self.stream) if derives else None,
            unkept=None if self.key_form.is_stored else self.key_form.unstored,
        )
        kinds = GroupingByText("eventName", self._kind) if by_record else SingleGroup(lambda: self._kind(None))
        return UserBuilder(
            context, _TRACK_BULK if has_id or derives else _TRACK_BULK_ONCE, kinds, self.identities, layout
        )

    @cached_property
    def _fits(self) -> Mapping[str, Transform]:
        fits = {name: attribute(name, read) for name, read in ATTRIBUTES.items()}
        return {"eventName": as_it_is, **fits, "id": needed(fits["id"])}

    def _kind(self, column: str | None) -> RowGroup:
        name = self._event_name(column)
        return RowGroup(type_scope=event_scope(name), event_name=name)

    def _event_name(self, column: Any) -> str:
        """What the route says, else what the record says."""
        name = self.route.options.get("event_name", column)
        if not isinstance(name, str) or not name.strip():
            raise RecordRejectedError("missingEventName", "`eventName` is empty, and the route has no `event_name`")
        return name
