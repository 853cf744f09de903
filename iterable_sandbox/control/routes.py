"""Routes to control and inspect a sandbox, which Iterable does not have: `/_sandbox` and the page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from iterable_sandbox.control import live, steering, views, webhooks
from iterable_sandbox.control.access import may_control
from iterable_sandbox.control.page import page
from iterable_sandbox.live.simulation import Simulation
from iterable_sandbox.project.project import Project
from iterable_sandbox.wire.responses import json_answer
from iterable_sandbox.writes import sends

Control = Callable[[Project, Request, bytes], Response]

_ROUTES: Final[tuple[tuple[str, str, Control], ...]] = (
    ("GET", "/_sandbox/state", views.state),
    ("GET", "/_sandbox/requests", views.requests),
    ("DELETE", "/_sandbox/requests", steering.clear_requests),
    ("GET", "/_sandbox/faults", views.faults),
    ("POST", "/_sandbox/faults", steering.add_fault),
    ("DELETE", "/_sandbox/faults", steering.clear_faults),
    ("GET", "/_sandbox/clock", views.clock),
    ("POST", "/_sandbox/clock", steering.set_clock),
    ("GET", "/_sandbox/settings", views.settings),
    ("POST", "/_sandbox/settings", steering.change_settings),
    ("GET", "/_sandbox/webhooks", webhooks.webhooks),
    ("POST", "/_sandbox/webhooks", webhooks.save_webhook),
    ("DELETE", "/_sandbox/webhooks/{id:int}", webhooks.delete_webhook),
    ("GET", "/_sandbox/webhooks/attempts", webhooks.attempts),
    ("DELETE", "/_sandbox/webhooks/attempts", webhooks.clear_attempts),
    ("GET", "/", page),
)


def control_routes(project: Project) -> list[Route]:
    """Build the control routes. Invalid requests get a 400, requests without access a 403."""
    rows = (*_ROUTES, ("POST", "/_sandbox/live", live.simulating(Simulation(project))))
    return [Route(path, _guarded(project, control), methods=[method]) for method, path, control in rows]


def _guarded(project: Project, control: Control) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        if not may_control(project, request):
            return json_answer({"error": "only for clients on this machine, or with the Api-Key"}, 403)
        sends.apply_due(project)
        try:
            return control(project, request, await request.body())
        except ValueError as problem:
            return json_answer({"error": str(problem)}, 400)

    return serve
