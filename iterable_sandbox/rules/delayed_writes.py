"""Writes that are accepted at once and applied later, as Iterable's are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal

from starlette.responses import Response

from iterable_sandbox.store.store import Store
from iterable_sandbox.wire.clock import Clock
from iterable_sandbox.wire.responses import RefusedError

Queue = Literal["single", "bulk", "list", "catalog", "forget"]
Write = Callable[[], Response]

_ITEMS: Final = "/api/catalogs/{catalogName}/items"

QUEUES: Final[Mapping[tuple[str, str], Queue]] = {
    ("POST", "/api/users/update"): "single",
    ("POST", "/api/users/updateEmail"): "single",
    ("POST", "/api/users/updateSubscriptions"): "single",
    ("POST", "/api/users/merge"): "single",
    ("DELETE", "/api/users/{email}"): "single",
    ("DELETE", "/api/users/byUserId/{userId}"): "single",
    ("POST", "/api/events/track"): "single",
    ("POST", "/api/commerce/trackPurchase"): "single",
    ("POST", "/api/commerce/updateCart"): "single",
    ("POST", "/api/users/bulkUpdate"): "bulk",
    ("POST", "/api/users/bulkUpdateSubscriptions"): "bulk",
    ("POST", "/api/events/trackBulk"): "bulk",
    ("POST", "/api/lists/subscribe"): "list",
    ("POST", "/api/lists/unsubscribe"): "list",
    ("POST", _ITEMS): "catalog",
    ("DELETE", _ITEMS): "catalog",
    ("PUT", f"{_ITEMS}/{{itemId}}"): "catalog",
    ("PATCH", f"{_ITEMS}/{{itemId}}"): "catalog",
    ("DELETE", f"{_ITEMS}/{{itemId}}"): "catalog",
    ("POST", "/api/users/forget"): "forget",
    ("POST", "/api/users/unforget"): "forget",
}
"""(Method, path template) of each endpoint that can be delayed -> its queue. Writes keep their order within a queue."""


@dataclass(frozen=True)
class _PendingWrite:
    due_ms: int
    accepted_ms: int
    write: Write


class DelayedWrites:
    """Accepted writes that are not applied yet. They are in memory only, so a sandbox that stops loses them."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: list[_PendingWrite] = []

    def accept(self, write: Write, delay: float) -> Response:
        """Apply a write after `delay` seconds, or at once if that is 0, and return its response.

        The response of a delayed write comes from a run that is rolled back. Only the types of new fields are kept
        from it, as Iterable checks types before it answers.

        Raises:
            RefusedError: the write is refused, and will not be applied.
        """
        if not delay:
            return write()
        with self._store.database.rolled_back():
            answer = write()
            types = self._store.fields.all()
        self._store.fields.add(types)
        now = self._clock.now()
        self._waiting.append(_PendingWrite(now + int(delay * 1000), now, write))
        return answer

    def apply_due(self) -> None:
        """Apply the writes that are due, at the time of their acceptance. A write that is refused by now is dropped."""
        now = self._clock.now()
        due = [one for one in self._waiting if one.due_ms <= now]
        self._waiting = [one for one in self._waiting if one.due_ms > now]
        for one in sorted(due, key=lambda one: one.due_ms):
            with self._clock.at(one.accepted_ms), suppress(RefusedError):
                one.write()
