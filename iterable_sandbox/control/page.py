"""`GET /`: HTML page that shows the project. All values are escaped; there are no scripts."""

from __future__ import annotations

import json
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from iterable_sandbox.control import webhooks
from iterable_sandbox.control.views import counts
from iterable_sandbox.project.project import Project

_MAX_ROWS: Final = 50
_HEADERS: Final = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
_PAGE: Final = Environment(
    loader=PackageLoader("iterable_sandbox.control", "."), autoescape=True, undefined=StrictUndefined
).get_template("project.html")


def page(project: Project, _request: Request, _body: bytes) -> Response:
    """GET /: counts, and the latest rows of each kind."""
    return HTMLResponse(
        _PAGE.render(
            now=project.clock.moment().isoformat(),
            shown=_MAX_ROWS,
            counts=counts(project),
            users=_latest(project, "SELECT id, email, user_id, body FROM users"),
            events=_latest(project, "SELECT id, type, created_at, body FROM events"),
            catalogs=[
                (row, project.store.catalogs.items(row, limit=_MAX_ROWS)) for row in project.store.catalogs.all()
            ],
            requests=project.log.entries()[: -_MAX_ROWS - 1 : -1],
            webhooks=webhooks.overview(project),
            attempts=project.webhooks.attempts.latest()[: -_MAX_ROWS - 1 : -1],
            faults=[planned.as_json() for planned in project.faults.all()],
        ),
        headers=_HEADERS,
    )


def _latest(project: Project, sql: str) -> list[tuple[Any, ...]]:
    """Latest rows of a query, without their id, and with the JSON of the last column decoded."""
    rows = project.store.database.rows(f"{sql} ORDER BY id DESC LIMIT ?", (_MAX_ROWS,))
    return [(*row[1:-1], json.loads(row[-1])) for row in rows]
