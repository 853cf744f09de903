"""The documented limits, kept from the server's side: a full bucket refuses, nobody waits."""

from __future__ import annotations

from pyrate_limiter import AbstractBucket, InMemoryBucket, Rate, RateItem, StateBucket, TokenBucket

from iterable_api.facts.endpoints import facts_of
from iterable_api.facts.limits import DAY, Limit
from iterable_sandbox.wire.clock import Clock


class RateLimits:
    """One leaky bucket per limit, and per key where the limit is the key's.

    A sandbox is one project of one organisation, so those two scopes are one bucket each. A bucket
    holds as many requests at once as the limit says in a period; Iterable's bucket size is not documented.
    A daily cap is what fits the last 24 hours.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, str, Limit, str], AbstractBucket] = {}

    def admit(self, method: str, path: str, api_key: str) -> bool:
        """Whether a request to the endpoint (its contract template) fits all its limits; if so it is counted."""
        return all(self._admits(method, path, limit, api_key) for limit in facts_of(method, path).limits)

    def _admits(self, method: str, path: str, limit: Limit, api_key: str) -> bool:
        now = self._clock.now()
        owner = api_key if limit.scope == "key" else ""
        bucket = self._buckets.setdefault((method, path, limit, owner), self._bucket(limit))
        bucket.leak(now)
        return bool(bucket.put(RateItem(path, now)))

    def _bucket(self, limit: Limit) -> AbstractBucket:
        rates = [Rate(limit.count, limit.seconds * 1000)]
        if limit.seconds >= DAY:
            return InMemoryBucket(rates)
        return StateBucket(rates, algorithm=TokenBucket(), clock=self._clock)
