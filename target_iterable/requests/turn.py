"""Turns: several threads share what is not made for threads; one works at a time, and lets others while it waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock


class Turn:
    """A lock that its holder gives away while it waits for responses."""

    def __init__(self) -> None:
        self._lock = Lock()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait until no other thread works; then it is the caller's turn, until the context ends."""
        with self._lock:
            yield

    @contextmanager
    def passed_on(self) -> Iterator[None]:
        """Let other threads work during the context, in which the caller only waits. It must be the caller's turn."""
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()
