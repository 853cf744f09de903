"""`GET /runs/ID/requests`: the requests of a run as in a debugger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from iterable_runs.page.rendering import Renderer
from iterable_runs.presentation import formats
from iterable_runs.queries.answers import Request
from iterable_runs.queries.history import History
from iterable_runs.queries.request_bodies import read_body

_ROWS: Final = 100


class Requests:
    """The pages of requests."""

    def __init__(self, history: History, renderer: Renderer) -> None:
        self._history = history
        self._renderer = renderer

    async def page(self, request: HttpRequest) -> Response:
        """GET /runs/ID/requests."""
        return await run_in_threadpool(self._page, request)

    async def one(self, request: HttpRequest) -> Response:
        """GET /runs/ID/requests/NUMBER: with its body, if the request log has it."""
        return await run_in_threadpool(self._one, request.path_params["id"], request.path_params["number"])

    def _page(self, request: HttpRequest) -> Response:
        run = self._history.run(request.path_params["id"])
        show = request.query_params.get("show", "")
        number = request.query_params.get("before", "")
        before = int(number) if number.isascii() and number.isdigit() and len(number) < 16 else None  # noqa: PLR2004
        found = self._history.requests(run.id, _ROWS + 1, before=before, only_failed=show == "failed")
        shown = found[:_ROWS]
        older = urlencode({"show": show, "before": shown[-1].number}) if len(found) > _ROWS else None
        return self._renderer.render(
            "requests.html",
            "runs",
            run=run,
            requests=shown,
            show=show,
            about="The latest first. A retry is a row of its own.",
            newer=f"?{urlencode({'show': show})}" if before is not None else None,
            older=None if older is None else f"?{older}",
        )

    def _one(self, run_id: str, number: int) -> Response:
        run = self._history.run(run_id)
        it = self._history.request(run.id, number)
        found = read_body(run.request_log, it)
        return self._renderer.render(
            "request.html", "runs", run=run, it=it, facts=list(_facts(it)), body=found.text, no_body=found.problem
        )


def _facts(it: Request) -> Iterator[tuple[str, str]]:
    yield "At", f"{it.at:%Y-%m-%d} {it.clock}"
    yield "Answer", it.answer
    yield "Milliseconds", formats.number(it.milliseconds)
    yield "Attempt", formats.number(it.attempt)
    yield "Stream", it.stream or formats.UNKNOWN
    for name in ("records", "written", "rejected", "unknown"):
        yield name.capitalize(), formats.number(getattr(it, name))
