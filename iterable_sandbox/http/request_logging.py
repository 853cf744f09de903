"""The application with every request noted in the log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from iterable_sandbox.http.edge import target
from iterable_sandbox.project.project import Project
from iterable_sandbox.project.request_log import Entry

_UNSEEN: Final = ("/_sandbox/", "/favicon.ico")
_LINES: Final = (b"application/x-json-stream", b"text/csv")


@dataclass
class _Traffic:
    """What went over the wire for one request."""

    keeps_body: bool
    received: int = 0
    sent: int = 0
    lines: int = 0
    status: int | None = None
    body: bytearray = field(default_factory=bytearray)
    _counts_lines: bool = False

    def hear(self, message: Message) -> None:
        part = message.get("body", b"")
        self.received += len(part)
        if self.keeps_body:
            self.body += part

    def say(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            kind = dict(message["headers"]).get(b"content-type", b"")
            self._counts_lines = kind.startswith(_LINES)
        part = message.get("body", b"")
        if self._counts_lines:
            self.lines += part.count(b"\n") + (self.sent == 0 and bool(part))
        self.sent += len(part)


class RequestLogging:
    """An ASGI application around another one. Control routes and the page are not noted."""

    def __init__(self, app: ASGIApp, project: Project) -> None:
        self._app = app
        self._project = project

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request and note it."""
        if scope["type"] != "http" or scope["path"] == "/" or scope["path"].startswith(_UNSEEN):
            await self._app(scope, receive, send)
            return
        traffic = _Traffic(self._project.settings.log_personal_data)

        async def hear() -> Message:
            message = await receive()
            traffic.hear(message)
            return message

        async def say(message: Message) -> None:
            traffic.say(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                # Before the last bytes leave: whoever has the whole answer finds the request in the log.
                note()
            await send(message)

        noted = False

        def note() -> None:
            nonlocal noted
            if not noted:
                noted = True
                self._project.log.add(_entry(scope, began, traffic))

        began = self._project.clock.moment().isoformat()
        try:
            await self._app(scope, hear, say)
        finally:
            note()


def _entry(scope: Scope, began: str, traffic: _Traffic) -> Entry:
    known: dict[str, Any] = scope["state"]
    personal: dict[str, str] = {}
    if traffic.keeps_body:
        uri = target(scope).partition(" ")[2]
        personal = {"uri": uri, "body": traffic.body.decode("utf-8", "replace")}
    return Entry(
        began,
        scope["method"],
        known.get("route", "").partition(" ")[2],
        traffic.status,
        traffic.received,
        traffic.sent,
        known.get("rows", 0) or traffic.lines,
        **personal,
    )
