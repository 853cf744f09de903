"""The web application: routes, and the checks of a request before its handler."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from iterable_api.facts.endpoints import facts_of
from iterable_api.facts.limits import MAX_BODY_BYTES, MINUTE
from iterable_sandbox.control.routes import control_routes
from iterable_sandbox.faults.fault_middleware import Handler, with_faults
from iterable_sandbox.http.edge import Edge, path_parameter, request_line
from iterable_sandbox.http.request_logging import RequestLogging
from iterable_sandbox.page.routes import page_routes
from iterable_sandbox.project.project import Project
from iterable_sandbox.project.request_log import record_count
from iterable_sandbox.routes.exports.export_files import file_route
from iterable_sandbox.routes.table import ENDPOINTS, Call, Endpoint
from iterable_sandbox.rules import api_keys
from iterable_sandbox.rules.delayed_writes import QUEUES
from iterable_sandbox.wire import gc_pause, old_texts
from iterable_sandbox.wire.body_schema import Violation, violations
from iterable_sandbox.wire.empty_user_ids import drop_empty_user_ids
from iterable_sandbox.wire.json_text import from_json
from iterable_sandbox.wire.responses import (
    RefusedError,
    action_not_found,
    bad_json_body,
    bad_request_page,
    forbidden_to_key,
    internal_error,
    too_large,
    too_many_requests,
    unauthorised,
)
from iterable_sandbox.writes import sends

_KEY_HEADERS = ("api-key", "api_key")
_START_EXPORT = "/api/export/start"
_EXPORTS = "/api/export/data."
_METADATA = "/api/metadata/"
_EMPTY_TEXT = b'""'


def build_app(project: Project) -> RequestLogging:
    """Build the sandbox as an ASGI application.

    Handlers run one after another on the event loop: SQLite has one writer at a time anyway, and responses do not
    depend on the scheduling of threads.
    """
    app = Starlette(
        routes=[
            *control_routes(project),
            *page_routes(project),
            file_route(project),
            *(_route(project, row) for row in ENDPOINTS),
        ],
        exception_handlers={
            HTTPException: _not_found,
            RecursionError: _too_deep,
            ClientDisconnect: _gone,
            Exception: _failed,
        },
    )
    app.router.redirect_slashes = False
    return RequestLogging(Edge(app), project)


def _route(project: Project, endpoint: Endpoint) -> Route:
    serve = with_faults(project.faults, f"{endpoint.method} {endpoint.path}", _serve(project, endpoint))
    return Route(endpoint.path, serve, methods=[endpoint.method])


def _serve(project: Project, endpoint: Endpoint) -> Handler:
    async def serve(request: Request) -> Response:
        sends.apply_due(project)
        try:
            _admit(project, endpoint, request)
            body = await _body(request)
            with gc_pause.paused():
                call = _call(project, endpoint, request, body)
                return project.delayed_writes.accept(lambda: endpoint.handler(call), _delay(project, endpoint))
        except RefusedError as refusal:
            return refusal.response

    return serve


def _delay(project: Project, endpoint: Endpoint) -> float:
    """Seconds until a write takes effect."""
    queue = QUEUES.get((endpoint.method, endpoint.path))
    return 0 if queue is None else project.settings.apply_delays.get(queue, 0)


def _admit(project: Project, endpoint: Endpoint, request: Request) -> None:
    """Check the API key, then the rate limits. Iterable checks in this order too: route, key, limits, body.

    Raises:
        RefusedError: 401 or 429.
    """
    key = _check_key(project, endpoint, request)
    if project.settings.limits and not project.rate_limits.admit(
        endpoint.method, endpoint.path, key, _burst(project, endpoint)
    ):
        raise _too_many_requests(project, endpoint)


def _too_many_requests(project: Project, endpoint: Endpoint) -> RefusedError:
    number, limits = project.settings.project_id, facts_of(endpoint.method, endpoint.path).limits
    if project.settings.old_texts and endpoint.path.startswith(_EXPORTS):
        return old_texts.too_many_requests(endpoint.path, number, limits[0].count * MINUTE / limits[0].seconds)
    return too_many_requests(endpoint.path, number)


def _burst(project: Project, endpoint: Endpoint) -> int | None:
    return project.settings.export_start_burst if endpoint.path == _START_EXPORT else None


def _call(project: Project, endpoint: Endpoint, request: Request, body: bytes) -> Call:
    """Build the call of a handler from a request.

    Raises:
        RefusedError: the body breaks its schema.
    """
    value = _read(project, endpoint, request, body)
    request.state.rows = record_count(value)
    path = {name: path_parameter(value) for name, value in request.path_params.items()}
    origin = str(request.base_url).rstrip("/")
    return Call(project, path, request.query_params, value, request_line(request.scope), origin)


def _check_key(project: Project, endpoint: Endpoint, request: Request) -> str:
    """Check the API key of a request and return it.

    Raises:
        RefusedError: 401 if the key is missing, unknown or may not call this endpoint.
    """
    key = next((request.headers[name] for name in _KEY_HEADERS if name in request.headers), None)
    ip = request.client.host if request.client else ""
    if key is None:
        raise unauthorised("No API key found on request", ip, request.url.path)
    key_type = project.settings.key_type(key)
    if key_type is None:
        raise unauthorised("Invalid API key", ip, request.url.path)
    if not api_keys.may_call(key_type, endpoint.method, endpoint.path, typed=project.settings.keys_have_types):
        raise forbidden_to_key(ip, request.url.path, api_keys.identifier(key), key_type)
    return key


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise too_large()
    return bytes(body)


def _read(project: Project, endpoint: Endpoint, request: Request, body: bytes) -> object:
    """Decode a body and check it against the schema of its endpoint; None for an endpoint without a body.

    Raises:
        RefusedError: the body is missing, is not JSON or breaks the schema.
    """
    if endpoint.body is None:
        return None
    if not body:
        raise bad_request_page(request_line(request.scope), "Invalid Json: No content to map due to end-of-input")
    try:
        value = from_json(body)
    except ValueError:
        raise bad_request_page(request_line(request.scope), "Invalid Json") from None
    wrong = list(violations(endpoint.body, value))
    if wrong and project.settings.old_texts and endpoint.bad_body is bad_json_body:
        raise _old_bad_body(endpoint, request, body, wrong)
    if wrong:
        raise endpoint.bad_body(endpoint.path, {one.place: one.problem for one in wrong})
    if project.settings.empty_user_id == "absent" and _EMPTY_TEXT in body:
        drop_empty_user_ids(endpoint.body, value)
    return value


def _old_bad_body(endpoint: Endpoint, request: Request, body: bytes, wrong: list[Violation]) -> RefusedError:
    if endpoint.path.startswith(_METADATA):
        return old_texts.bad_metadata(body, wrong)
    return old_texts.bad_json_body(endpoint.path, body, request.headers.items(), wrong)


async def _not_found(request: Request, _: Exception) -> Response:
    """Answer an unknown route or method, between which Iterable makes no difference."""
    return action_not_found(request_line(request.scope))


async def _too_deep(request: Request, _: Exception) -> Response:
    """Answer a body that is nested deeper than Python's stack. Iterable's answer is not known."""
    return bad_request_page(request_line(request.scope), "Invalid Json: nested too deeply").response


class _NoResponse(Response):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send nothing."""


async def _gone(_request: Request, _: Exception) -> Response:
    """Leave a client that closed its connection before its body was complete: nothing is written, nobody listens."""
    return _NoResponse()


async def _failed(_request: Request, _error: Exception) -> Response:
    return internal_error()
