"""HTTP statistics of a stream: requests, bytes, and the share of Iterable's rate limits that they took."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from iterable_api.facts.endpoints import facts_of
from iterable_api.facts.limits import MINUTE
from target_iterable.reporting.request_log import LoggedRequest


@dataclass
class HttpStats:
    """Counts since the start of the run.

    Attributes:
        requests: bulk requests, each once however often it was tried.
        retries: further attempts of these.
        bytes: bytes of all bodies that were sent.
    """

    requests: int = 0
    retries: int = 0
    bytes: int = 0
    _by_endpoint: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, method: str, path: str, call: LoggedRequest) -> None:
        """Count one request."""
        self.requests += 1
        self.retries += max(0, len(call.attempts) - 1)
        self.bytes += call.sent_bytes
        self._by_endpoint[method, path] += len(call.attempts)

    def limit_share(self, seconds: float) -> float | None:
        """Return the share of the documented limit that was used in `seconds`, of the endpoint with the highest one."""
        shares = [
            attempts / (limits[0].per_second * max(seconds, limits[0].seconds))
            for (method, path), attempts in self._by_endpoint.items()
            if (limits := facts_of(method, path).limits)
        ]
        return round(max(shares), 3) if shares else None

    def minutes_at_limit(self) -> float | None:
        """Return the minutes that the requests take at the documented limit, for the endpoint that takes longest."""
        minutes = [
            attempts / limit.per_second / MINUTE
            for (method, path), attempts in self._by_endpoint.items()
            for limit in facts_of(method, path).limits
        ]
        return round(max(minutes), 3) if minutes else None
