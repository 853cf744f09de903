"""`/find`: what became of a user or an item. What is asked for travels in a body, never in a URL."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from iterable_runs.page.rendering import Renderer
from iterable_runs.queries.history import History

_LONGEST_BODY: Final = 8_000


class Finding:
    """The form, and its answer."""

    def __init__(self, history: History, renderer: Renderer) -> None:
        self._history = history
        self._renderer = renderer

    async def form(self, _request: Request) -> Response:
        """GET /find."""
        return self._rendered("")

    async def find(self, request: Request) -> Response:
        """POST /find."""
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > _LONGEST_BODY:
                return self._rendered("", "That is too long to be an address or an id.", 413)
        identity = parse_qs(body.decode("utf-8", "replace")).get("identity", [""])[0].strip()
        if not identity:
            return self._rendered("", "Give an address or an id.", 400)
        return await run_in_threadpool(self._find, identity)

    def _find(self, identity: str) -> Response:
        return self._renderer.render(
            "find.html", "find", asked=identity, problem="", found=self._history.find(identity)
        )

    def _rendered(self, asked: str, problem: str = "", status: int = 200) -> Response:
        return self._renderer.render("find.html", "find", status=status, asked=asked, problem=problem, found=[])
