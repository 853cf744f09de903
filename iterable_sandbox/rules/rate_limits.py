"""The documented rate limits on the server's side: a request over a limit is refused, not delayed."""

from __future__ import annotations

from pyrate_limiter import AbstractBucket, InMemoryBucket, Rate, RateItem, StateBucket, TokenBucket

from iterable_api.facts.endpoints import facts_of
from iterable_api.facts.limits import DAY, Limit
from iterable_sandbox.wire.clock import Clock


class RateLimits:
    """Token bucket per limit, and per API key for limits of the scope `key`.

    A sandbox is one project of one organisation, so each limit of these two scopes has one bucket. The size of a
    bucket is the number of requests per period; Iterable's size is not documented. A daily limit is a sliding window
    of 24 hours.
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
