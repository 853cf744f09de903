"""Control routes of webhooks: create, change, delete, and the log of attempts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from iterable_sandbox.project.project import Project
from iterable_sandbox.webhooks import registration
from iterable_sandbox.wire.bounds import MAX_COUNT
from iterable_sandbox.wire.responses import json_answer


def webhooks(project: Project, _request: Request, _body: bytes) -> Response:
    """GET /_sandbox/webhooks: all of them with ticked events and counts of calls, without secrets."""
    return json_answer({"webhooks": overview(project)})


def save_webhook(project: Project, _request: Request, body: bytes) -> Response:
    """POST /_sandbox/webhooks: create one, or change the one with the `id`; the answer has its id."""
    saved = registration.save(project.store, project.settings, body)
    return json_answer({"id": saved["id"], "webhooks": overview(project)})


def delete_webhook(project: Project, request: Request, body: bytes) -> Response:
    """DELETE /_sandbox/webhooks/{id}: its deliveries are dropped."""
    if request.path_params["id"] > MAX_COUNT:
        raise ValueError(f"id: no webhook has a number above {MAX_COUNT}")
    project.store.resources.delete("webhook", request.path_params["id"])
    return webhooks(project, request, body)


def attempts(project: Project, _request: Request, _body: bytes) -> Response:
    """GET /_sandbox/webhooks/attempts: the latest ones, oldest first."""
    return json_answer({"attempts": [asdict(attempt) for attempt in project.webhooks.attempts.latest()]})


def clear_attempts(project: Project, request: Request, body: bytes) -> Response:
    """DELETE /_sandbox/webhooks/attempts: an empty log."""
    project.webhooks.attempts.clear()
    return attempts(project, request, body)


def overview(project: Project) -> list[dict[str, Any]]:
    """Return all webhooks without secrets: headers by name only, endpoints without their query."""
    waiting = project.store.deliveries.by_webhook()
    return [
        {
            **registration.as_json(webhook),
            "endpoint": _without_query(webhook["endpoint"]),
            "headers": [header["key"] for header in webhook.get("headers", ())],
            "events": registration.ticked_events(webhook),
            "calls": project.webhooks.attempts.outcomes(webhook["id"]) | {"waiting": waiting.get(webhook["id"], 0)},
        }
        for webhook in project.store.resources.all("webhook")
    ]


def _without_query(endpoint: str) -> str:
    """Return the endpoint without user, password, query and fragment, which may hold secrets."""
    try:
        parts = urlsplit(endpoint)
    except ValueError:
        return ""
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
