"""Access to the control API."""

from __future__ import annotations

from starlette.requests import Request

from iterable_api.serving.listening import is_loopback
from iterable_sandbox.project.project import Project


def may_control(project: Project, request: Request) -> bool:
    """Whether a request may use the control API: it has the API key, or comes from this machine and no other page.

    Pages in a browser can send requests to this machine too. Such requests have the header `Origin` with another
    origin than that of the sandbox's own page, or a host name that resolves to the loopback address.
    """
    if request.headers.get("api-key") == project.settings.api_key:
        return True
    here = request.client is not None and is_loopback(request.client.host)
    own = f"{request.url.scheme}://{request.url.netloc}"
    return here and is_loopback(request.url.hostname or "") and request.headers.get("origin", own) == own
