"""The TCP connection under a request, with bounds on the head of a request that uvicorn does not have."""

from __future__ import annotations

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

IDLE_TIMEOUT: Final = 75
"""Seconds in which the head of the next request must be whole; more than the 60 of common load balancers."""
_LONGEST_HEAD: Final = 64_000


class Connection(HttpToolsProtocol):
    """Uvicorn's connection; it is closed if the head of a request is too long, or does not come to its end.

    Uvicorn ends idle connections, but not those on which a byte of a head comes now and then.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take over a new connection."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection that is gone."""
        self._head_timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what has come."""
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
            self._wait_for_head()

    def _wait_for_head(self) -> None:
        self._head_bytes = 0
        self._head_timer = self.loop.call_later(IDLE_TIMEOUT, self.transport.close)
