"""Access to the control API."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_address

from starlette.requests import Request

from iterable_sandbox.project.project import Project


def may_control(project: Project, request: Request) -> bool:
    """Whether a request may use the control API: it has the API key, or comes from this machine and from no web page.

    Pages in a browser can send requests to this machine too. Such requests have the header `Origin`, or a host name
    that resolves to the loopback address.
    """
    if request.headers.get("api-key") == project.settings.api_key:
        return True
    here = request.client is not None and _is_loopback(request.client.host)
    return here and _is_loopback(request.url.hostname or "") and "origin" not in request.headers


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"
