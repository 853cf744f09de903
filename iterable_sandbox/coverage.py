"""How far the sandbox goes: what is only recorded, and what of Iterable's contract is not there."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final, Literal

Extent = Literal["full", "recorded", "not built"]

RECORDED: Final[Mapping[str, str]] = {
    "POST /api/*/target": "the message is recorded as sent or skipped; only webhooks hear of it",
    "POST /api/campaigns/trigger": "the messages are recorded as sent or skipped; only webhooks hear of them",
    "POST /api/workflows/triggerWorkflow": "journeys have no steps: who enters one leaves it",
    "POST /api/subscriptions/subscribeToDoubleOptIn": "no message asks for the confirmation",
}
"""Routes, as globs, that answer as Iterable does while their effect stays inside; and what does not happen."""

_CAMPAIGNS: Final = "campaigns are made in the web interface; seeding makes some"
_TEMPLATES: Final = "templates are made in the web interface; seeding makes some"
_RENDERING: Final = "nothing is rendered"
_APP_CONTENT: Final = "what apps show their users"

NOT_BUILT: Final[Mapping[str, str]] = {
    "POST /api/auth/jwts/invalidate": "keys that need a JWT are not known",
    "POST /api/campaigns/abort": _CAMPAIGNS,
    "POST /api/campaigns/activateTriggered": _CAMPAIGNS,
    "POST /api/campaigns/archive": _CAMPAIGNS,
    "POST /api/campaigns/cancel": _CAMPAIGNS,
    "POST /api/campaigns/create": _CAMPAIGNS,
    "POST /api/campaigns/deactivateTriggered": _CAMPAIGNS,
    "POST /api/campaigns/{campaignId}/schedule": _CAMPAIGNS,
    "POST /api/campaigns/{campaignId}/send": _CAMPAIGNS,
    "GET /api/email/viewInBrowser": _RENDERING,
    "GET /api/embedded-messaging/messages": _APP_CONTENT,
    "GET /api/inApp/getMessages": _APP_CONTENT,
    "GET /api/inApp/getPriorityMessage": _APP_CONTENT,
    "GET /api/inApp/web/getMessages": _APP_CONTENT,
    "POST /api/templates/bulkDelete": _TEMPLATES,
    **{f"POST /api/templates/{medium}/preview": _RENDERING for medium in ("email", "inapp")},
    **{f"POST /api/templates/{medium}/proof": _RENDERING for medium in ("email", "inapp", "push", "sms")},
    **{
        f"POST /api/templates/{medium}/{write}": _TEMPLATES
        for medium in ("email", "embedded", "inapp", "push", "sms")
        for write in ("update", "upsert")
    },
    "POST /api/verify/sms/begin": "no text messages are sent",
    "POST /api/verify/sms/check": "no text messages are sent",
}
"""The routes of the contract that are a 404 here, with the reason."""


def extent(route: str) -> tuple[Extent, str]:
    """How far a route of the contract (method and path template) is built, and a note."""
    if route in NOT_BUILT:
        return "not built", NOT_BUILT[route]
    note = next((note for pattern, note in RECORDED.items() if fnmatchcase(route, pattern)), None)
    return ("full", "") if note is None else ("recorded", note)
