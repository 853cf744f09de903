"""The limiter that keeps Iterable's documented limits."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol, cast

from pyrate_limiter import Decision, Rate, RateItem, StateAlgorithm, StateBucket, TokenBucket
from pyrate_limiter.abstracts.algorithm import State

from iterable_api.errors import DailyCapReachedError
from iterable_api.facts.endpoint_facts import EndpointFacts
from iterable_api.facts.endpoints import ENDPOINTS
from iterable_api.facts.limits import DAY, Limit
from iterable_api.rate_limits.state_store import LimitStore, LimitStoreError, StoredState

JITTER: Final = 0.5
"""Seconds by which the travel times of two requests may differ: a new connection across an ocean, and an open one."""

_NEGLIGIBLE: Final = 0.05
"""Share of its period by which a limit may be slower before its burst is made smaller instead."""


class RateLimiter(Protocol):
    """The limiter that `IterableClient` asks before every attempt."""

    def acquire(self, method: str, path: str) -> None:
        """Wait until the endpoint may be called.

        Raises:
            DailyCapReachedError: if a daily cap is used up; a wait until tomorrow makes no sense.
        """

    def close(self) -> None:
        """Close connections, if there are any; the next `acquire` opens them again."""


class Unlimited:
    """No limit at all: for a sandbox that was started without limits."""

    def acquire(self, method: str, path: str) -> None:
        """Return at once."""

    def close(self) -> None:
        """Do nothing."""


class DocumentedLimits:
    """Keeps this process under Iterable's documented limits.

    Iterable is said to use leaky buckets; how large they are is not documented, so each is taken to be as
    large as its number. Here every short limit is a token bucket, a little smaller or slower, because requests
    do not travel equally fast: they may arrive closer together than they leave, by `JITTER` at most.
    A daily cap counts the last 24 hours, however Iterable counts its days.

    Args:
        clock: gives seconds and never goes back.
        sleep: waits for so many seconds.
        store: holds the state of the limits for all processes that use it; the clocks of their machines must then
            agree to within `JITTER`. By default the state is in memory.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        store: LimitStore | None = None,
    ) -> None:
        self._clock = clock or (time.monotonic if store is None else time.time)
        self._sleep = sleep
        self._store = store
        self._lock = threading.Lock()
        self._failure: LimitStoreError | None = None
        # The longest period comes first: a daily cap that is used up is an error without a wait before it.
        self._buckets = {
            endpoint: [(limit, _bucket(facts, limit, store)) for limit in reversed(facts.limits)]
            for endpoint, facts in ENDPOINTS.items()
            if facts.limits
        }

    def acquire(self, method: str, path: str) -> None:
        """Wait for every short limit of the endpoint; see `RateLimiter`."""
        for limit, bucket in self._buckets.get((method, path), ()):
            if (seconds := self._reserve(method, path, limit, bucket)) > 0:
                self._sleep(seconds)

    def close(self) -> None:
        """See `RateLimiter`."""
        if self._store is not None:
            self._store.close()

    def _reserve(self, method: str, path: str, limit: Limit, bucket: StateBucket) -> float:
        """Reserve the next free slot of a limit, and return the seconds until it.

        Slots are given in the order of asking, so that threads wait in turn instead of racing.
        """
        with self._lock:
            now = slot = int(self._clock() * 1000)
            # Once, or more often if another process takes the slot between the two steps.
            while not self._put(bucket, item := RateItem(path, slot)):
                if limit.seconds >= DAY:
                    raise DailyCapReachedError(method, path, limit.count)
                slot += cast("int", bucket.waiting(item))
            return (slot - now) / 1000

    def _put(self, bucket: StateBucket, item: RateItem) -> bool:
        """Put an item into a bucket, if it fits. A store that has failed once is not asked again, nor waited for."""
        if self._failure is not None:
            raise self._failure
        try:
            return bool(bucket.put(item))
        except LimitStoreError as error:
            self._failure = error
            raise


class _ExactPeriod(StateAlgorithm):
    """Counts the requests of the last period exactly: the state is the moment of each."""

    def initial(self, _rates: list[Rate]) -> State:
        return ()

    def step(self, rates: list[Rate], state: State, now: int, weight: int) -> tuple[State, Decision]:
        (rate,) = rates
        recent = tuple(moment for moment in state if moment >= now - rate.interval)
        if len(recent) + weight > rate.limit:
            return state, Decision(failing_rate=rate)
        return (*recent, *[now] * weight), Decision()

    def decode(self, values: Sequence[str]) -> State:
        return tuple(int(value) for value in values)


def _bucket(facts: EndpointFacts, limit: Limit, store: LimitStore | None) -> StateBucket:
    name = f"{facts.method} {facts.path} {limit.count}/{limit.seconds}"
    state = None if store is None else StoredState(store, name)
    if limit.seconds >= DAY:
        return StateBucket([Rate(limit.count, limit.seconds * 1000)], algorithm=_ExactPeriod(), store=state)
    return StateBucket([_rate(limit)], algorithm=TokenBucket(), store=state)


def _rate(limit: Limit) -> Rate:
    """The rate that keeps `limit` although requests may be delayed by up to `JITTER`.

    In that time, `ahead` later requests can catch up with earlier ones. A smaller burst makes room for them, which
    costs no throughput; or a longer period, where the burst is too small or the difference is negligible.
    """
    ahead = JITTER * limit.count / limit.seconds
    spare = min(math.ceil(ahead - _NEGLIGIBLE), limit.count - 1)
    stretch = max(1.0, (1 + ahead) / (1 + spare))
    return Rate(limit.count, math.ceil(limit.seconds * 1000 * stretch), burst=limit.count - spare)
