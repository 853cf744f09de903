"""Tracking of custom events, and reading the events of one user."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from starlette.responses import Response

from iterable_api.facts.limits import MAX_EVENT_ID_BYTES
from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.rules import identities, profiles
from iterable_sandbox.rules.bulk_result import EVENT_BUCKETS, BulkResult
from iterable_sandbox.rules.field_types import RequestedFields, custom_event
from iterable_sandbox.rules.single_write_errors import rows_fail_request
from iterable_sandbox.store.cache.user import User
from iterable_sandbox.store.tables.events import Event
from iterable_sandbox.wire.body_schema import BOOLEAN, NUMBER, OBJECT, STRING, array_of, object_of
from iterable_sandbox.wire.responses import bad_params, envelope, json_answer
from iterable_sandbox.writes import events


def track(call: Call) -> Response:
    """POST /api/events/track: a disallowed event name is refused with 200."""
    project, row = call.project, call.body
    if row["eventName"] in project.settings.disallowed_events:
        return envelope(f"Event {row['eventName']} is disallowed from tracking.")
    _check_ids([row])
    # The answer has the id, so a delayed write must use the same one.
    row["id"] = row.get("id") or events.new_id()
    draft = project.field_draft()
    [fields] = draft.admit_all([_requested_fields(row)])
    draft.check()
    with project.store.database.transaction(), rows_fail_request():
        draft.save()
        event_id = events.track(project, row, fields)
    return envelope(f"Event with id: {event_id} tracked.", params={"id": event_id})


def by_email(call: Call) -> Response:
    """GET /api/events/{email}: the newest first; none for an unknown user."""
    with rows_fail_request():
        return _events_of(call, call.project.store.users.by_email(identities.checked_email(call.path["email"])))


def by_user_id(call: Call) -> Response:
    """GET /api/events/byUserId/{userId}."""
    return _events_of(call, call.project.store.users.by_user_id(call.path["userId"]))


def track_bulk(call: Call) -> Response:
    """POST /api/events/trackBulk: 200 even if rows fail; 400 for the batch if a value has a wrong type."""
    project = call.project
    blocked = project.settings.disallowed_events
    refused = [row["eventName"] for row in call.body["events"] if row["eventName"] in blocked]
    rows = [row for row in call.body["events"] if row["eventName"] not in blocked]
    _check_ids(rows)
    draft, result = project.field_draft(), BulkResult(EVENT_BUCKETS)
    requested = [_requested_fields(row) for row in rows]
    admitted = draft.admit_all(requested)
    draft.check()
    with project.store.database.transaction(), project.user_resolver.prefetch(rows), events.prefetch(project, rows):
        result.apply(partial(events.track, project), rows, admitted)
        draft.forget_failed(requested, result.failed_places)
        draft.save()
    result.failed += len(refused) if project.settings.count_disallowed else 0
    deprecated = {
        "invalidEmails": result.identifiers_in("invalidEmails"),
        "invalidUserIds": result.identifiers_in("notFoundUserIds"),
    }
    names = {"disallowedEventNames": list(dict.fromkeys(refused))}
    return json_answer(
        result.counts() | deprecated | names | result.field_changes(draft) | {"failedUpdates": result.failed_updates()}
    )


def _requested_fields(row: dict[str, Any]) -> RequestedFields:
    return RequestedFields(custom_event(row["eventName"]), row.get("dataFields") or {}, row.get("createNewFields"))


def _check_ids(rows: list[dict[str, Any]]) -> None:
    """Refuse the request if an id is too long, as no bucket fits such a row. Iterable's answer is not known."""
    for index, row in enumerate(rows):
        event_id = row.get("id") or ""
        if len(event_id) > _MAX_SHORT_CHARS and len(event_id.encode()) > MAX_EVENT_ID_BYTES:
            raise bad_params(f"The id of event {index} is longer than {MAX_EVENT_ID_BYTES} bytes")


def _events_of(call: Call, user: User | None) -> Response:
    requested = call.integer("limit")
    limit = _DEFAULT_EVENTS if requested is None else max(0, min(requested, _MAX_EVENTS))
    found = [] if user is None else call.project.store.events.of_user(user.id)
    return json_answer({"events": [_event_json(event) for event in found[:limit]]})


def _event_json(event: Event) -> dict[str, Any]:
    """Event as JSON: data fields of a custom event are in `dataFields`; other events have an `eventType`."""
    line = profiles.nested(event.line)
    if event.type != events.CUSTOM_EVENT:
        return {"eventType": event.type} | line
    own = {name: line.pop(name) for name in _EVENT_FIELDS if name in line}
    return own | {"dataFields": line}


_MAX_SHORT_CHARS: Final = MAX_EVENT_ID_BYTES // 4
"""Characters of an id that are within the limit of bytes in any case, at 4 bytes per character."""
_DEFAULT_EVENTS: Final = 30
_MAX_EVENTS: Final = 200
_EVENT_FIELDS: Final = (
    "eventName",
    "id",
    "createdAt",
    "eventUpdatedAt",
    "email",
    "userId",
    "itblUserId",
    "campaignId",
    "templateId",
    "itblInternal",
)
"""Fields of a custom event that are not data fields."""

_EVENT: Final = object_of(
    required=("eventName",),
    email=STRING,
    userId=STRING,
    eventName=STRING,
    id=STRING,
    createdAt=NUMBER,
    dataFields=OBJECT,
    campaignId=NUMBER,
    templateId=NUMBER,
    createNewFields=BOOLEAN,
)
_TRACK_BULK: Final = object_of(required=("events",), events=array_of(_EVENT))

ENDPOINTS: Final = (
    Endpoint("POST", "/api/events/track", track, _EVENT),
    Endpoint("POST", "/api/events/trackBulk", track_bulk, _TRACK_BULK),
    Endpoint("GET", "/api/events/byUserId/{userId}", by_user_id),
    Endpoint("GET", "/api/events/{email}", by_email),
)
