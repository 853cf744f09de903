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
        self._buckets: dict[tuple[str, str, Limit, str, int | None], AbstractBucket] = {}

    def admit(self, method: str, path: str, api_key: str, burst: int | None = None) -> bool:
        """Whether a request to the endpoint (its contract template) fits all its limits; if so it is counted.

        A bucket of the size `burst` takes that many requests at once, and leaks as the limit says; None is the number
        of requests per period.
        """
        return all(self._admits(method, path, limit, api_key, burst) for limit in facts_of(method, path).limits)

    def _admits(self, method: str, path: str, limit: Limit, api_key: str, burst: int | None) -> bool:
        now = self._clock.now()
        owner = api_key if limit.scope == "key" else ""
        bucket = self._buckets.setdefault((method, path, limit, owner, burst), self._bucket(limit, burst))
        bucket.leak(now)
        return bool(bucket.put(RateItem(path, now)))

    def _bucket(self, limit: Limit, burst: int | None) -> AbstractBucket:
        rates = [Rate(limit.count, limit.seconds * 1000, burst)]
        if limit.seconds >= DAY:
            return InMemoryBucket(rates)
        return StateBucket(rates, algorithm=TokenBucket(), clock=self._clock)
