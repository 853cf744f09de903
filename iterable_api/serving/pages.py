"""Pages in a browser, as all servers of this project show them: templates, style sheet, script, and headers.

Only packages with a page may import this module: Jinja comes with their extras. `templates/frame.html` is the frame of
every page, and wants the globals `site` (its name), `static` (the path of the static files) and `pages` (the
navigation: key, path and name of each entry).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from importlib import resources
from typing import Any, Final

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""Of every answer. Pages can hold personal data, so nothing of them is kept anywhere, and no other site learns of them.
With less of a referrer, browsers do not say that a form comes from the page itself."""

_FILES: Final = {"page.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}


def environment(package: str, **values: Any) -> Environment:
    """Templates of a package, and the frame around them. All values are escaped.

    Args:
        package: the package that has a folder `templates`.
        values: what every template can use.
    """
    templates = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("iterable_api.serving")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    templates.globals.update(values)
    return templates


def html(text: str, status: int = 200) -> Response:
    """A page. Half a surrogate pair can come from JSON, and UTF-8 cannot hold it."""
    return HTMLResponse(text.encode("utf-8", "backslashreplace"), status)


def static_routes(path: str) -> list[Route]:
    """Routes of style sheet, script and icon below a path. They are small, and are kept in memory."""
    folder = resources.files("iterable_api.serving") / "static"
    return [Route(f"{path}/{name}", _file((folder / name).read_bytes(), kind)) for name, kind in _FILES.items()]


def _file(body: bytes, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_request: Request) -> Response:
        return Response(body, media_type=media_type)

    return answer
