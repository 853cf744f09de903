"""Snippets: named pieces of template content."""

from __future__ import annotations

import re
from typing import Any, Final

from starlette.responses import Response

from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.wire import dates
from iterable_sandbox.wire.body_schema import STRING, array_of, object_of
from iterable_sandbox.wire.responses import bad_params, json_answer, not_found

_NAME: Final = re.compile(r"[A-Za-z0-9_ -]{1,100}")
_VARIABLE: Final = re.compile(r"\w+", re.ASCII)
_FORBIDDEN: Final = re.compile(
    r"""<script\b(?![^>]*json)|\son\w+\s*=|(?:href|src)\s*=\s*["']?\s*javascript:""", re.IGNORECASE
)
"""Scripts in any form, but not JSON in a script element."""
_PROJECT_CREATOR: Final = "owner@example.com"
_GIVEN: Final = ("content", "description", "variables")


def list_snippets(call: Call) -> Response:
    """GET /api/snippets: all snippets."""
    return json_answer({"snippets": call.project.store.resources.all("snippet")})


def get_snippet(call: Call) -> Response:
    """GET /api/snippets/{identifier}: by id if the identifier is a number, else by name."""
    return json_answer({"snippet": _existing(call)})


def create_snippet(call: Call) -> Response:
    """POST /api/snippets. Iterable's error for a taken name is not known."""
    if _by_name(call, call.body["name"]) is not None:
        raise bad_params(f"A snippet with this name exists: {call.body['name']}")
    return _create(call, call.body["name"])


def put_snippet(call: Call) -> Response:
    """PUT /api/snippets/{identifier}: creates a snippet for an unknown name; an unknown id is a 404."""
    name = call.path["identifier"]
    found = _find(call)
    if found is None and not name.isdecimal():
        return _create(call, name)
    snippet = _existing(call) | _checked_content(call)
    call.project.store.resources.add("snippet", [(snippet["id"], snippet)])
    return json_answer({"snippetId": snippet["id"]})


def delete_snippet(call: Call) -> Response:
    """DELETE /api/snippets/{identifier}."""
    number = _existing(call)["id"]
    call.project.store.resources.delete("snippet", number)
    return json_answer({"snippetId": number})


def _create(call: Call, name: str) -> Response:
    if not _NAME.fullmatch(name):
        raise bad_params(f"Invalid snippet name: {name}")
    written = _checked_content(call)
    number = call.project.store.resources.new_id("snippet")
    head = {"id": number, "projectId": call.project.settings.project_id, "name": name, "variables": []}
    created = {"createdAt": written["updatedAt"], "createdBy": written["updatedBy"]}
    call.project.store.resources.add("snippet", [(number, head | created | written)])
    return json_answer({"snippetId": number}, 201)


def _checked_content(call: Call) -> dict[str, Any]:
    """Fields of a snippet in a request, after their check."""
    body = call.body
    if _FORBIDDEN.search(body["content"]) or body["content"].count("{{") != body["content"].count("}}"):
        raise bad_params("Invalid snippet content")
    if not all(_VARIABLE.fullmatch(name) for name in body.get("variables") or ()):
        raise bad_params("Invalid variable name")
    now = dates.utc_form(call.project.clock.moment())
    given = {name: body[name] for name in _GIVEN if body.get(name) is not None}
    return given | {"updatedAt": now, "updatedBy": body.get("createdByUserId") or _PROJECT_CREATOR}


def _existing(call: Call) -> dict[str, Any]:
    snippet = _find(call)
    if snippet is None:
        raise not_found(f"Snippet not found: {call.path['identifier']}")
    return snippet


def _find(call: Call) -> dict[str, Any] | None:
    identifier = call.path["identifier"]
    if identifier.isdecimal():
        return call.project.store.resources.get("snippet", call.parse_integer("identifier", identifier))
    return _by_name(call, identifier)


def _by_name(call: Call, name: str) -> dict[str, Any] | None:
    return next((row for row in call.project.store.resources.all("snippet") if row["name"] == name), None)


_UPDATE: Final = object_of(
    required=("content",), content=STRING, description=STRING, variables=array_of(STRING), createdByUserId=STRING
)
_CREATE: Final = object_of(
    required=("content", "name"),
    name=STRING,
    content=STRING,
    description=STRING,
    variables=array_of(STRING),
    createdByUserId=STRING,
)

ENDPOINTS: Final = (
    Endpoint("GET", "/api/snippets", list_snippets),
    Endpoint("POST", "/api/snippets", create_snippet, _CREATE),
    Endpoint("GET", "/api/snippets/{identifier}", get_snippet),
    Endpoint("PUT", "/api/snippets/{identifier}", put_snippet, _UPDATE),
    Endpoint("DELETE", "/api/snippets/{identifier}", delete_snippet),
)
