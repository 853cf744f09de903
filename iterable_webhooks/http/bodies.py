"""Reading the body of a request: so many bytes and no more, in so much time and no more."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from starlette.types import Receive, Scope

from iterable_webhooks.ingest.pending_bytes import PendingBytes

_MOST_DISCARDED: Final = 4_000_000
_DISCARD_TIMEOUT: Final = 5


class BodyTooLargeError(Exception):
    """A body has more bytes than are taken."""


class BodyTooSlowError(Exception):
    """A body did not come in time."""


class SenderGoneError(Exception):
    """The sender closed the connection before the end of the body."""


class BodyReader:
    """Reads bodies, and counts what is in memory of them.

    Args:
        limit: the bytes that a body may have.
        timeout: the seconds that it may take.
        pending: counts the bytes of all bodies.
    """

    def __init__(self, limit: int, timeout: float, pending: PendingBytes) -> None:
        self._limit = limit
        self._timeout = timeout
        self._pending = pending

    async def read(self, scope: Scope, receive: Receive) -> bytes:
        """The whole body. Its bytes are counted as pending, and the caller has to take them off.

        Raises:
            BodyTooLargeError: if it is larger than allowed.
            BodyTooSlowError: if it takes too long.
            SenderGoneError: if it does not come to its end.
            OverloadedError: if too much is in memory.
        """
        if _announced(scope) > self._limit:
            raise BodyTooLargeError
        parts: list[bytes] = []
        try:
            async with asyncio.timeout(self._timeout):
                await self._collect(receive, parts)
        except TimeoutError:
            self._forget(parts)
            raise BodyTooSlowError from None
        except BaseException:
            self._forget(parts)
            raise
        return b"".join(parts)

    async def _collect(self, receive: Receive, parts: list[bytes]) -> None:
        left = self._limit
        more = True
        while more:
            part, more = await _next_part(receive)
            left -= len(part)
            if left < 0:
                raise BodyTooLargeError
            self._pending.add(len(part))
            parts.append(part)

    def _forget(self, parts: list[bytes]) -> None:
        self._pending.remove(sum(map(len, parts)))


async def discard(receive: Receive) -> None:
    """Read what is left of a body that is refused, within bounds: who is still sending may not see the answer."""
    left = _MOST_DISCARDED
    more = True
    with suppress(TimeoutError, SenderGoneError):
        async with asyncio.timeout(_DISCARD_TIMEOUT):
            while more and left > 0:
                part, more = await _next_part(receive)
                left -= len(part)


async def _next_part(receive: Receive) -> tuple[bytes, bool]:
    """The next part of a body, and whether there are more."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise SenderGoneError
    return message.get("body", b""), message.get("more_body", False)


def _announced(scope: Scope) -> int:
    """The length that the head promises; 0 if it promises none."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value)
    return 0
