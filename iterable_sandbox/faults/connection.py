"""Access to the TCP connection of a request, for faults below HTTP."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Final

from starlette.types import Receive, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

_TRANSPORT: Final = "transport"
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class Connection(H11Protocol):
    """Uvicorn's connection, which also gives its transport to the application in `scope["state"]`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Keep the transport of a new connection."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, _TRANSPORT: transport}


async def reset(scope: Scope, receive: Receive) -> None:
    """End the connection with a TCP reset. Data that is not sent yet is lost."""
    transport = _transport(scope)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()
    await _wait_for_disconnect(receive)


async def close(scope: Scope, receive: Receive) -> None:
    """Send the data written so far, and close the connection in the middle of a response."""
    _transport(scope).close()
    await _wait_for_disconnect(receive)


def _transport(scope: Scope) -> asyncio.Transport:
    transport: asyncio.Transport = scope["state"][_TRANSPORT]
    return transport


async def _wait_for_disconnect(receive: Receive) -> None:
    """Wait until uvicorn has noticed the end of the connection; otherwise it would send a response of its own."""
    while (await receive())["type"] != "http.disconnect":
        pass
