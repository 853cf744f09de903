"""Which calls may be sent twice: said here for each endpoint, and nowhere else."""

from __future__ import annotations

from typing import Final

NOT_REPEATABLE: Final[frozenset[tuple[str, str]]] = frozenset(
    {
        ("POST", "/api/campaigns/create"),
        ("POST", "/api/campaigns/trigger"),
        ("POST", "/api/campaigns/{campaignId}/send"),
        ("POST", "/api/email/target"),
        ("POST", "/api/export/start"),
        ("POST", "/api/inApp/target"),
        ("POST", "/api/lists"),
        ("POST", "/api/push/target"),
        ("POST", "/api/sms/target"),
        ("POST", "/api/snippets"),
        ("POST", "/api/subscriptions/subscribeToDoubleOptIn"),
        ("POST", "/api/templates/email/proof"),
        ("POST", "/api/templates/inapp/proof"),
        ("POST", "/api/templates/push/proof"),
        ("POST", "/api/templates/sms/proof"),
        ("POST", "/api/users/merge"),
        ("POST", "/api/verify/sms/begin"),
        ("POST", "/api/verify/sms/check"),
        ("POST", "/api/webPush/target"),
        ("POST", "/api/whatsApp/target"),
        ("POST", "/api/workflows/triggerWorkflow"),
    }
)
"""Calls whose second try creates or sends again, or is refused as if the first had failed.

All others set a state, read, or carry an id. A user who is deleted twice is gone: Iterable may say that it does not
know the userId, and whoever deletes takes that for done. An address that is changed twice is changed: whoever
changes it looks whether it is so already.
"""


def is_repeatable(method: str, path: str) -> bool:
    """Whether the second call does what the first has done; `path` is the contract's template."""
    return (method, path) not in NOT_REPEATABLE
