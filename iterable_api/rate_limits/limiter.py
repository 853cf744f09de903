"""The limiter that keeps Iterable's documented limits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from iterable_api.errors import DailyCapReachedError
from iterable_api.facts.endpoints import ENDPOINTS
from iterable_api.facts.limits import DAY, Limit
from iterable_api.rate_limits.job_slots import JobSlots
from iterable_api.rate_limits.memory_store import MemoryStore
from iterable_api.rate_limits.rules import JITTER, Rule
from iterable_api.rate_limits.state_store import LimitStore, LimitStoreError

_LATE_SECONDS: Final = JITTER / 2
"""A slot that is missed by more is given up, and another one reserved: whoever comes late comes with those behind."""
_MISSED_SLOTS: Final = 5
"""How many slots are given up for one request. A process that is always late would else never send it."""
_SLOW_SECONDS: Final = 1
"""If slots are farther apart, giving one up costs more than coming late: then only one is, if it is missed by more."""
_LATE_SHARE: Final = 0.05
"""Share of the time between two such slots by which one may be missed."""


class RateLimiter(Protocol):
    """The limiter that `IterableClient` asks before every attempt."""

    @property
    def job_slots(self) -> JobSlots | None:
        """The slots of export jobs that run at Iterable; None where they are not counted."""

    def acquire(self, method: str, path: str) -> None:
        """Wait until the endpoint may be called.

        Raises:
            DailyCapReachedError: if a daily cap is used up; a wait until tomorrow makes no sense.
        """

    def close(self) -> None:
        """Close connections, if there are any; the next `acquire` opens them again."""


class Unlimited:
    """No limit at all: for a sandbox that was started without limits."""

    job_slots: JobSlots | None = None

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
        clock: gives seconds and never goes back; by default the clock of the store, which all processes share.
        sleep: waits for so many seconds.
        store: holds the state of the limits for all processes that use it; by default the state is in memory.
        project: the name of the project, where processes of several projects use one store: limits of the
            organisation are shared by all of them, all others by those with the same name.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        store: LimitStore | None = None,
        project: str = "",
    ) -> None:
        self._clock = clock
        self._now = clock or time.monotonic
        self._sleep = sleep
        self._store = store or MemoryStore()
        self._lock = threading.Lock()
        self._failure: LimitStoreError | None = None
        self._seen: dict[str, str] = {}
        self.job_slots: JobSlots | None = JobSlots(self._store)
        # The longest period comes first: a daily cap that is used up is an error without a wait before it.
        self._rules = {
            endpoint: [(limit, _name(endpoint, limit, project), Rule(limit)) for limit in reversed(facts.limits)]
            for endpoint, facts in ENDPOINTS.items()
            if facts.limits
        }

    def acquire(self, method: str, path: str) -> None:
        """Wait for every short limit of the endpoint; see `RateLimiter`."""
        for limit, name, rule in self._rules.get((method, path), ()):
            distance = limit.seconds / limit.count
            late = max(_LATE_SECONDS, _LATE_SHARE * distance)
            for _ in range(2 if distance > _SLOW_SECONDS else _MISSED_SLOTS):
                asked, seconds = self._reserve(name, rule)
                if seconds is None:
                    raise DailyCapReachedError(method, path, limit.count)
                if seconds > 0:
                    self._sleep(seconds)
                if limit.seconds >= DAY or self._now() - asked - seconds <= late:
                    break

    def close(self) -> None:
        """See `RateLimiter`."""
        self._store.close()

    def _reserve(self, name: str, rule: Rule) -> tuple[float, float | None]:
        """Reserve the next free slot of a limit.

        Slots are given in the order of asking, so that threads wait in turn instead of racing. A store that has failed
        once is not asked again, nor waited for.

        Returns:
            The moment just before the store was asked, by the clock of this process, and the seconds until the slot;
            None if a daily cap is used up.
        """
        with self._lock:
            if self._failure is not None:
                raise self._failure
            asked = self._now()
            now = None if self._clock is None else int(self._clock() * 1000)
            try:
                reserved = self._store.reserve(name, rule, self._seen.get(name, ""), now)
            except LimitStoreError as error:
                self._failure = error
                raise
            if reserved is None:
                return asked, None
            self._seen[name] = reserved.state
            return asked, reserved.wait / 1000


def _name(endpoint: tuple[str, str], limit: Limit, project: str) -> str:
    method, path = endpoint
    name = f"{method} {path} {limit.count}/{limit.seconds}"
    return f"{project} {name}" if project and limit.scope != "organisation" else name
