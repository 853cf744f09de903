"""Responses that break on the way to the client: ASGI applications around the right response."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.background import BackgroundTask
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from iterable_sandbox.faults import connection


class BrokenResponse(Response):
    """Response that an ASGI application sends."""

    def __init__(self, app: ASGIApp, background: BackgroundTask | None = None) -> None:
        super().__init__(background=background)
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        await self._app(scope, receive, send)
        if self.background is not None:
            await self.background()


def reset() -> ASGIApp:
    """Application that sends a TCP reset and no response."""

    async def app(scope: Scope, receive: Receive, _: Send) -> None:
        await connection.reset(scope, receive)

    return app


def truncated(answer: Response, size: int, *, cleanly: bool) -> ASGIApp:
    """Application that sends the first `size` bytes of a body.

    Then it ends the body as if it were complete (`cleanly`), or closes the connection.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        room = size

        async def send_beginning(message: Message) -> None:
            nonlocal room
            if message["type"] == "http.response.start":
                await send(_without_length(message) if cleanly else message)
            elif part := message.get("body", b"")[:room]:
                room -= len(part)
                await send(_body_message(part))

        await answer(scope, receive, send_beginning)
        if cleanly:
            await send(_body_message(b"", more=False))
        else:
            await connection.close(scope, receive)

    return app


def slow(answer: Response, size: int, pause: float) -> ASGIApp:
    """Application that sends the body in pieces of `size` bytes, with a pause in seconds before each."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_in_pieces(message: Message) -> None:
            body = message.get("body", b"")
            for start in range(0, len(body), size):
                await asyncio.sleep(pause)
                await send(_body_message(body[start : start + size]))
            await send({**message, "body": b""} if body else message)

        await answer(scope, receive, send_in_pieces)

    return app


def with_malformed_line(answer: Response, number: int) -> ASGIApp:
    """Application that sends the body with one line, counted from 1, cut in the middle."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        ended = 0

        async def send_malformed(message: Message) -> None:
            nonlocal ended
            if message["type"] == "http.response.start":
                await send(_without_length(message))
                return
            lines = message.get("body", b"").split(b"\n")
            if 0 <= (row := number - 1 - ended) < len(lines):
                lines[row] = lines[row][: len(lines[row]) // 2]
            ended += len(lines) - 1
            await send({**message, "body": b"\n".join(lines)})

        await answer(scope, receive, send_malformed)

    return app


def _without_length(start: Message) -> Message:
    """Start of a response without Content-Length, as its body will have another length."""
    headers: Any = MutableHeaders(raw=list(start["headers"]))
    del headers["Content-Length"]
    return {**start, "headers": headers.raw}


def _body_message(part: bytes, *, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": part, "more_body": more}
