"""Storing events: events that clients identify by an id, and events of messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any, Final

from iterable_api.facts.identity import ProjectType
from iterable_sandbox.project.project import Project
from iterable_sandbox.rules import identities, profiles
from iterable_sandbox.store.cache.user import User
from iterable_sandbox.store.tables.events import Event
from iterable_sandbox.wire import dates
from iterable_sandbox.writes import users

CUSTOM_EVENT: Final = "customEvent"

_EARLIEST_SECONDS: Final = int(datetime(1, 1, 1, tzinfo=UTC).timestamp())
_LATEST_SECONDS: Final = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())
_MIN_MILLISECONDS: Final = 100_000_000_000
"""A `createdAt` above this is taken as epoch milliseconds, which clients send and Iterable does not refuse."""


def track(project: Project, row: Mapping[str, Any], fields: Mapping[str, Any]) -> str:
    """Store a custom event, or update the one with the same id, and return the id.

    Raises:
        RowRefusedError: the row fails.
        UnidentifiedRowError: the row has no identifier.
    """
    return put(project, CUSTOM_EVENT, _user(project, row), row, {**fields, "eventName": row["eventName"]})


def prefetch(project: Project, rows: Iterable[Mapping[str, Any]]) -> AbstractContextManager[None]:
    """Cache the custom events with the ids of rows for the `with` block, which must be inside a transaction."""
    return project.store.events.prefetch(CUSTOM_EVENT, {event_id for row in rows if (event_id := row.get("id"))})


def put(project: Project, type_: str, user: User, row: Mapping[str, Any], fields: Mapping[str, Any]) -> str:
    """Store an event of a type with ids of clients, or update the one with the same id, and return the id."""
    given = row.get("id")
    event_id = given or new_id()
    event = project.store.events.by_event_id(type_, event_id) if given else None
    now = project.clock.seconds()
    if event is None:
        event = Event(type_, now, user.id, {}, event_id)
    if row.get("createdAt") is not None:
        event.created_at = seconds(row["createdAt"])
    event.user = user.id
    event.line = _line(event, now, row, fields)
    event.line |= profiles.identifiers(user)
    project.store.events.save(event)
    return event_id


def new_id() -> str:
    """Create an id for an event without one. The form of Iterable's ids is not known."""
    return token_hex(16)


def record(project: Project, type_: str, user: User, fields: Mapping[str, Any], created_at: int | None = None) -> None:
    """Store an event without id, such as a sent message or a click. Null fields are left out."""
    at = project.clock.seconds() if created_at is None else seconds(created_at)
    given = {name: value for name, value in fields.items() if value is not None}
    line = profiles.identifiers(user) | {"createdAt": dates.export_form(at)} | given
    event = Event(type_, at, user.id, line)
    project.store.events.save(event)
    project.webhooks.enqueue(event)


def seconds(created_at: int) -> int:
    """Convert a `createdAt` to epoch seconds within the years 1 to 9999."""
    value = created_at // 1000 if created_at > _MIN_MILLISECONDS else created_at
    return max(_EARLIEST_SECONDS, min(value, _LATEST_SECONDS))


def _line(event: Event, at: int, row: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Build the export line of an event that is written at `at`: data fields, overwritten by Iterable's own fields.

    An update replaces the fields that it has and keeps the others. Whether Iterable merges deeper is not known.
    """
    now = dates.export_form(at)
    line = profiles.merged(event.line, fields, nested=False)
    line["id"] = event.event_id
    line["createdAt"] = dates.export_form(event.created_at)
    line["eventUpdatedAt"] = now
    line |= {name: value for name in ("campaignId", "templateId") if (value := row.get(name)) is not None}
    line[profiles.CREATED] = event.line.get(profiles.CREATED, now)
    line[profiles.UPDATED] = now
    return line


def _user(project: Project, row: Mapping[str, Any]) -> User:
    """Find the user of an event, or create it if the project creates users from events."""
    identity = identities.read_identity(row)
    by_email = project.settings.project_type is ProjectType.EMAIL and identity.email is not None
    existing_only = by_email and project.settings.unknown_email_in_events == "refuse"
    found = project.user_resolver.find(identity)
    if found is not None:
        return found
    created = users.new_user(project, identity, existing_only=existing_only)
    users.save(project, created)
    return created
