"""Connections with a minimum speed: an answer that comes too slowly is broken off, a long one is not.

The time-out of a socket covers silence only: an answer that comes byte by byte never reaches it. A limit for the whole
answer would cut long ones: lists of a million members were seen to take 80 minutes. So the speed is measured.
"""

from __future__ import annotations

import io
import socket
import time
from functools import lru_cache
from http.client import HTTPResponse
from typing import IO, Any, Final, cast

import requests
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool

from iterable_api.waiting.cancellation import Cancellation, shut_socket

CONNECT_TIMEOUT: Final = 10
STALL_TIMEOUT: Final = 300
MIN_BYTES_PER_SECOND: Final = 500
"""The slowest lists bring several times as much, also when they are compressed."""


class _StalledError(TimeoutError):
    """Too little of an answer came in the time of the longest stall."""


class StallGuard(HTTPAdapter):
    """An adapter for sessions that makes their read time-out the longest stall.

    A head must come whole in that time, and of a body at least `MIN_BYTES_PER_SECOND` for each of its seconds. All
    connections end when the run does.
    """

    def __init__(self, cancellation: Cancellation, **options: Any) -> None:
        self._cancellation = cancellation
        super().__init__(**options)

    def get_connection_with_tls_context(self, *arguments: Any, **options: Any) -> HTTPConnectionPool:
        """The pool of the host or of the proxy, which makes guarded connections from now on."""
        pool = cast("HTTPConnectionPool", super().get_connection_with_tls_context(*arguments, **options))
        if not issubclass(pool.ConnectionCls, _GuardedConnection):
            pool.ConnectionCls = _guarded_class(pool.ConnectionCls, self._cancellation)
        return pool


def is_framed(response: requests.Response) -> bool:
    """Whether the head says where the body ends. Without that, a body that breaks off looks like a whole one."""
    return "Content-Length" in response.headers or "chunked" in response.headers.get("Transfer-Encoding", "").lower()


class _WatchedResponse(HTTPResponse):
    """Reads through a `_StallWatch`."""

    def __init__(self, connection: socket.socket, *arguments: Any, **options: Any) -> None:
        self._watch = _StallWatch(connection.makefile("rb", buffering=0), connection.gettimeout())
        # The file is all that the response uses of a socket.
        super().__init__(cast("socket.socket", _SocketFile(self._watch)), *arguments, **options)

    def begin(self) -> None:
        """Read the head."""
        super().begin()
        self._watch.head_is_read()


class _SocketFile:
    """The part of a socket that a response uses."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw

    def makefile(self, _mode: str) -> IO[bytes]:
        return io.BufferedReader(self._raw)


class _StallWatch(io.RawIOBase):
    """The bytes of one answer as they come. Only the time that reading has to wait counts."""

    def __init__(self, raw: io.RawIOBase, max_seconds: float | None) -> None:
        self._raw = raw
        self._max_seconds = max_seconds
        self._min_bytes: float = float("inf")
        self._is_head = True
        self._bytes = 0
        self._waited = 0.0

    def head_is_read(self) -> None:
        """Begin to measure the body."""
        if self._max_seconds is not None:
            self._min_bytes = MIN_BYTES_PER_SECOND * self._max_seconds
        self._is_head = False
        self._reset()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        began = time.monotonic()
        count = self._raw.readinto(buffer)
        self._waited += time.monotonic() - began
        if not count and self._is_head and self._bytes:
            # The standard library takes the end of the connection for the end of the head, and the head for whole.
            raise ConnectionAbortedError
        self._bytes += count or 0
        if self._bytes >= self._min_bytes:
            self._reset()
        elif self._max_seconds is not None and self._waited > self._max_seconds:
            raise _StalledError
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()

    def _reset(self) -> None:
        self._bytes, self._waited = 0, 0.0


class _GuardedConnection:
    """A mixin for urllib3's classes of connections."""

    response_class = _WatchedResponse
    cancellation: Cancellation
    sock: socket.socket

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        # In a tunnel through a proxy with TLS, this is an object around the socket.
        self.cancellation.watch(getattr(self.sock, "socket", self.sock), shut_socket)
        self.cancellation.check()


@lru_cache
def _guarded_class(kind: type, cancellation: Cancellation) -> type:
    return type(kind.__name__, (_GuardedConnection, kind), {"cancellation": cancellation})
