"""Bounded shutdown: a process ends within five seconds of one SIGINT or SIGTERM, in any state.

The handlers of a plugin end a run well, and run between two steps of the main thread. Where they do not get through,
a thread that the signal wakes ends the process: first it breaks all waits off, then the process ends as if it were
killed. Nothing is lost then: state has not moved past records without a verdict.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from iterable_api.waiting.cancellation import PROCESS, Cancellation

GRACE_SECONDS: Final = 2.5
"""From the signal until all waits are broken off: requests under way may be finished until then."""
DEADLINE_SECONDS: Final = 4.5
"""From the signal until the process is ended by force."""
EXIT_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)

SIGNAL_EXIT_CODE: Final = 128
"""Exit status of a process that died of a signal, minus the number of the signal, as shells have it."""

_LAST_SECONDS: Final = 0.2
"""Time for the last log message, and as much for what is called before the end: who reads the log may stand still."""

_logger: Final = logging.getLogger(__name__)


@contextmanager
def bounded_shutdown(
    cancellation: Cancellation = PROCESS, before_force: Callable[[int], None] | None = None
) -> Iterator[None]:
    """End the process in time after one of `EXIT_SIGNALS`, as long as the context lasts. Only for the main thread.

    Before the process is ended by force, `before_force` is called with the number of the signal. It has a moment only.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    watch = _Watch(cancellation, before_force)
    before = signal.set_wakeup_fd(watch.waker.fileno(), warn_on_full_buffer=False)
    watch.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        watch.stop()


class _Watch(threading.Thread):
    """Waits for a signal: Python writes its number to `waker`, also while the main thread is busy.

    After a signal it runs until the process has ended, since other threads may keep the process alive.
    """

    def __init__(self, cancellation: Cancellation, before_force: Callable[[int], None] | None) -> None:
        super().__init__(name="shutdown", daemon=True)
        self._before_force = before_force
        self._cancellation = cancellation
        self._woken, self.waker = socket.socketpair()
        self.waker.setblocking(False)  # noqa: FBT003 (a socket takes it by position only)

    def run(self) -> None:
        """Wait for a signal, and end the process."""
        if hasattr(signal, "pthread_sigmask"):
            # The main thread must get the signals: they interrupt its waits.
            signal.pthread_sigmask(signal.SIG_BLOCK, EXIT_SIGNALS)
        with self._woken, self.waker:
            while number := self._woken.recv(1):
                if number[0] in EXIT_SIGNALS:
                    self._end(number[0])

    def stop(self) -> None:
        """Stop waiting, unless a signal has come."""
        self.waker.shutdown(socket.SHUT_WR)

    def _end(self, number: int) -> None:
        time.sleep(GRACE_SECONDS)
        self._cancellation.cancel()
        time.sleep(DEADLINE_SECONDS - GRACE_SECONDS)
        calls = [call for call in (_log_forced_exit, self._before_force) if call is not None]
        threads = [threading.Thread(target=call, args=(number,), daemon=True) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(_LAST_SECONDS)
        os._exit(SIGNAL_EXIT_CODE + number)


def _log_forced_exit(number: int) -> None:
    _logger.error(
        "%s: what was under way did not end in time, so the process ends as if it were killed. State has not moved "
        "past what has no verdict: the next run goes on there.",
        signal.Signals(number).name,
    )
