"""One signal is enough: whatever a process is doing, it ends within five seconds of SIGINT or SIGTERM.

The handlers of a plugin say how it ends well, and run between two steps of the main thread. What they do not reach is
ended here, by a thread of its own which the signal wakes: first all that waits is broken off, then the process ends as
if it were killed. Nothing is lost then: state has not moved past what has no verdict.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from iterable_api.waiting.cancellation import PROCESS, Cancellation

GRACE_SECONDS: Final = 2.5
"""Seconds after a signal in which what is under way may still be finished."""
DEADLINE_SECONDS: Final = 4.5
"""Seconds after a signal in which the process must have ended."""
EXIT_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)

_LOG_SECONDS: Final = 0.2
"""Seconds for the last words: whoever should read them may stand still."""
_SIGNAL_EXIT_CODE: Final = 128
"""What shells add to the number of a signal that a process died of."""

_logger: Final = logging.getLogger(__name__)


@contextmanager
def bounded_shutdown(cancellation: Cancellation = PROCESS) -> Iterator[None]:
    """While this lasts, a signal of `EXIT_SIGNALS` ends the process in time; only the main thread can ask for that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    watch = _Watch(cancellation)
    before = signal.set_wakeup_fd(watch.waker.fileno(), warn_on_full_buffer=False)
    watch.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        watch.stop()


class _Watch(threading.Thread):
    """Waits for a signal: Python writes its number to `waker`, whatever the main thread is doing.

    Once there was one, it goes on until the process has ended: other threads may keep it from that.
    """

    def __init__(self, cancellation: Cancellation) -> None:
        super().__init__(name="shutdown", daemon=True)
        self._cancellation = cancellation
        self._woken, self.waker = socket.socketpair()
        self.waker.setblocking(False)  # noqa: FBT003 (a socket cannot be told by name)

    def run(self) -> None:
        """Wait, and end the process."""
        if hasattr(signal, "pthread_sigmask"):
            # The main thread must get them: they interrupt what it waits for.
            signal.pthread_sigmask(signal.SIG_BLOCK, EXIT_SIGNALS)
        with self._woken, self.waker:
            while number := self._woken.recv(1):
                if number[0] in EXIT_SIGNALS:
                    self._end(number[0])

    def stop(self) -> None:
        """Wait no longer, unless a signal has come."""
        self.waker.shutdown(socket.SHUT_WR)

    def _end(self, number: int) -> None:
        time.sleep(GRACE_SECONDS)
        self._cancellation.cancel()
        time.sleep(DEADLINE_SECONDS - GRACE_SECONDS)
        words = threading.Thread(target=_log_forced_exit, args=(number,), daemon=True)
        words.start()
        words.join(_LOG_SECONDS)
        os._exit(_SIGNAL_EXIT_CODE + number)


def _log_forced_exit(number: int) -> None:
    _logger.error(
        "%s: what was under way did not end in time, so the process ends as if it were killed. State has not moved "
        "past what has no verdict: the next run goes on there.",
        signal.Signals(number).name,
    )
