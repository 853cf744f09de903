"""The ASGI application of the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from iterable_api.serving.pages import static_routes
from iterable_runs.page.access import Access
from iterable_runs.page.metrics import Metrics
from iterable_runs.page.rendering import Renderer
from iterable_runs.page.views.finding import Finding
from iterable_runs.page.views.one_run import OneRun
from iterable_runs.page.views.requests import Requests
from iterable_runs.page.views.run_list import RunList
from iterable_runs.queries.errors import HistoryError, NoSuchRunError
from iterable_runs.queries.history import History


def build_app(history: History, password: str | None) -> Starlette:
    """The application over a history, which is only read. Without a password it is for this machine only."""
    renderer = Renderer()
    runs, run = RunList(history, renderer), OneRun(history, renderer)
    requests, finding = Requests(history, renderer), Finding(history, renderer)

    async def no_history(request: Request, error: Exception) -> Response:
        return _NO_HISTORY.answer(renderer, request, str(error))

    async def no_run(request: Request, error: Exception) -> Response:
        return _NO_RUN.answer(renderer, request, str(error))

    async def other(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return _Problem("There is no such page", status).answer(renderer, request, f"The server answers {status}.")

    async def health(_request: Request) -> Response:
        return PlainTextResponse("OK")

    return Starlette(
        routes=[
            Route("/", runs.page),
            Route("/runs/{id}", run.page),
            Route("/runs/{id}/rejects", run.rejects),
            Route("/runs/{id}/requests", requests.page),
            Route("/runs/{id}/requests/{number:int}", requests.one),
            Route("/compare", run.compare),
            Route("/find", finding.form, methods=["GET"]),
            Route("/find", finding.find, methods=["POST"]),
            Route("/metrics", Metrics(history).answer),
            Route("/health", health),
            *static_routes("/static"),
        ],
        middleware=[Middleware(Access, password=password)],
        exception_handlers={HistoryError: no_history, NoSuchRunError: no_run, HTTPException: other},
    )


@dataclass(frozen=True)
class _Problem:
    """A problem in words, and the status of the answer."""

    heading: str
    status: int
    advice: str = ""

    def answer(self, renderer: Renderer, request: Request, text: str) -> Response:
        if request.url.path == "/metrics":
            return PlainTextResponse(f"{self.heading}: {text}\n", self.status)
        return renderer.render(
            "problem.html", "", status=self.status, heading=self.heading, problem=text, advice=self.advice
        )


_NO_HISTORY: Final = _Problem(
    "The run history cannot be read", 503, "Nothing is lost by that. Ask for the page again when it is there."
)
_NO_RUN: Final = _Problem("There is no such run", 404)
