"""Routes of the page. It needs no key on this machine, like the control API, and takes forms of itself only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from iterable_api.serving.pages import HEADERS, static_routes
from iterable_sandbox.control.routes import Control, guarded
from iterable_sandbox.page import controls, listings, one_user, overview
from iterable_sandbox.page.rendering import PREFIX
from iterable_sandbox.page.table import LONGEST_FORM
from iterable_sandbox.project.project import Project

_BOTH: Final = ("GET", "POST")
_ROUTES: Final[tuple[tuple[tuple[str, ...], str, Control], ...]] = (
    (("GET",), "/", overview.overview),
    (("GET",), f"{PREFIX}/webhooks", overview.webhooks),
    (_BOTH, f"{PREFIX}/users/{{row:int}}", one_user.user),
    (_BOTH, f"{PREFIX}/lists/{{id:int}}", listings.members),
    (_BOTH, f"{PREFIX}/catalogs/{{name}}", listings.items),
    *(
        (_BOTH, f"{PREFIX}/{listing.key}", partial(listings.show, listing=listing, make_table=make_table))
        for listing, make_table in listings.LISTINGS
    ),
    (("GET",), controls.PATH, controls.controls),
    (("POST",), f"{PREFIX}/clock", controls.change_clock),
    (("POST",), f"{PREFIX}/faults", controls.add_fault),
    (("POST",), f"{PREFIX}/faults/clear", controls.clear_faults),
)


def page_routes(project: Project) -> list[Route]:
    """Build the routes of the page."""
    pages = [Route(path, _protected(project, view), methods=list(methods)) for methods, path, view in _ROUTES]
    return [*pages, *static_routes(f"{PREFIX}/static")]


def _protected(project: Project, view: Control) -> Callable[[Request], Awaitable[Response]]:
    answer = guarded(project, view, LONGEST_FORM)

    async def serve(request: Request) -> Response:
        response = await answer(request)
        response.headers.update(HEADERS)
        return response

    return serve
