"""Pages out of templates. All values are escaped."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from iterable_runs.page.charts import bar
from iterable_runs.presentation import formats

_FUNCTIONS: Final = {
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
        self._environment = Environment(
            loader=PackageLoader("iterable_runs.page"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._environment.globals.update(_FUNCTIONS)

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
        # Half a surrogate pair can come from JSON, and UTF-8 cannot hold it.
        return HTMLResponse(text.encode("utf-8", "backslashreplace"), status)
