"""Cancellation of all waits of a run: pauses, answers, locks."""

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
    """A flag for all threads that the run is to end now; once cancelled, it stays so.

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
        """Wait for so many seconds, unless the run is to end; then raise as `check` does."""
        self._event.wait(seconds)
        self.check()

    def watch(self, connection: _T, shut: Callable[[_T], None]) -> None:
        """Register a connection to be shut when the run is to end, so that waiting for it ends, too."""
        with self._lock:
            self._watched[connection] = shut

    def cancel(self) -> None:
        """End the run: end all sleeps, and shut all watched connections."""
        self._event.set()
        with self._lock:
            watched = list(self._watched.items())
        for connection, shut in watched:
            # A connection that is closed already may raise anything, and needs nothing more.
            with suppress(Exception):
                shut(connection)


def shut_socket(connection: socket.socket) -> None:
    """Shut a socket down, so that reading from it ends."""
    # Not its own `shutdown`: that of a TLS connection removes the keys under the thread that reads.
    socket.socket.shutdown(connection, socket.SHUT_RDWR)


PROCESS: Final = Cancellation()
"""The cancellation of this process; `shutdown` cancels it some time after a signal."""
