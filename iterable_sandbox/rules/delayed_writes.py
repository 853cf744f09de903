"""Writes that are accepted now and applied later, as all of Iterable's are."""

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
"""The queue of each endpoint that can be delayed. Order is kept in a queue, and not from one to another."""


@dataclass(frozen=True)
class _PendingWrite:
    due_ms: int
    accepted_ms: int
    write: Write


class DelayedWrites:
    """The writes that wait. They are in memory: what still waits when a sandbox ends is lost."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: list[_PendingWrite] = []

    def accept(self, write: Write, delay: float) -> Response:
        """The answer to a write that takes effect after `delay` seconds, or at once if that is 0.

        The answer is that of trying it out, which has no effect but one: types of new fields are fixed at once, as
        the real one checks them before it answers.

        Raises:
            RefusedError: if it is refused; it will then not be applied.
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
        """Apply what is due. Times are those of acceptance; what can no longer be applied is dropped."""
        now = self._clock.now()
        due = [one for one in self._waiting if one.due_ms <= now]
        self._waiting = [one for one in self._waiting if one.due_ms > now]
        for one in sorted(due, key=lambda one: one.due_ms):
            with self._clock.at(one.accepted_ms), suppress(RefusedError):
                one.write()
