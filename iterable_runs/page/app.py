"""The ASGI application of the page."""

from __future__ import annotations

from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from iterable_runs.page.access import Access
from iterable_runs.page.metrics import Metrics
from iterable_runs.page.rendering import Renderer
from iterable_runs.page.settings import PageSettings
from iterable_runs.page.views.finding import Finding
from iterable_runs.page.views.one_run import OneRun
from iterable_runs.page.views.requests import Requests
from iterable_runs.page.views.run_list import RunList
from iterable_runs.queries.errors import HistoryError, NoSuchRunError
from iterable_runs.queries.history import History

_ADVICE: Final = "The page tries again whenever you ask for it."


def build_app(settings: PageSettings) -> Starlette:
    """The application over the history that the settings name. It is opened for each request, and only read."""
    history = History(settings.store)
    renderer = Renderer()
    runs, run = RunList(history, renderer), OneRun(history, renderer)
    requests, finding = Requests(history, renderer), Finding(history, renderer)

    async def no_history(request: Request, error: Exception) -> Response:
        return _problem(renderer, request, "The run history cannot be read", str(error), _ADVICE, 503)

    async def no_run(request: Request, error: Exception) -> Response:
        return _problem(renderer, request, "There is no such run", str(error), "", 404)

    async def other(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return _problem(renderer, request, "There is no such page", f"The server answers {status}.", "", status)

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
            Mount("/static", StaticFiles(packages=[("iterable_runs.page", "static")])),
        ],
        middleware=[Middleware(Access, password=settings.password)],
        exception_handlers={HistoryError: no_history, NoSuchRunError: no_run, HTTPException: other},
    )


def _problem(
    renderer: Renderer, request: Request, heading: str, problem: str, advice: str, status: int
) -> Response:
    if request.url.path == "/metrics":
        return PlainTextResponse(f"{heading}: {problem}\n", status)
    return renderer.render(
        "problem.html", "", status=status, heading=heading, problem=problem, advice=advice
    )
