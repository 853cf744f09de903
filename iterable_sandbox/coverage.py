"""Coverage of Iterable's API: endpoints that only record their effect, and endpoints that are not built."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final, Literal

from iterable_api.facts.client_endpoints import CLIENT_ENDPOINTS

Extent = Literal["full", "recorded", "not built"]

RECORDED: Final[Mapping[str, str]] = {
    "POST /api/*/target": "the message is recorded as sent or skipped; only webhooks hear of it",
    "POST /api/campaigns/trigger": "the messages are recorded as sent or skipped; only webhooks hear of them",
    "POST /api/campaigns/{campaignId}/send": "the messages are recorded as sent or skipped; only webhooks hear of them",
    "POST /api/campaigns/{campaignId}/schedule": "as when it is sent; time zones of users are not respected",
    "POST /api/campaigns/create": "a blast that is scheduled is recorded as sent or skipped when its time comes",
    "POST /api/workflows/triggerWorkflow": "journeys have no steps: users exit at once",
    "POST /api/subscriptions/subscribeToDoubleOptIn": "no confirmation message is sent",
    "POST /api/experiments/*/winner": "no more messages are sent",
    "POST /api/experiments/*/start": "no messages are sent; results are counted among the campaign's",
}
"""Glob of routes that answer as Iterable does but have no effect outside the sandbox -> the missing effect."""

_NEWER: Final = "known from Iterable's client"
_RENDERING: Final = "templates are not rendered, which no extract and no load needs"
_PROOFS: Final = "a proof is a message to one person, which no extract and no load sends"
_APP_CONTENT: Final = "messages are shown by apps only, with keys of apps; no extract and no load reads them"
_SMS_CODES: Final = "codes are sent and checked while a person signs up, by apps only"

NOT_BUILT: Final[Mapping[str, str]] = {
    "POST /api/auth/jwts/invalidate": "JWT keys, which only apps use, are not supported",
    "GET /api/email/viewInBrowser": _RENDERING,
    "GET /api/embedded-messaging/messages": _APP_CONTENT,
    "GET /api/inApp/getMessages": _APP_CONTENT,
    "GET /api/inApp/getPriorityMessage": _APP_CONTENT,
    "GET /api/inApp/web/getMessages": _APP_CONTENT,
    **{f"POST /api/templates/{medium}/preview": _RENDERING for medium in ("email", "inapp")},
    **{f"POST /api/templates/{medium}/proof": _PROOFS for medium in ("email", "inapp", "push", "sms")},
    "POST /api/verify/sms/begin": _SMS_CODES,
    "POST /api/verify/sms/check": _SMS_CODES,
}
"""Route of the contract that answers 404 here -> reason."""


def extent(route: str) -> tuple[Extent, str]:
    """Extent to which a route (method and path template) is built, and a note."""
    if route in NOT_BUILT:
        return "not built", NOT_BUILT[route]
    note = next((note for pattern, note in RECORDED.items() if fnmatchcase(route, pattern)), None)
    if note is None:
        method, _, path = route.partition(" ")
        return "full", _NEWER if (method, path) in CLIENT_ENDPOINTS else ""
    return "recorded", note
