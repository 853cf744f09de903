"""Responses of the sandbox: Iterable's envelopes, plain text and HTML.

The texts are those of recordings of the real API unless a comment says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final

from starlette.responses import HTMLResponse, PlainTextResponse, Response

from iterable_api.facts.limits import MAX_URI_LENGTH
from iterable_sandbox.wire.json_text import to_json

_HTML_PAGE: Final = """<!DOCTYPE html>
<html lang="en"><head><title>{title}</title></head>
<body><h1>{title}</h1><p id="detail">{detail}</p></body></html>
"""


class RefusedError(Exception):
    """The request is refused with `response`."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def json_answer(value: Any, status: int = 200) -> Response:
    """JSON response without an envelope."""
    return Response(to_json(value), status, media_type="application/json")


def envelope(msg: str = "", code: str = "Success", params: Any = None, status: int = 200) -> Response:
    """Envelope 1, of most writes and most errors. `code` may be Success on an error; the status decides."""
    return json_answer({"msg": msg, "code": code, "params": params}, status)


def bad_params(msg: str) -> RefusedError:
    """400 BadParams."""
    return RefusedError(envelope(msg, "BadParams", status=400))


def not_found(msg: str) -> RefusedError:
    """404 in envelope 1, for a missing resource. Iterable's texts are not known."""
    return RefusedError(envelope(msg, "NotFound", status=404))


def play_error(status: int, error: str, message: str, code: str, args: list[str]) -> RefusedError:
    """Envelope 2, of errors about catalogs."""
    body = {"error": error, "message": message, "code": code, "data": {"args": args}}
    return RefusedError(json_answer(body, status))


def unauthorised(msg: str, ip: str, path: str) -> RefusedError:
    """401 for a missing or unknown API key."""
    return RefusedError(envelope(msg, "BadApiKey", {"ip": ip, "endpoint": path}, 401))


def forbidden_to_key(ip: str, path: str, identifier: str, key_type: str) -> RefusedError:
    """401, not 403, for a key that is disabled or may not call this endpoint."""
    params = {"ip": ip, "endpoint": path, "apiKeyIdentifier": identifier, "apiKeyType": key_type}
    return RefusedError(envelope("Disabled API key or insufficient privileges", "BadApiKey", params, 401))


def too_many_requests(path: str, project_id: int) -> RefusedError:
    """429 without Retry-After. The blank at the end of the text is Iterable's."""
    msg = f"Exceeded rate limit for endpoint: {path}, project: {project_id} "
    return RefusedError(envelope(msg, "RateLimitExceeded", {}, 429))


def invalid_email(email: str) -> RefusedError:
    """400 for a malformed e-mail address."""
    return RefusedError(envelope(f"Invalid email: {email}", "InvalidEmailAddressError", status=400))


def bad_json_body(path: str, violations: Mapping[str, str]) -> RefusedError:
    """400 for a body that breaks its schema. `violations`: path, such as `obj.users[1].email` -> problem."""
    return RefusedError(envelope(f"[{path}] Invalid JSON body", "BadJsonBody", dict(violations), 400))


def too_large() -> RefusedError:
    """413. Iterable's body of this answer is not known."""
    return RefusedError(PlainTextResponse("Request entity too large", 413))


def uri_too_long() -> Response:
    """414, which Iterable answers before any other check."""
    return PlainTextResponse(f"URI length exceeds the configured limit of {MAX_URI_LENGTH} characters", 414)


def action_not_found(request_line: str) -> Response:
    """404 for an unknown route or method."""
    return HTMLResponse(
        _HTML_PAGE.format(title="Action not found", detail=escape(f"For request '{request_line}'")), 404
    )


def bad_request_page(request_line: str, problem: str) -> RefusedError:
    """400 as HTML, for an invalid query parameter or a body that is not JSON."""
    detail = escape(f"For request '{request_line}' [{problem}]")
    return RefusedError(HTMLResponse(_HTML_PAGE.format(title="Bad Request", detail=detail), 400))


def internal_error() -> Response:
    """500 for an unexpected error."""
    return envelope("An error occurred. Please try again later.", "GenericError", status=500)
