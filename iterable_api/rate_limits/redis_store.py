"""The state of shared limits in Redis."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import redis

from iterable_api.rate_limits.rules import Reservation, Rule
from iterable_api.rate_limits.state_store import LimitStoreError, Update, reserve_by_update
from iterable_api.storage.reconnecting import patiently

_PREFIX: Final = "iterable_rate_limits"
_AWAY: Final = (redis.ConnectionError, redis.TimeoutError)


class RedisStore:
    """Texts in Redis, see `LimitStore`. An update is repeated if another process was quicker.

    Args:
        url: the address.
        timeout: seconds that Redis may be silent, unless the URL says it.
        patience: seconds for which it is waited for when it is restarted; it must have answered before.
    """

    def __init__(self, url: str, timeout: float, patience: float) -> None:
        self._client = redis.Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout)
        self._patience = patience
        self._has_answered = False

    def reserve(self, name: str, rule: Rule, seen: str, now: int | None = None) -> Reservation | None:
        """See `LimitStore`."""
        return reserve_by_update(partial(self.update, name), rule, seen, now)

    def update(self, name: str, update: Update) -> None:
        """See `LimitStore`."""
        key = f"{_PREFIX}:{name}"

        def transaction(pipe: Any) -> None:
            content = (pipe.get(key) or b"").decode()
            seconds, microseconds = pipe.time()
            changed = update(content, seconds * 1000 + microseconds // 1000)
            pipe.multi()
            if changed is not None:
                pipe.set(key, changed)

        try:
            patiently(lambda: self._client.transaction(transaction, key), self._is_away, self._patience)
        except redis.RedisError as error:
            raise LimitStoreError(error) from None
        self._has_answered = True

    def close(self) -> None:
        """See `LimitStore`."""
        self._client.close()

    def _is_away(self, error: Exception) -> bool:
        return self._has_answered and isinstance(error, _AWAY)
