"""HTTP statistics of a stream: requests, bytes, and the share of Iterable's rate limits that they took."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from iterable_api.facts.endpoints import facts_of
from iterable_api.facts.limits import MINUTE
from iterable_api.http.client import Attempt


@dataclass
class HttpStats:
    """Counts since the start of the run.

    Attributes:
        requests: requests, each once however often it was tried.
        retries: further attempts of these.
        bytes: bytes of all bodies that were sent, or of all answers that were received.
    """

    requests: int = 0
    retries: int = 0
    bytes: int = 0
    _by_endpoint: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, method: str, path: str, attempts: int, sent_bytes: int) -> None:
        """Count one request with all its attempts."""
        self.requests += 1
        self.retries += max(0, attempts - 1)
        self.bytes += sent_bytes
        self._by_endpoint[method, path] += attempts

    def add_attempt(self, attempt: Attempt) -> None:
        """Count one attempt of a request."""
        self.requests += attempt.number == 1
        self.retries += attempt.number > 1
        self._by_endpoint[attempt.method, attempt.path] += 1

    def limit_share(self, seconds: float) -> float | None:
        """Return the share of the documented limit that was used in `seconds`, of the endpoint with the highest one."""
        shares = [
            attempts / (limits[0].per_second * max(seconds, limits[0].seconds))
            for (method, path), attempts in self._counted()
            if (limits := facts_of(method, path).limits)
        ]
        return round(max(shares), 3) if shares else None

    def minutes_at_limit(self) -> float | None:
        """Return the minutes that the requests take at the documented limit, for the endpoint that takes longest."""
        minutes = [
            attempts / limit.per_second / MINUTE
            for (method, path), attempts in self._counted()
            for limit in facts_of(method, path).limits
        ]
        return round(max(minutes), 3) if minutes else None

    def _counted(self) -> list[tuple[tuple[str, str], int]]:
        # A copy: another thread may be counting.
        return [*self._by_endpoint.items()]
