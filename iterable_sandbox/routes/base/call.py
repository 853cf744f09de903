"""One request as a route sees it, and the route itself: an endpoint of the contract with its handler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from starlette.datastructures import QueryParams
from starlette.responses import Response

from iterable_sandbox.project.project import Project
from iterable_sandbox.wire import dates
from iterable_sandbox.wire.body_schema import BodySchema
from iterable_sandbox.wire.responses import RefusedError, bad_json_body, bad_request_page

MAX_LONG: Final = 2**63 - 1
"""The largest number that Iterable reads, and that SQLite keeps."""

Window = tuple[int | None, int | None]
"""From when until before when, in epoch seconds; either may be open."""


@dataclass(frozen=True)
class Call:
    """A request that passed the key check and the limits, and whose body has the shape that the route wants.

    `target` is method and URI, for Iterable's HTML pages. `origin` is what stands before the path.
    """

    project: Project
    path: Mapping[str, str]
    query: QueryParams
    body: Any
    request_line: str
    origin: str

    def text(self, name: str) -> str | None:
        """The first value of a query parameter; a parameter may come twice."""
        values = self.query.getlist(name)
        return values[0] if values else None

    def required_text(self, name: str) -> str:
        """A query parameter that must be there; if not, the HTML page."""
        value = self.text(name)
        if value is None:
            raise bad_request_page(self.request_line, f"Missing parameter: {name}")
        return value

    def integer(self, name: str) -> int | None:
        """A query parameter as a number; if it is none, the HTML page."""
        value = self.text(name)
        return None if value is None else self.parse_integer(name, value)

    def date(self, name: str) -> datetime | None:
        """A query parameter as a date; if it is none, the HTML page."""
        value = self.text(name)
        try:
            return None if value is None else dates.request_parameter(value)
        except ValueError as problem:
            raise bad_request_page(self.request_line, str(problem)) from None

    def window(self) -> Window:
        """`startDateTime` and `endDateTime` in epoch seconds; if one is no date, the HTML page."""
        start, end = self.date("startDateTime"), self.date("endDateTime")
        return (
            None if start is None else int(start.timestamp()),
            None if end is None else int(end.timestamp()),
        )

    def boolean(self, name: str) -> bool:
        """A query parameter as a boolean, false if absent; if it is neither, the HTML page."""
        value = self.text(name) or "false"
        if value not in ("true", "false"):
            raise bad_request_page(
                self.request_line, f"Cannot parse parameter {name} as Boolean: should be true or false"
            )
        return value == "true"

    def parse_integer(self, name: str, value: str) -> int:
        """A parameter of the path or the query as a number; if it is none, the HTML page."""
        try:
            number = int(value) if value.isascii() else None
        except ValueError:
            number = None
        if number is None or abs(number) > MAX_LONG:
            raise bad_request_page(
                self.request_line, f'Cannot parse parameter {name} as Long: For input string: "{value}"'
            )
        return number


Handler = Callable[[Call], Response]


@dataclass(frozen=True)
class Endpoint:
    """One row of a route table: the contract's method and path template, who answers, and the body it wants.

    `bad_body` refuses a body of another shape, from the path and what is wrong at which place.
    """

    method: str
    path: str
    handler: Handler
    body: BodySchema | None = None
    bad_body: Callable[[str, Mapping[str, str]], RefusedError] = bad_json_body
