"""The TCP connection under a request. The only place that overrides private parts of uvicorn.

Uvicorn has no public setting for the size of a request's head and the time that it may take.
"""

from __future__ import annotations

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

IDLE_TIMEOUT: Final = 75
"""Seconds in which the head of the next request must be complete; more than the 60 of common load balancers."""
_FIRST_HEAD_TIMEOUT: Final = 15
"""Seconds for the first head: connections that send nothing must not take the place of others for long."""
_LONGEST_HEAD: Final = 64_000


class Connection(HttpToolsProtocol):
    """Uvicorn's connection; it is closed if the head of a request is too long, or does not come to its end.

    Uvicorn ends idle connections, but not those on which a byte of a head comes now and then.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Start with a new connection."""
        super().connection_made(transport)
        self._wait_for_head(_FIRST_HEAD_TIMEOUT)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection that is gone."""
        self._head_timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse received bytes."""
        if self._head_bytes is not None:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes is not None and self._head_bytes > _LONGEST_HEAD and not self.transport.is_closing():
            self.send_400_response("The head of the request is too long.")

    def on_headers_complete(self) -> None:
        """Begin the request."""
        self._head_timer.cancel()
        self._head_bytes: int | None = None
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        if self.cycle.response_complete and not self.transport.is_closing():
            self._head_timer.cancel()
            self._wait_for_head(IDLE_TIMEOUT)

    def _wait_for_head(self, seconds: float) -> None:
        self._head_bytes = 0
        self._head_timer = self.loop.call_later(seconds, self.transport.close)
