"""The documented rate limits on the server's side: a request over a limit is refused, not delayed."""

from __future__ import annotations

from pyrate_limiter import AbstractBucket, InMemoryBucket, Rate, RateItem, StateBucket, TokenBucket

from iterable_api.facts.limits import DAY, Limit, limits_of
from iterable_sandbox.wire.clock import Clock


class RateLimits:
    """Token bucket per limit, and per API key for limits of the scope `key`.

    A sandbox is one project of one organisation, so each limit of these two scopes has one bucket. The size of a
    bucket is the number of requests per period; Iterable's size is not documented. A daily limit is a sliding window
    of 24 hours.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: dict[tuple[Limit, str], AbstractBucket] = {}

    def admit(self, method: str, path: str, api_key: str) -> bool:
        """Whether a request to the endpoint (its contract template) fits all its limits; if so it is counted."""
        return all(self._take(limit, api_key if limit.scope == "key" else "") for limit in limits_of(method, path))

    def _take(self, limit: Limit, owner: str) -> bool:
        now = self._clock.now()
        bucket = self._buckets.setdefault((limit, owner), self._bucket(limit))
        bucket.leak(now)
        return bool(bucket.put(RateItem(limit.path, now)))

    def _bucket(self, limit: Limit) -> AbstractBucket:
        rates = [Rate(limit.count, limit.seconds * 1000)]
        if limit.seconds >= DAY:
            return InMemoryBucket(rates)
        return StateBucket(rates, algorithm=TokenBucket(), clock=self._clock)
