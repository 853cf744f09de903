"""The state of limits that one process keeps for itself."""

from __future__ import annotations

import time
from functools import partial
from threading import Lock

from iterable_api.rate_limits.rules import Reservation, Rule
from iterable_api.rate_limits.state_store import Update, reserve_by_update


class MemoryStore:
    """Texts in memory, see `LimitStore`. Threads may share it."""

    def __init__(self) -> None:
        self._states: dict[str, str] = {}
        self._lock = Lock()

    def reserve(self, name: str, rule: Rule, seen: str, now: int | None = None) -> Reservation | None:
        """See `LimitStore`."""
        return reserve_by_update(partial(self.update, name), rule, seen, now)

    def update(self, name: str, update: Update) -> None:
        """See `LimitStore`."""
        with self._lock:
            changed = update(self._states.get(name, ""), int(time.monotonic() * 1000))
            if changed is not None:
                self._states[name] = changed

    def close(self) -> None:
        """Do nothing."""
