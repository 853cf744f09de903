"""SIGTERM to a process that runs a step: what was begun is ended and cleared away, and then the signal takes effect."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_EXIT_CODE: Final = 128 + signal.SIGTERM
"""Of a process that SIGTERM has ended, as shells have it."""


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Let SIGTERM leave the context as `SystemExit`, and then be handled as it would have been without it.

    Signals go to the main thread: in another one this does nothing, and neither if the signal is ignored.
    """
    before = signal.getsignal(signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread() or before in (None, signal.SIG_IGN):
        yield
        return
    come: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        if not come:  # a second one must not disturb the ending
            come.append(number)
            raise SystemExit(_EXIT_CODE)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        if come:
            os.kill(os.getpid(), signal.SIGTERM)
