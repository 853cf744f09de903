"""Pages in a browser, as all servers of this project show them: templates, style sheet, script, and headers.

Only packages with a page may import this module: Jinja comes with their extras. `templates/frame.html` is the frame of
every page, and wants the globals `site` (its name), `static` (the path of the static files) and `pages` (the
navigation: key, path and name of each entry).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

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


def static_files() -> StaticFiles:
    """Style sheet, script and icon."""
    return StaticFiles(packages=[("iterable_api.serving", "static")])
