"""Pages out of templates. All values are escaped."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from starlette.responses import Response

from iterable_api.serving.pages import environment, html
from iterable_runs.page.charts import bar
from iterable_runs.presentation import formats

_GLOBALS: Final = {
    "site": "Iterable runs",
    "static": "/static",
    "pages": (("runs", "/", "Runs"), ("compare", "/compare", "Compare"), ("find", "/find", "Find a user or item")),
    "ago": formats.ago,
    "bar_length": bar,
    "count_of": formats.count_of,
    "moment": formats.moment,
    "number": formats.number,
    "span": formats.span,
}


class Renderer:
    """Renders templates; functions that write numbers and times are at hand in all of them."""

    def __init__(self) -> None:
        self._environment = environment("iterable_runs.page", **_GLOBALS)

    def render(self, template: str, place: str, *, live: int = 0, status: int = 200, **values: Any) -> Response:
        """A page.

        Args:
            template: the name of the template.
            place: the entry of the navigation that the page belongs to.
            live: seconds after which the page brings itself up to date; 0 for never.
            status: the status of the answer.
            values: what the template shows.
        """
        now = values.pop("now", None) or datetime.now(UTC)
        text = self._environment.get_template(template).render(place=place, live=live, now=now, **values)
        return html(text, status)
