"""Control routes that only read."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from iterable_sandbox.project.project import Project
from iterable_sandbox.rules import runtime_settings
from iterable_sandbox.wire.responses import json_answer


def state(project: Project, _request: Request, _body: bytes) -> Response:
    """GET /_sandbox/state: numbers of users, events, list members and so on."""
    return json_answer(counts(project))


def counts(project: Project) -> dict[str, Any]:
    """Numbers of users, events, list members, catalog items, forgotten users, and requests over a rate limit."""
    store = project.store
    return {
        "projectType": project.settings.project_type,
        "users": store.users.count(),
        "events": store.events.types(),
        "lists": [{"id": row.id, "name": row.name, "size": store.lists.size(row.id)} for row in store.lists.all()],
        "catalogs": [{"name": row.name, "items": store.catalogs.count(row)} for row in store.catalogs.all()],
        "forgotten": sum(len(store.forgotten.hashes(kind)) for kind in ("email", "userId")),
        "rateLimited": project.log.count(429),
    }


def requests(project: Project, request: Request, _body: bytes) -> Response:
    """GET /_sandbox/requests: the latest requests, oldest first; `route` filters by a glob of method and path."""
    entries = project.log.entries(request.query_params.get("route", "*"))
    hidden = () if project.settings.log_personal_data else ("uri", "body")
    return json_answer({"requests": [_without(asdict(entry), hidden) for entry in entries]})


def faults(project: Project, _request: Request, _body: bytes) -> Response:
    """GET /_sandbox/faults: all faults, including the exhausted ones."""
    return json_answer({"faults": [planned.as_json() for planned in project.faults.all()]})


def clock(project: Project, _request: Request, _body: bytes) -> Response:
    """GET /_sandbox/clock: the time of the sandbox."""
    return json_answer({"now": project.clock.moment().isoformat()})


def settings(project: Project, _request: Request, _body: bytes) -> Response:
    """GET /_sandbox/settings: the settings that can be changed."""
    return json_answer(runtime_settings.as_json(project.settings))


def _without(shown: dict[str, Any], hidden: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in shown.items() if name not in hidden}
