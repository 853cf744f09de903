"""Ending at once whatever a run is waiting for: a pause, an answer, a lock."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Event, Lock
from typing import Final
from weakref import WeakSet

from iterable_api.errors import RunEndedError


class Cancellation:
    """Says to all threads that the run is to end now; once cancelled, it stays so.

    It must not be cancelled by the handler of a signal: that may interrupt the very thread which holds its lock.
    """

    def __init__(self) -> None:
        self._event = Event()
        self._lock = Lock()
        self._sockets: WeakSet[socket.socket] = WeakSet()

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

    def watch(self, connection: socket.socket) -> None:
        """Shut a connection down when the run is to end, whoever waits for it; see `check`."""
        with self._lock:
            self._sockets.add(connection)
        self.check()

    def cancel(self) -> None:
        """End the run: nobody sleeps any more, and no watched connection gives an answer."""
        self._event.set()
        with self._lock:
            connections = list(self._sockets)
        for connection in connections:
            with suppress(OSError):
                # That of a TLS connection would take the keys away under the thread that reads.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)


PROCESS: Final = Cancellation()
"""That of this process: `shutdown` cancels it some time after a signal."""
