"""Iterable's documented limits, of requests and of sizes.

The numbers are those of the API contract of July 2026. An endpoint that is not in the table has no documented limit;
Iterable may still answer 429. Paths are the contract's templates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Scope = Literal["project", "key", "organisation"]
MAX_BODY_BYTES: Final = 4_000_000
"""What a request body may hold: "4 MB", read as the smaller of its two meanings."""
MAX_URI_LENGTH: Final = 2048
MAX_CATALOG_ITEMS: Final = 1000
MAX_CATALOG_ITEM_BYTES: Final = 30_000
MAX_METADATA_VALUE_BYTES: Final = 30_000
MAX_EVENT_ID_BYTES: Final = 512
MAX_USER_ID_LENGTH: Final = 52
SECOND: Final = 1
MINUTE: Final = 60
DAY: Final = 86_400


@dataclass(frozen=True)
class Limit:
    """`count` requests in `seconds`, shared by everything in the same `scope`."""

    method: str
    path: str
    count: int
    seconds: int
    scope: Scope = "project"

    @property
    def per_second(self) -> float:
        """How many requests a second the limit allows on average."""
        return self.count / self.seconds


LIMITS: Final[tuple[Limit, ...]] = (
    Limit("GET", "/api/export/data.json", 4, MINUTE),
    Limit("GET", "/api/export/data.csv", 4, MINUTE),
    Limit("POST", "/api/export/start", 1, SECOND, "organisation"),
    Limit("GET", "/api/export/{jobId}/files", 1, SECOND, "organisation"),
    Limit("DELETE", "/api/export/{jobId}", 1, SECOND),
    Limit("GET", "/api/lists", 100, SECOND),
    Limit("GET", "/api/lists/getUsers", 5, MINUTE),
    Limit("GET", "/api/lists/previewUsers", 5, MINUTE),
    Limit("GET", "/api/lists/{listId}/size", 5, MINUTE),
    Limit("GET", "/api/campaigns", 100, SECOND),
    Limit("GET", "/api/campaigns/{id}", 100, SECOND),
    Limit("GET", "/api/campaigns/recurring/{id}/childCampaigns", 100, SECOND),
    Limit("GET", "/api/campaigns/metrics", 10, MINUTE),
    Limit("POST", "/api/campaigns/archive", 5, SECOND, "key"),
    Limit("GET", "/api/templates", 100, SECOND),
    Limit("GET", "/api/templates/email/get", 100, SECOND),
    Limit("GET", "/api/templates/push/get", 100, SECOND),
    Limit("GET", "/api/templates/sms/get", 100, SECOND),
    Limit("GET", "/api/templates/inapp/get", 100, SECOND),
    Limit("GET", "/api/templates/embedded/get", 100, SECOND),
    Limit("GET", "/api/templates/getByClientTemplateId", 100, SECOND),
    Limit("POST", "/api/templates/email/preview", 10, SECOND),
    Limit("POST", "/api/templates/inapp/preview", 10, SECOND),
    Limit("POST", "/api/templates/email/proof", 20, SECOND, "key"),
    Limit("POST", "/api/templates/inapp/proof", 20, SECOND, "key"),
    Limit("POST", "/api/templates/push/proof", 20, SECOND, "key"),
    Limit("POST", "/api/templates/sms/proof", 20, SECOND, "key"),
    Limit("GET", "/api/email/viewInBrowser", 100, SECOND),
    Limit("GET", "/api/channels", 100, SECOND),
    Limit("GET", "/api/messageTypes", 100, SECOND),
    Limit("GET", "/api/catalogs", 100, SECOND, "key"),
    Limit("GET", "/api/catalogs/{catalogName}/items", 100, SECOND, "key"),
    Limit("POST", "/api/catalogs/{catalogName}/items", 100, SECOND, "key"),
    Limit("PUT", "/api/catalogs/{catalogName}/items/{itemId}", 1000, SECOND, "key"),
    Limit("POST", "/api/users/update", 500, SECOND),
    Limit("POST", "/api/users/bulkUpdate", 5, SECOND),
    Limit("POST", "/api/users/merge", 50, SECOND, "key"),
    Limit("POST", "/api/users/forget", 3, SECOND),
    Limit("POST", "/api/users/forget", 1000, DAY),
    Limit("POST", "/api/users/unforget", 3, SECOND),
    Limit("POST", "/api/users/unforget", 1000, DAY),
    Limit("GET", "/api/users/forgotten", 3, SECOND),
    Limit("GET", "/api/users/forgottenUserIds", 3, SECOND),
    Limit("GET", "/api/users/getFields", 3, SECOND),
    Limit("GET", "/api/users/getSentMessages", 3, SECOND),
    Limit("GET", "/api/users/{email}", 100, SECOND),
    Limit("GET", "/api/users/getByEmail", 100, SECOND),
    Limit("GET", "/api/users/byUserId", 100, SECOND),
    Limit("GET", "/api/users/byUserId/{userId}", 100, SECOND),
    Limit("DELETE", "/api/users/{email}", 100, SECOND),
    Limit("DELETE", "/api/users/byUserId/{userId}", 100, SECOND),
    Limit("POST", "/api/users/registerDeviceToken", 500, SECOND),
    Limit("GET", "/api/events/{email}", 100, SECOND),
    Limit("GET", "/api/events/byUserId/{userId}", 100, SECOND),
    Limit("POST", "/api/events/track", 2000, SECOND),
    Limit("POST", "/api/events/trackBulk", 10, SECOND),
)


def limits_of(method: str, path: str) -> tuple[Limit, ...]:
    """The rows of the table for one endpoint, shortest period first; often none."""
    return tuple(limit for limit in LIMITS if (limit.method, limit.path) == (method, path))
