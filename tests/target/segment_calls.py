"""Calls of the Segment spec, as clients send them and as rows of a warehouse.

Example:
    order = track("Order Completed", {"order_id": "o1", "total": 9.5})
    assert send(project, order)["written"] == 1  # as a client sends it
    route = {"object": "segment", "call": "track"}
    project.load(stream("tracks", [row(order)]), streams={"tracks": route})  # as a row of a warehouse
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from target_iterable.columnar.calls.call_reader import CallReader
from target_iterable.columnar.record_block import RecordBlock
from target_iterable.records.duplicate_fields import DuplicateFields
from target_iterable.segment.call import Call as CallOf
from target_iterable.segment.names import snake
from tests.target.conftest import Project
from tests.target.loading import stream

ANN: Final = "ann@example.com"
AT: Final = "2026-03-03T08:01:02.000Z"
Call = dict[str, Any]

_COLUMNS: Final = {
    "userId": "user_id",
    "anonymousId": "anonymous_id",
    "messageId": "id",
    "sentAt": "sent_at",
    "receivedAt": "received_at",
    "originalTimestamp": "original_timestamp",
    "timestamp": "timestamp",
    "previousId": "previous_id",
    "groupId": "group_id",
    "name": "name",
}


def call(type_: str, **members: Any) -> Call:
    """A call of Ann, in the shape of `analytics.js`. A member that is None is left out."""
    given = {
        "type": type_,
        "userId": "u1",
        "anonymousId": "a-1",
        "messageId": f"m-{type_}",
        "timestamp": AT,
        "receivedAt": "2026-03-03T08:01:09.000Z",
        "integrations": {"All": True},
        "channel": "browser",
        "version": 2,
        "context": {"traits": {"email": ANN}, "page": {"path": "/"}, "library": {"name": "analytics.js"}},
    }
    return {name: value for name, value in (given | members).items() if value is not None}


def track(event: str, properties: Mapping[str, Any] | None = None, **members: Any) -> Call:
    return call("track", event=event, properties=dict(properties or {}), **members)


def read(given: Mapping[str, Any], type_: str | None = None, *, all_members: bool = False) -> CallOf:
    """The call in a record.

    Raises:
        AssertionError: if it is none.
    """
    reader = CallReader(type_, DuplicateFields(), all_members=all_members)
    (calls,), rejects = reader.read(RecordBlock([()], rows=[dict(given)]), [0])
    assert not rejects
    return calls.call(0)


def row(sent: Call) -> dict[str, Any]:
    """The row of the call's table: objects are columns of their own, arrays are texts."""
    made = {column: sent[name] for name, column in _COLUMNS.items() if name in sent}
    made |= {"uuid": 17, "uuid_ts": AT}
    if "event" in sent:
        made |= {"event": snake(sent["event"]), "event_text": sent["event"]}
    made |= dict(_flat("context", sent.get("context", {})))
    for name, value in (sent.get("properties") or sent.get("traits") or {}).items():
        made[name] = json.dumps(value) if isinstance(value, list) else value
    return made


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _flat(f"{path}_{name}", member)
    else:
        yield path, value


def send(project: Project, *calls: Call, project_type: str = "email", **options: Any) -> dict[str, Any]:
    """Load calls; what became of them. Options are those of the route."""
    route = {"segment": {"object": "segment", **options}}
    return dict(project.load(stream("segment", calls), streams=route, project_type=project_type)["segment"])
