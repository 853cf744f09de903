"""ASGI middleware around the application: length of the URI, decoding of paths, headers of all responses."""

from __future__ import annotations

from time import perf_counter
from typing import Final
from urllib.parse import unquote

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from iterable_api.facts.limits import MAX_URI_LENGTH
from iterable_sandbox.wire.responses import uri_too_long

_SERVER: Final = "iterable-ingress 73616e64"
_SLASH: Final = "%2F"


class Edge:
    """ASGI application that wraps another one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request whose URI is too long, or pass it on with its path decoded."""
        if scope["type"] != "http":
            return
        began = perf_counter()

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Vary"] = "Origin"
                headers["Server"] = _SERVER
                headers["Request-Time"] = str(int((perf_counter() - began) * 1000))
            await send(message)

        app = uri_too_long() if len(_uri(scope)) > MAX_URI_LENGTH else self._app
        await app({**scope, "path": _path(scope)}, receive, send_with_headers)


def request_line(scope: Scope) -> str:
    """Method and URI as sent."""
    return f"{scope['method']} {_uri(scope)}"


def path_parameter(value: str) -> str:
    """Path parameter with its encoded slashes decoded."""
    return value.replace(_SLASH, "/")


def _path(scope: Scope) -> str:
    """Decode each segment of the path by itself; an encoded slash stays encoded, so that it separates no segments.

    A plus sign is a blank in paths too, as at Iterable: an address must have it as `%2B`.
    """
    raw: bytes = scope["raw_path"]
    parts = raw.decode("ascii", "replace").replace("+", " ").split("/")
    return "/".join(unquote(part).replace("/", _SLASH) for part in parts)


def _uri(scope: Scope) -> str:
    query: bytes = scope["query_string"]
    path: bytes = scope["raw_path"]
    return (path + (b"?" + query if query else b"")).decode("ascii", "replace")
