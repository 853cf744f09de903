"""Ending at once whatever a run is waiting for: a pause, an answer, a lock."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

from iterable_api.errors import RunEndedError

_T = TypeVar("_T")


class Cancellation:
    """Says to all threads that the run is to end now; once cancelled, it stays so.

    It must not be cancelled by the handler of a signal: that may interrupt the very thread which holds its lock.
    """

    def __init__(self) -> None:
        self._event = Event()
        self._lock = Lock()
        self._watched: WeakKeyDictionary[Any, Callable[[Any], None]] = WeakKeyDictionary()

    @property
    def is_cancelled(self) -> bool:
        """Whether the run is to end now."""
        return self._event.is_set()

    def check(self) -> None:
        """Return if the run may go on.

        Raises:
            RunEndedError: if it may not.
        """
        if self.is_cancelled:
            raise RunEndedError("The run was asked to end")

    def sleep(self, seconds: float) -> None:
        """Wait; see `check` for what ends it early."""
        self._event.wait(seconds)
        self.check()

    def watch(self, connection: _T, shut: Callable[[_T], None]) -> None:
        """Shut a connection when the run is to end, whoever waits for it."""
        with self._lock:
            self._watched[connection] = shut

    def cancel(self) -> None:
        """End the run: nobody sleeps any more, and no watched connection gives an answer."""
        self._event.set()
        with self._lock:
            watched = list(self._watched.items())
        for connection, shut in watched:
            # One that is closed is what it should be, whatever its library says to that.
            with suppress(Exception):
                shut(connection)


def shut_socket(connection: socket.socket) -> None:
    """Whoever reads from it comes to an end."""
    # Not its own `shutdown`: that of a TLS connection takes the keys away under the thread that reads.
    socket.socket.shutdown(connection, socket.SHUT_RDWR)


PROCESS: Final = Cancellation()
"""That of this process: `shutdown` cancels it some time after a signal."""
