"""Pages out of templates."""

from __future__ import annotations

import json
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from iterable_api.serving.pages import environment, html
from iterable_sandbox.project.project import Project

PREFIX: Final = "/_page"
_REFRESH_SECONDS: Final = 5
_PLACES: Final = (
    ("overview", "/", "Project"),
    ("users", f"{PREFIX}/users", "Users"),
    ("events", f"{PREFIX}/events", "Events"),
    ("lists", f"{PREFIX}/lists", "Lists"),
    ("catalogs", f"{PREFIX}/catalogs", "Catalogs"),
    ("campaigns", f"{PREFIX}/campaigns", "Campaigns"),
    ("templates", f"{PREFIX}/templates", "Templates"),
    ("requests", f"{PREFIX}/requests", "Requests"),
    ("webhooks", f"{PREFIX}/webhooks", "Webhooks"),
    ("controls", f"{PREFIX}/controls", "Clock and faults"),
)


def _as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


_ENVIRONMENT: Final = environment(
    "iterable_sandbox.page",
    site="Iterable sandbox",
    static=f"{PREFIX}/static",
    prefix=PREFIX,
    pages=_PLACES,
    refresh_seconds=_REFRESH_SECONDS,
    as_json=_as_json,
    number="{:,}".format,
)


def render(
    project: Project, request: Request, template: str, place: str, *, status: int = 200, **values: Any
) -> Response:
    """A page.

    Args:
        project: tells the time.
        request: a page that was asked for by a GET can be refreshed, by itself if its query has `live`.
        template: name of the template.
        place: entry of the navigation that the page belongs to.
        status: status of the answer.
        values: what the template shows.
    """
    can_refresh = request.method == "GET"
    live = _REFRESH_SECONDS if can_refresh and "live" in request.query_params else 0
    query = request.url.remove_query_params("live")
    text = _ENVIRONMENT.get_template(template).render(
        place=place,
        live=live,
        can_refresh=can_refresh,
        here=request.url.path + (f"?{query.query}" if query.query else ""),
        is_live_link=request.url.include_query_params(live="").query,
        now=f"{project.clock.moment():%Y-%m-%d %H:%M:%S}",
        **values,
    )
    return html(text, status)


def not_found(project: Project, request: Request, what: str) -> Response:
    """A page that says that something is not there, or no longer."""
    return render(project, request, "not_found.html", "", status=404, what=what)
