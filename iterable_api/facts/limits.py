"""Iterable's documented limits: the sizes, and how limits of requests are written; `endpoints` has those.

The numbers are those of the API contract of July 2026.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Scope = Literal["project", "key", "organisation"]
MAX_BODY_BYTES: Final = 4_000_000
"""Bytes of a request body. The contract says "4 MB"; this is the smaller of its two meanings."""
MAX_URI_LENGTH: Final = 2048
MAX_CATALOG_ITEMS: Final = 1000
MAX_CATALOG_ITEM_BYTES: Final = 30_000
MAX_METADATA_VALUE_BYTES: Final = 30_000
MAX_EVENT_ID_BYTES: Final = 512
MAX_USER_ID_LENGTH: Final = 52
EXPORT_JOBS_AT_ONCE: Final = 4
"""Export jobs of an organisation that run at a time; others wait at Iterable."""
SECOND: Final = 1
MINUTE: Final = 60
DAY: Final = 86_400


@dataclass(frozen=True)
class Limit:
    """`count` requests in `seconds`, shared by everything in the same `scope`."""

    count: int
    seconds: int
    scope: Scope = "project"

    @property
    def per_second(self) -> float:
        """How many requests a second the limit allows on average."""
        return self.count / self.seconds
