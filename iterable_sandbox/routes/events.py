"""Custom events."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from iterable_api.limits import MAX_EVENT_ID_BYTES
from iterable_sandbox.envelopes import bad_params, json_answer
from iterable_sandbox.field_types import FieldDraft, custom_event
from iterable_sandbox.routes.call import Call, Endpoint
from iterable_sandbox.shapes import BOOLEAN, NUMBER, OBJECT, STRING, array_of, object_of
from iterable_sandbox.tally import EVENT_BUCKETS, Tally
from iterable_sandbox.writes import events


def track_bulk(call: Call) -> Response:
    """POST /api/events/trackBulk: 200 even if rows fail; 400 for all if one value has the wrong type."""
    project = call.project
    blocked = project.settings.disallowed_events
    refused = [row["eventName"] for row in call.body["events"] if row["eventName"] in blocked]
    rows = [row for row in call.body["events"] if row["eventName"] not in blocked]
    _check_ids(rows)
    draft, tally = project.field_draft(), Tally(EVENT_BUCKETS)
    admitted = [_admitted(draft, row) for row in rows]
    draft.check()
    with project.store.database.transaction():
        draft.save()
        for row, fields in zip(rows, admitted, strict=True):
            with tally.row():
                events.track(project, row, fields)
    tally.failed += len(refused) if project.settings.count_disallowed else 0
    deprecated = {"invalidEmails": tally.named("invalidEmails"), "invalidUserIds": tally.named("notFoundUserIds")}
    names = {"disallowedEventNames": list(dict.fromkeys(refused))}
    return json_answer(tally.counts() | deprecated | names | tally.tail(draft) | {"failedUpdates": tally.buckets()})


def _admitted(draft: FieldDraft, row: dict[str, Any]) -> dict[str, Any]:
    return draft.admit(custom_event(row["eventName"]), row.get("dataFields") or {}, create=row.get("createNewFields"))


def _check_ids(rows: list[dict[str, Any]]) -> None:
    """Refuse ids that are too long. No bucket fits them, so the whole request fails; the real answer is not known."""
    for index, row in enumerate(rows):
        if len((row.get("id") or "").encode()) > MAX_EVENT_ID_BYTES:
            raise bad_params(f"The id of event {index} is longer than {MAX_EVENT_ID_BYTES} bytes")


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

ENDPOINTS: Final = (Endpoint("POST", "/api/events/trackBulk", track_bulk, _TRACK_BULK),)
