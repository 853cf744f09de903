"""Who may see the page, and what a browser may do with it.

Without a password only programs of this machine are answered, and only where they ask for this machine by name: a web
page from elsewhere can let a browser ask for a name that leads here. With a password everybody is who has it, by HTTP
basic authentication with any user name.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from iterable_api.serving.listening import is_loopback
from iterable_api.serving.pages import HEADERS

_UNASKED: Final = ("/health",)
"""What is answered without the password: it says nothing about runs."""


class Access:
    """Middleware that lets in who may see the page, and adds the headers that protect it."""

    def __init__(self, app: ASGIApp, password: str | None) -> None:
        self._app = app
        # Digests have one length, and say nothing about the password without this key.
        self._key = secrets.token_bytes(32)
        self._digest = None if password is None else self._hashed(password.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        refused = self._refusal(scope)
        await (refused or self._app)(scope, receive, protected)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if self._digest is not None:
            if scope["path"] in _UNASKED or self._has_password(headers.get("authorization", "")):
                return None
            asked = {"WWW-Authenticate": 'Basic realm="Runs", charset="UTF-8"'}
            return PlainTextResponse("The password is missing or wrong.", 401, asked)
        if is_loopback(_host(headers.get("host", ""))):
            return None
        return PlainTextResponse(
            "Without a password this page answers requests to 127.0.0.1 or localhost only. Behind a proxy, set one: "
            "ITERABLE_RUNS_PASSWORD.",
            403,
        )

    def _has_password(self, authorization: str) -> bool:
        scheme, _, token = authorization.partition(" ")
        try:
            decoded = base64.b64decode(token.strip(), validate=True) if scheme.lower() == "basic" else b""
        except (binascii.Error, ValueError):
            return False
        given = self._hashed(decoded.partition(b":")[2])
        return self._digest is not None and hmac.compare_digest(given, self._digest)

    def _hashed(self, password: bytes) -> bytes:
        return hashlib.blake2b(password, key=self._key, digest_size=32).digest()


def _host(header: str) -> str:
    """The host of a header `Host`, without the port."""
    return header.partition("]")[0] if header.startswith("[") else header.partition(":")[0]
