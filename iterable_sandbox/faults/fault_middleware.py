"""A route with what may go wrong around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from iterable_sandbox.faults.fault_plan import FaultPlan

Handler = Callable[[Request], Awaitable[Response]]


def with_faults(faults: FaultPlan, route: str, serve: Handler) -> Handler:
    """`serve`, unless a fault is due for `route` (method and path template): it strikes before even the key is read."""

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
    """Read all of a request, so that the client notices nothing before it waits for the answer."""
    async for _ in request.stream():
        pass


def _parameters(request: Request) -> dict[str, list[str]]:
    """The parameters of query and path, as text."""
    query = {name: request.query_params.getlist(name) for name in request.query_params}
    return query | {name: [str(value)] for name, value in request.path_params.items()}
