"""Interactions of users with messages, as apps and pages report them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from iterable_api.facts.data_types import DATA_TYPES
from iterable_sandbox.project.project import Project
from iterable_sandbox.store.cache.user import User
from iterable_sandbox.writes import events

SENDS: Final = tuple(data_type.name for data_type in DATA_TYPES if data_type.name.endswith("Send"))
"""Data types of sent messages."""


STORED_NAMES: Final[Mapping[str, str]] = {
    "buttonIdentifier": "embeddedButtonId",
    "targetUrl": "embeddedTargetUrl",
    "placementId": "embeddedImpressionPlacementId",
    "displayCount": "embeddedImpressionDisplayCount",
    "displayDuration": "embeddedImpressionDisplayDuration",
    "sessionId": "embeddedSessionId",
}
"""Fields of reports about embedded messages that the stored event has under another name."""
_OF_IMPRESSIONS: Final = ("placementId", "displayCount", "displayDuration", "sessionId")


def track(project: Project, user: User, type_: str, row: Mapping[str, Any], copied: Iterable[str]) -> None:
    """Store an interaction: the fields `copied` from the report, and the campaign of the message."""
    fields = _campaign(project, user, row["messageId"]) | {"messageId": row["messageId"]}
    names = STORED_NAMES if type_.startswith("embedded") else {}
    given = {names.get(name, name): row[name] for name in copied if row.get(name) is not None}
    events.record(project, type_, user, fields | given | dotted(row), row.get("createdAt"))


def track_session(project: Project, user: User, row: Mapping[str, Any]) -> None:
    """Store a session, and an impression for each message that was visible in it.

    Under which names Iterable stores the start and the end of a session is not known: they are not stored.
    """
    visit = {"sessionId": (row.get("session") or {}).get("id")}
    named = {STORED_NAMES[name]: value for name, value in visit.items() if value is not None}
    events.record(project, "embeddedSession", user, named | dotted(row), row.get("createdAt"))
    for seen in row.get("impressions") or []:
        shared = {name: row.get(name) for name in ("deviceInfo", "createdAt")}
        track(project, user, "embeddedImpression", shared | visit | seen, _OF_IMPRESSIONS)


def dotted(row: Mapping[str, Any]) -> dict[str, Any]:
    """Flatten the objects of a report to dotted names, as exports show them."""
    return {
        f"{owner}.{name}": value
        for owner in ("deviceInfo", "messageContext")
        for name, value in (row.get(owner) or {}).items()
    }


def _campaign(project: Project, user: User, message_id: str) -> dict[str, Any]:
    """Ids of campaign and template of a message; none if it was not sent here. Iterable's treatment is not known."""
    sent = project.store.events.of_user(user.id, types=SENDS, message_id=message_id)
    return {name: sent[0].line[name] for name in ("campaignId", "templateId") if sent and name in sent[0].line}
