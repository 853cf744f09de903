"""Routes to control and inspect a sandbox, which Iterable does not have: `/_sandbox`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from iterable_sandbox.control import filling, live, records, steering, views, webhooks
from iterable_sandbox.control.access import may_control
from iterable_sandbox.live.simulation import Simulation
from iterable_sandbox.project.project import Project
from iterable_sandbox.wire.responses import json_answer
from iterable_sandbox.writes import sends

_LONGEST_BODY: Final = 100_000_000

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
    ("POST", "/_sandbox/user", records.user),
    ("POST", "/_sandbox/events", records.events),
    ("POST", "/_sandbox/members", records.members),
    ("POST", "/_sandbox/load", filling.load),
    ("POST", "/_sandbox/seed", filling.seed),
)


def control_routes(project: Project) -> list[Route]:
    """Build the control routes. Invalid requests get a 400, requests without access a 403."""
    rows = (*_ROUTES, ("POST", "/_sandbox/live", live.simulating(Simulation(project))))
    return [Route(path, guarded(project, control), methods=[method]) for method, path, control in rows]


def guarded(
    project: Project, control: Control, longest: int = _LONGEST_BODY
) -> Callable[[Request], Awaitable[Response]]:
    """Let in who may control the sandbox, with bodies of at most `longest` bytes; a ValueError becomes a 400."""

    async def serve(request: Request) -> Response:
        if not may_control(project, request):
            return json_answer({"error": "only for clients on this machine, or with the Api-Key"}, 403)
        try:
            body = await _body(request, longest)
            sends.apply_due(project)
            return control(project, request, body)
        except ValueError as problem:
            return json_answer({"error": str(problem)}, 400)

    return serve


async def _body(request: Request, longest: int) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > longest:
            raise ValueError(f"body: larger than {longest:,} bytes")
    return bytes(body)
