"""Who may steer a sandbox."""

from __future__ import annotations

from starlette.requests import Request

from iterable_sandbox.project.project import Project
from iterable_sandbox.wire.loopback import is_loopback


def may_control(project: Project, request: Request) -> bool:
    """Who holds the key; and without one, whoever is on this machine and no web page of somebody else's.

    A page that a browser shows can send requests to this machine: they bear `Origin`, or were sent to a name that
    only pretends to be here.
    """
    if request.headers.get("api-key") == project.settings.api_key:
        return True
    here = request.client is not None and is_loopback(request.client.host)
    return here and is_loopback(request.url.hostname or "") and "origin" not in request.headers
