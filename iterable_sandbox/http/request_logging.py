"""ASGI middleware that adds every request to the request log."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from iterable_sandbox.http.edge import request_line
from iterable_sandbox.project.project import Project
from iterable_sandbox.project.request_log import Entry

_NOT_LOGGED: Final = ("/_sandbox/", "/_page/", "/favicon.ico")
_EXPORT: Final = "/api/export/data."
_LINE_MEDIA_TYPES: Final = (b"application/x-json-stream", b"text/csv")


@dataclass
class _Exchange:
    """Counts of one request and its response.

    Attributes:
        keeps_body: whether the request body is kept.
        is_export: whether the response body has lines, whatever its media type.
        received: bytes of the request body.
        sent: bytes of the response body.
        lines: lines of the response body, for media types that have lines.
    """

    keeps_body: bool
    is_export: bool = False
    received: int = 0
    sent: int = 0
    lines: int = 0
    status: int | None = None
    body: bytearray = field(default_factory=bytearray)
    _counts_lines: bool = False
    _within_line: bool = False

    def on_receive(self, message: Message) -> None:
        part = message.get("body", b"")
        self.received += len(part)
        if self.keeps_body:
            self.body += part

    def on_send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            kind = dict(message["headers"]).get(b"content-type", b"")
            is_good = message["status"] == HTTPStatus.OK
            self._counts_lines = kind.startswith(_LINE_MEDIA_TYPES) or (self.is_export and is_good)
        part = message.get("body", b"")
        if self._counts_lines:
            # The last line may or may not have a newline.
            self.lines += part.count(b"\n") + self._is_within_line(part) - self._within_line
            self._within_line = self._is_within_line(part)
        self.sent += len(part)

    def _is_within_line(self, part: bytes) -> bool:
        """Whether a line has begun and not ended after `part`."""
        return not part.endswith(b"\n") if part else self._within_line


class RequestLogging:
    """ASGI application that wraps another one. Control routes and the page are not logged."""

    def __init__(self, app: ASGIApp, project: Project) -> None:
        self._app = app
        self._project = project

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request and log it."""
        if scope["type"] != "http" or scope["path"] == "/" or scope["path"].startswith(_NOT_LOGGED):
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(self._project.settings.log_personal_data, scope["path"].startswith(_EXPORT))

        async def logged_receive() -> Message:
            message = await receive()
            exchange.on_receive(message)
            return message

        async def logged_send(message: Message) -> None:
            exchange.on_send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                # Before the last bytes are sent: a client with a complete response finds its request in the log.
                log_once()
            await send(message)

        logged = False

        def log_once() -> None:
            nonlocal logged
            if not logged:
                logged = True
                self._project.log.add(_entry(scope, began, exchange))

        began = self._project.clock.moment().isoformat()
        try:
            await self._app(scope, logged_receive, logged_send)
        finally:
            log_once()


def _entry(scope: Scope, began: str, exchange: _Exchange) -> Entry:
    state: dict[str, Any] = scope["state"]
    personal: dict[str, str] = {}
    if exchange.keeps_body:
        uri = request_line(scope).partition(" ")[2]
        personal = {"uri": uri, "body": exchange.body.decode("utf-8", "replace")}
    return Entry(
        began,
        scope["method"],
        state.get("route", "").partition(" ")[2],
        exchange.status,
        exchange.received,
        exchange.sent,
        state.get("rows", 0) or exchange.lines,
        **personal,
    )
