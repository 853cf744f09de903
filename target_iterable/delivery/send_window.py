"""Send window: the loads that are sent at the same time, as many as memory allows.

A load is what is buffered when it is worth sending: one full request, mostly. Loads are about different identities, so
that none can overtake another that matters to it; a load that is not, or of which that cannot be known, is sent alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Final, NamedTuple

from target_iterable.core.operation import Name
from target_iterable.delivery.errors import PostponedError

_MAX_LOADS: Final = 12
"""Each has a thread."""
_MAX_MEMORY: Final = 38_000_000
"""Bytes of memory of loads on their way; see `Buffer.memory`. What waits for the next load comes on top of it."""


class LoadFacts(NamedTuple):
    """What decides whether a load may be sent together with others.

    Attributes:
        stream: its stream, if it may be sent together with other loads of this stream.
        names: all names of its rows.
        memory: bytes of memory that it takes.
        requests: how many requests it is worth.
        max_requests: how many requests all loads on their way may be worth, if there are several: of what has been read
            and not sent, most is sent again when a run ends early, and a signal waits for it.
    """

    stream: str | None
    names: AbstractSet[Name]
    memory: int
    requests: int = 1
    max_requests: int = 1


class SendWindow:
    """Loads on their way, each in a thread of its own; one thread admits them."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_MAX_LOADS, "delivery")
        self._loads: deque[tuple[LoadFacts, Future[None]]] = deque()
        self._errors: list[BaseException] = []

    @property
    def has_failed(self) -> bool:
        """Whether a load has failed, so that no other one may be sent."""
        return bool(self._errors)

    @property
    def is_active(self) -> bool:
        """Whether loads are on their way, or were and nobody has waited for them."""
        return bool(self._loads)

    def admit(self, facts: LoadFacts) -> bool:
        """Wait until a load may be sent; return whether it need not wait for all loads before it.

        Raises:
            Exception: the first error of a load, when all loads have ended; a daily limit only if there is no other.
        """
        joins = all(self._may_join(facts, other) for other, future in self._loads if not future.done())
        while self._loads and (self._errors or self._loads[0][1].done() or not joins or self._is_full(facts)):
            self._wait_for_first()
        return joins

    def start(self, facts: LoadFacts, send: Callable[[], None], finish: Callable[[], None]) -> None:
        """Send an admitted load; call `finish` when it and all loads before it are delivered."""
        previous = self._loads[-1][1] if self._loads else None
        self._loads.append((facts, self._pool.submit(self._run, send, finish, previous)))

    def wait(self) -> None:
        """Wait for all loads.

        Raises:
            Exception: see `admit`.
        """
        while self._loads:
            self._wait_for_first()

    def close(self) -> None:
        """Wait for all loads, whatever becomes of them."""
        with suppress(Exception):
            self.wait()
        self._pool.shutdown()

    def _run(self, send: Callable[[], None], finish: Callable[[], None], previous: Future[None] | None) -> None:
        try:
            send()
            if previous is not None:
                wait([previous])
            if not self._errors:
                finish()
        except BaseException as error:
            self._errors.append(error)
            raise

    def _may_join(self, facts: LoadFacts, other: LoadFacts) -> bool:
        return facts.stream is not None and facts.stream == other.stream and facts.names.isdisjoint(other.names)

    def _is_full(self, facts: LoadFacts) -> bool:
        memory = facts.memory + sum(other.memory for other, _ in self._loads)
        requests = facts.requests + sum(other.requests for other, _ in self._loads)
        return memory > _MAX_MEMORY or requests > facts.max_requests or len(self._loads) >= _MAX_LOADS

    def _wait_for_first(self) -> None:
        _, first = self._loads.popleft()
        wait([first])
        if self._errors:
            wait([other for _, other in self._loads])
            self._loads.clear()
            raise min(self._errors, key=_fails_no_run)


def _fails_no_run(error: BaseException) -> bool:
    return isinstance(error, PostponedError)
