"""A request as handlers get it, and the row of an endpoint in the table."""

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
"""Largest number that Iterable reads and SQLite stores."""

Window = tuple[int | None, int | None]
"""Half-open range of time [start, end) in epoch seconds; None is unbounded."""


@dataclass(frozen=True)
class Call:
    """A request that has passed the checks of key, limits and body.

    Attributes:
        project: the project.
        path: parameters of the path.
        query: parameters of the query.
        body: decoded JSON body; None for endpoints without a body.
        request_line: method and URI, for Iterable's HTML pages.
        origin: scheme and host of the URL.
    """

    project: Project
    path: Mapping[str, str]
    query: QueryParams
    body: Any
    request_line: str
    origin: str

    def text(self, name: str) -> str | None:
        """First value of a query parameter, or None. A parameter may be given twice."""
        values = self.query.getlist(name)
        return values[0] if values else None

    def required_text(self, name: str) -> str:
        """First value of a required query parameter.

        Raises:
            RefusedError: the HTML page for a 400, as in all methods for parameters.
        """
        value = self.text(name)
        if value is None:
            raise bad_request_page(self.request_line, f"Missing parameter: {name}")
        return value

    def integer(self, name: str) -> int | None:
        """Query parameter as an integer, or None if it is absent."""
        value = self.text(name)
        return None if value is None else self.parse_integer(name, value)

    def date(self, name: str) -> datetime | None:
        """Query parameter as a date, or None if it is absent."""
        value = self.text(name)
        try:
            return None if value is None else dates.request_parameter(value)
        except ValueError as problem:
            raise bad_request_page(self.request_line, str(problem)) from None

    def window(self) -> Window:
        """Range of the query parameters `startDateTime` and `endDateTime`."""
        start, end = self.date("startDateTime"), self.date("endDateTime")
        return (
            None if start is None else int(start.timestamp()),
            None if end is None else int(end.timestamp()),
        )

    def boolean(self, name: str) -> bool:
        """Query parameter as a boolean; false if it is absent."""
        value = self.text(name) or "false"
        if value not in ("true", "false"):
            raise bad_request_page(
                self.request_line, f"Cannot parse parameter {name} as Boolean: should be true or false"
            )
        return value == "true"

    def parse_integer(self, name: str, value: str) -> int:
        """Parse a parameter of the path or the query as an integer."""
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
    """One endpoint.

    Attributes:
        method: HTTP method.
        path: path template of the contract.
        handler: function that answers.
        body: schema of the JSON body; None if the endpoint has no body.
        bad_body: makes the error for a body that breaks the schema, from path template and violations.
    """

    method: str
    path: str
    handler: Handler
    body: BodySchema | None = None
    bad_body: Callable[[str, Mapping[str, str]], RefusedError] = bad_json_body
