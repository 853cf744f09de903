"""Injection of faults around the handler of a route."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from iterable_sandbox.faults.fault_plan import FaultPlan

Handler = Callable[[Request], Awaitable[Response]]


def with_faults(faults: FaultPlan, route: str, serve: Handler) -> Handler:
    """Wrap a handler so that each request of `route` (method and path template) may get a fault.

    The fault comes before the check of the API key, as in a gateway before Iterable.
    """

    async def served(request: Request) -> Response:
        request.state.route = route
        fault = faults.fault_for(route, _parameters(request))
        if fault is None:
            return await serve(request)
        answer = fault.response()
        if answer is None:
            return fault.altered(await serve(request))
        await _read_body(request)
        return answer

    return served


async def _read_body(request: Request) -> None:
    """Read the whole body, so that the client can send it and then waits for the response."""
    async for _ in request.stream():
        pass


def _parameters(request: Request) -> dict[str, list[str]]:
    """Parameters of the query and the path, as text."""
    query = {name: request.query_params.getlist(name) for name in request.query_params}
    return query | {name: [str(value)] for name, value in request.path_params.items()}
