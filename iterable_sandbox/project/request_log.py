"""Log of requests and responses, for tests of clients. It has personal data only with `log_personal_data`."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

_MAX_ENTRIES: Final = 10_000
_MAX_BODY_BYTES: Final = 100_000_000
_ROW_FIELDS: Final = (
    "users",
    "usersByUserId",
    "events",
    "subscribers",
    "updateSubscriptionsRequests",
    "documents",
    "itemIds",
)


@dataclass(frozen=True)
class Entry:
    """One request.

    Attributes:
        at: arrival by the clock of the sandbox, as ISO 8601.
        path: path template of the route; empty for an unknown route, as paths may contain addresses.
        status: status of the response; None if the connection ended without one.
        records: number of rows received, or of export lines sent.
        uri: path and query as sent; None unless the setting `log_personal_data` is on.
        body: request body as sent; None like `uri`.
    """

    at: str
    method: str
    path: str
    status: int | None
    request_bytes: int
    response_bytes: int
    records: int
    uri: str | None = None
    body: str | None = None


class RequestLog:
    """The latest requests, and the number of all requests by route and status.

    Args:
        max_entries: number of requests to keep.
        max_body_bytes: length of all kept bodies together.
    """

    def __init__(self, max_entries: int = _MAX_ENTRIES, max_body_bytes: int = _MAX_BODY_BYTES) -> None:
        self._max_entries = max_entries
        self._max_body_bytes = max_body_bytes
        self._bytes = 0
        self._entries: deque[Entry] = deque()
        self._outcomes: Counter[tuple[str, int | None]] = Counter()

    def add(self, entry: Entry) -> None:
        """Add a request that has ended."""
        self._entries.append(entry)
        self._bytes += len(entry.body or "")
        self._outcomes[f"{entry.method} {entry.path}", entry.status] += 1
        while len(self._entries) > self._max_entries or self._bytes > self._max_body_bytes:
            self._bytes -= len(self._entries.popleft().body or "")

    def entries(self, route: str = "*") -> list[Entry]:
        """Latest requests whose method and path match the glob `route`, oldest first."""
        return [entry for entry in list(self._entries) if fnmatchcase(f"{entry.method} {entry.path}", route)]

    def clear(self) -> None:
        """Remove all requests and counts."""
        self._entries.clear()
        self._bytes = 0
        self._outcomes.clear()

    def count(self, status: int) -> dict[str, int]:
        """Number of all requests with a status, by method and path template."""
        return {route: number for (route, ended), number in sorted(self._outcomes.items(), key=str) if ended == status}


def record_count(body: Any) -> int:
    """Number of records in the JSON body of a write."""
    if not isinstance(body, Mapping):
        return 0
    bulk = [body[name] for name in _ROW_FIELDS if isinstance(body.get(name), list | dict)]
    return sum(map(len, bulk)) if bulk else 1
