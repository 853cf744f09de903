"""Stopwatch: the time in which at least one of several things goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stopwatch:
    """Measures time during its contexts; where these overlap, once. Threads must take turns."""

    def __init__(self, add: Callable[[float], None]) -> None:
        """`add` is called with seconds."""
        self._add = add
        self._contexts = 0
        self._started = 0.0

    @property
    def contexts(self) -> int:
        """How many contexts have begun and not ended."""
        return self._contexts

    @contextmanager
    def running(self) -> Iterator[None]:
        """Measure the context."""
        if not self._contexts:
            self._started = time.monotonic()
        self._contexts += 1
        try:
            yield
        finally:
            self._contexts -= 1
            if not self._contexts:
                self._add(time.monotonic() - self._started)
