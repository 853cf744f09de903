"""Stores for the state of limits that processes share: a SQLite file, PostgreSQL or Redis.

All processes that use a store share one budget, or one for each name of a project, see `DocumentedLimits`. Time is the
store's: the clocks of workers may differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol
from urllib.parse import urlsplit

from iterable_api.errors import IterableError
from iterable_api.rate_limits.rules import Reservation, Rule
from iterable_api.storage.paths import file_problem, sqlite_file
from iterable_api.waiting.retry_policy import LOCK_TIMEOUT

REDIS_TIMEOUT: Final = 10
"""Seconds that Redis may be silent, unless its URL has a `socket_timeout`. Redis has no locks."""

Update = Callable[[str, int], str | None]
"""Maps the text of a state, "" at first, and the time in milliseconds to the new text, or None if nothing changes."""


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

    def reserve(self, name: str, rule: Rule, seen: str, now: int | None = None) -> Reservation | None:
        """Reserve the next free slot of a limit, without another process in between; see `Rule.reserve`.

        Raises:
            LimitStoreError: if the store cannot be reached.
        """

    def update(self, name: str, update: Update) -> None:
        """Read a text, and store the one that `update` makes of it, without an update by another process in between.

        Raises:
            LimitStoreError: if the store cannot be reached.
        """

    def close(self) -> None:
        """Close the connections."""


def reserve_by_update(
    update: Callable[[Update], None], rule: Rule, seen: str, now: int | None = None
) -> Reservation | None:
    """Reserve the next free slot of a limit by an update of its state, which may be tried several times.

    Args:
        update: updates the state, see `LimitStore.update`.
        rule: the rule of the limit.
        seen: see `Rule.reserve`.
        now: the present moment in milliseconds; by default that of the store.
    """
    reserved: list[Reservation | None] = []

    def reserve(content: str, moment: int) -> str | None:
        reserved.append(found := rule.reserve(content, seen, moment if now is None else now))
        return found.state if found is not None else None

    update(reserve)
    return reserved[-1]


# Importing a driver takes time, and most runs have no store.


def _sqlite(location: str, lock_timeout: float) -> LimitStore:
    from iterable_api.rate_limits import sql_state_store  # noqa: PLC0415 (see above)

    return sql_state_store.sqlite(location, lock_timeout)


def _postgresql(url: str, lock_timeout: float) -> LimitStore:
    from iterable_api.rate_limits import sql_state_store  # noqa: PLC0415 (see above)

    return sql_state_store.postgresql(url, lock_timeout)


def _redis(url: str, patience: float) -> LimitStore:
    from iterable_api.rate_limits import redis_store  # noqa: PLC0415 (see above)

    return redis_store.RedisStore(url, REDIS_TIMEOUT, patience)


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
