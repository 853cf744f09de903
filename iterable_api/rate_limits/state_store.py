"""Stores for the state of limits that processes share: a SQLite file, PostgreSQL or Redis.

All processes that use a store share one budget, so a store belongs to one project, or to one organisation where
its projects export together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from pyrate_limiter import Decision, Rate, StateStore
from pyrate_limiter.abstracts.algorithm import State, StateAlgorithm

from iterable_api.errors import IterableError
from iterable_api.storage.paths import file_problem, sqlite_file
from iterable_api.waiting.retry_policy import LOCK_TIMEOUT

_REDIS_PREFIX: Final = "iterable_rate_limits"
REDIS_TIMEOUT: Final = 10
"""Seconds that Redis may be silent, unless its URL has a `socket_timeout`. Redis has no locks."""

Update = Callable[[str], str | None]
"""Maps the text of a state, "" at first, to the new text, or None if nothing changes."""


class LimitStoreError(IterableError, ValueError):
    """The store of `rate_limit_store` does not work."""

    def __init__(self, error: Exception) -> None:
        # The text of a driver's error may hold the URL, and the URL a password.
        super().__init__(f"The store named by `rate_limit_store` cannot be used ({type(error).__name__}).")


class LimitStoreLockedError(LimitStoreError):
    """Another process holds a lock in the store of `rate_limit_store` for longer than can be waited."""

    def __init__(self) -> None:
        super(LimitStoreError, self).__init__(
            "The store named by `rate_limit_store` is locked by another process, and did not become free in time "
            "(`lock_timeout_seconds`)."
        )


class LimitStore(Protocol):
    """Texts by name that several processes update, one after the other."""

    def update(self, name: str, update: Update) -> None:
        """Read a text, and store the one that `update` makes of it, without an update by another process in between.

        Raises:
            LimitStoreError: if the store cannot be reached.
        """

    def close(self) -> None:
        """Close the connections."""


class StoredState(StateStore):
    """The state of one limit in a common store."""

    def __init__(self, store: LimitStore, name: str) -> None:
        self._store = store
        self._name = name

    def check(self, algorithm: StateAlgorithm, rates: list[Rate], now: int, weight: int) -> Decision:
        """Count a request, if the limit allows it."""
        decisions: list[Decision] = []

        def step(content: str) -> str | None:
            state, decision = algorithm.step(rates, _decoded(content, algorithm, rates), now, weight)
            decisions.append(decision)
            return " ".join(map(str, state)) if decision.allowed else None

        self._store.update(self._name, step)
        return decisions[-1]

    def read(self, algorithm: StateAlgorithm, rates: list[Rate]) -> State:
        """The current state."""
        seen: list[str] = []
        self._store.update(self._name, seen.append)
        return _decoded(seen[-1], algorithm, rates)

    def reset(self) -> None:
        """Clear the state."""
        self._store.update(self._name, lambda _: "")


def _decoded(content: str, algorithm: StateAlgorithm, rates: list[Rate]) -> State:
    return algorithm.decode(content.split()) if content else algorithm.initial(rates)


class RedisStore:
    """Texts in Redis. An update is repeated if another process was quicker."""

    def __init__(self, client: Any, errors: type[Exception]) -> None:
        self._client = client
        self._errors = errors

    def update(self, name: str, update: Update) -> None:
        """See `LimitStore`."""
        key = f"{_REDIS_PREFIX}:{name}"

        def transaction(pipe: Any) -> None:
            changed = update((pipe.get(key) or b"").decode())
            pipe.multi()
            if changed is not None:
                pipe.set(key, changed)

        try:
            self._client.transaction(transaction, key)
        except self._errors as error:
            raise LimitStoreError(error) from None

    def close(self) -> None:
        """See `LimitStore`."""
        self._client.close()


# Importing a driver takes time, and most runs have no store.


def _sqlite(location: str, lock_timeout: float) -> LimitStore:
    from iterable_api.rate_limits import sql_state_store  # noqa: PLC0415 (see above)

    return sql_state_store.sqlite(location, lock_timeout)


def _postgresql(url: str, lock_timeout: float) -> LimitStore:
    from iterable_api.rate_limits import sql_state_store  # noqa: PLC0415 (see above)

    return sql_state_store.postgresql(url, lock_timeout)


def _redis(url: str, _lock_timeout: float) -> LimitStore:
    import redis  # noqa: PLC0415 (see above)

    client = redis.Redis.from_url(url, socket_timeout=REDIS_TIMEOUT, socket_connect_timeout=REDIS_TIMEOUT)
    return RedisStore(client, redis.RedisError)


_KINDS: Final[Mapping[str, tuple[Callable[[str, float], LimitStore], str]]] = {
    "": (_sqlite, ""),
    "sqlite": (_sqlite, ""),
    "postgresql": (_postgresql, "postgres"),
    "postgres": (_postgresql, "postgres"),
    "redis": (_redis, "redis"),
    "rediss": (_redis, "redis"),
}
"""By the scheme of the URL: the function that opens the store, and the extra of this package with its driver."""


def open_store(location: str, lock_timeout: float = LOCK_TIMEOUT) -> LimitStore:
    """Open the store at a path or URL. Locks of other processes in a database are waited for `lock_timeout` seconds.

    Raises:
        ValueError: naming the setting, if there is no such kind of store, its driver is not installed, or it cannot
            be reached.
    """
    try:
        opened, extra = _KINDS[urlsplit(location).scheme]
    except (KeyError, ValueError):
        raise ValueError("`rate_limit_store` must be a file, or a URL of SQLite, PostgreSQL or Redis") from None
    if problem := file_problem("rate_limit_store", sqlite_file(location)):
        raise ValueError(problem)
    try:
        return opened(location, lock_timeout)
    except LimitStoreError:
        raise
    except ImportError:
        raise ValueError(f"`rate_limit_store` needs a driver: pip install 'singer-iterable[{extra}]'") from None
    except ValueError:
        raise ValueError("`rate_limit_store` is not a URL that its driver understands") from None
