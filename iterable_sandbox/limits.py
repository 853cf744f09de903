"""The documented limits, kept from the server's side: a full bucket refuses, nobody waits."""

from __future__ import annotations

from pyrate_limiter import AbstractClock, Rate, RateItem, StateBucket, TokenBucket

from iterable_api.limits import Limit, limits_of


class Buckets:
    """One leaky bucket per limit, and per key where the limit is the key's.

    A sandbox is one project of one organisation, so those two scopes are one bucket each. A bucket
    holds as many requests at once as the limit says in a period; Iterable's bucket size is not documented.
    """

    def __init__(self, clock: AbstractClock) -> None:
        self._clock = clock
        self._buckets: dict[tuple[Limit, str], StateBucket] = {}

    def admit(self, method: str, path: str, api_key: str) -> bool:
        """Whether a request to the endpoint (its contract template) fits all its limits; if so it is counted."""
        return all(self._put(limit, api_key if limit.scope == "key" else "") for limit in limits_of(method, path))

    def _put(self, limit: Limit, owner: str) -> bool:
        bucket = self._buckets.get((limit, owner))
        if bucket is None:
            rate = Rate(limit.count, limit.seconds * 1000)
            bucket = StateBucket([rate], algorithm=TokenBucket(), clock=self._clock)
            self._buckets[limit, owner] = bucket
        return bool(bucket.put(RateItem(limit.path, self._clock.now())))  # type: ignore[arg-type]
