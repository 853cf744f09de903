"""One time limit for many futures."""

from __future__ import annotations

import asyncio
from collections import deque


class Deadlines:
    """Fails futures with `TimeoutError` if they are not done in time.

    All have the same time limit, so they are due in the order in which they were added, and one timer is enough.
    `asyncio.timeout` would set one for each.

    Args:
        seconds: time limit of each future.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._futures: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, future: asyncio.Future[None]) -> None:
        """Start the time limit of `future`."""
        due = future.get_loop().time() + self._seconds
        self._futures.append((due, future))
        if self._timer is None:
            self._timer = future.get_loop().call_at(due, self._expire)

    def forget_done(self) -> None:
        """Drop the oldest futures that are done, up to the first one that is not."""
        while self._futures and self._futures[0][1].done():
            self._futures.popleft()

    def _expire(self) -> None:
        self.forget_done()
        self._timer = None
        while self._futures:
            due, future = self._futures[0]
            if due > (loop := future.get_loop()).time():
                self._timer = loop.call_at(due, self._expire)
                return
            self._futures.popleft()
            if not future.done():
                future.set_exception(TimeoutError())
