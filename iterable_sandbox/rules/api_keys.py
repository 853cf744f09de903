"""The types of API keys, and what each may call."""

from __future__ import annotations

from enum import StrEnum
from hashlib import sha256
from typing import Final


class KeyType(StrEnum):
    """The types; the values are what a refusal calls them. Only the first was seen in one."""

    SERVER = "ServerSide"
    READ_ONLY = "ServerSideReadOnly"
    MOBILE = "Mobile"
    JAVASCRIPT = "JavaScript"
    DISABLED = "Disabled"


_DEVICE_ONLY: Final = frozenset(
    {
        ("POST", "/api/events/inAppConsume"),
        ("POST", "/api/events/trackInAppClick"),
        ("POST", "/api/events/trackInAppClose"),
        ("POST", "/api/events/trackInAppDelivery"),
        ("POST", "/api/events/trackInAppOpen"),
        ("POST", "/api/events/trackPushOpen"),
        ("POST", "/api/events/trackWebPushClick"),
        ("POST", "/api/users/disableDevice"),
        ("POST", "/api/users/registerBrowserToken"),
        ("POST", "/api/users/registerDeviceToken"),
    }
)
"""What apps call and servers may not."""

_CLIENT: Final = _DEVICE_ONLY | {
    ("POST", "/api/commerce/trackPurchase"),
    ("POST", "/api/commerce/updateCart"),
    ("POST", "/api/embedded-messaging/events/click"),
    ("POST", "/api/embedded-messaging/events/received"),
    ("POST", "/api/embedded-messaging/events/session"),
    ("POST", "/api/events/track"),
    ("GET", "/api/users/byUserId"),
    ("GET", "/api/users/byUserId/{userId}"),
    ("GET", "/api/users/getByEmail"),
    ("GET", "/api/users/{email}"),
    ("POST", "/api/users/merge"),
    ("POST", "/api/users/update"),
    ("POST", "/api/users/updateEmail"),
    ("POST", "/api/users/updateSubscriptions"),
}
"""What keys that stand in apps and pages may call: a user's own profile and events. The documented list has no
method for method, so the edges are a reading."""

_READ_ONLY: Final = (
    "/api/campaigns",
    "/api/channels",
    "/api/experiments/metrics",
    "/api/journeys",
    "/api/messageTypes",
    "/api/metadata",
    "/api/snippets",
    "/api/templates",
)
"""Families of which a read-only key may GET everything. Exports are not among them."""
_READ_ONLY_PATHS: Final = frozenset({"/api/lists", "/api/lists/{listId}/size", "/api/users/getFields"})


def may_call(key_type: KeyType, method: str, path: str) -> bool:
    """Whether a key of a type may call an endpoint, named by its contract template."""
    match key_type:
        case KeyType.SERVER:
            return (method, path) not in _DEVICE_ONLY
        case KeyType.READ_ONLY:
            return method == "GET" and (path in _READ_ONLY_PATHS or path.startswith(_READ_ONLY))
        case KeyType.MOBILE | KeyType.JAVASCRIPT:
            return (method, path) in _CLIENT
        case KeyType.DISABLED:
            return False


def identifier(key: str) -> str:
    """A short name for a key that gives nothing of it away."""
    return sha256(key.encode()).hexdigest()[:8]
