"""Kinds of faults. A new kind is a class here and a name in `AnyFault`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from iterable_sandbox.faults import broken_responses
from iterable_sandbox.faults.broken_responses import BrokenResponse
from iterable_sandbox.wire.bounds import Count, Positive
from iterable_sandbox.wire.responses import envelope, internal_error, json_answer

_WITHOUT_BODY: Final = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
_PRINTABLE: Final = r"^[\x20-\x7e]*$"


def _json_value(value: Any) -> Any:
    """Return a value that JSON can hold.

    Raises:
        ValueError: it has a number that is not finite, which Python's JSON parsers let through.
    """
    json.dumps(value, allow_nan=False)
    return value


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Base of all faults: which requests get one, and how many.

    Attributes:
        route: method and path template of the contract, such as `POST /api/users/bulkUpdate`, or a glob.
        where: parameters of the path or the query that a request must have, such as `{"listId": "949801"}`.
        times: number of requests that get the fault; null is all of them.
        every: with 3, each third matching request gets the fault.
    """

    route: str = "*"
    where: Mapping[str, str] = field(default_factory=dict)
    times: Positive | None = 1
    every: Positive = 1

    def response(self) -> Response | None:
        """Response in place of serving the request; None if the request is to be served."""
        return None

    def altered(self, answer: Response) -> Response:
        """Response to send in place of the right one, `answer`."""
        return answer


@dataclass(frozen=True, kw_only=True)
class RateLimit(Fault):
    """429: in JSON, or as plain text; with or without `Retry-After` in seconds."""

    fault: Literal["rate_limit"] = "rate_limit"
    retry_after: Count | None = None
    plain: bool = False

    def response(self) -> Response:
        """Return a 429."""
        text = "Exceeded rate limit."
        answer = PlainTextResponse(text, 429) if self.plain else envelope(text, "RateLimitExceeded", {}, 429)
        if self.retry_after is not None:
            answer.headers["Retry-After"] = str(self.retry_after)
        return answer


@dataclass(frozen=True, kw_only=True)
class GenericError(Fault):
    """500 with code GenericError, as Iterable answers when it fails."""

    fault: Literal["generic_error"] = "generic_error"

    def response(self) -> Response:
        """Return a 500."""
        return internal_error()


@dataclass(frozen=True, kw_only=True)
class Gateway(Fault):
    """502, 503 or 504 as HTML, as from a gateway before Iterable."""

    fault: Literal["gateway"] = "gateway"
    status: Literal[502, 503, 504] = 502

    def response(self) -> Response:
        """Return the page of the gateway."""
        title = f"{self.status} {HTTPStatus(self.status).phrase}"
        return HTMLResponse(f"<html><head><title>{title}</title></head><body>{title}</body></html>", self.status)


@dataclass(frozen=True, kw_only=True)
class Answer(Fault):
    """Any response, such as a 413 or a 408: `body` is text, or a value to send as JSON."""

    fault: Literal["answer"] = "answer"
    status: Annotated[int, Field(ge=200, le=599)]
    body: Annotated[Any, AfterValidator(_json_value)] = ""
    content_type: Annotated[str, Field(pattern=_PRINTABLE)] = "text/plain"

    def __post_init__(self) -> None:
        if self.status in _WITHOUT_BODY and self.body != "":
            raise ValueError(f"body: an answer with the status {self.status} has none")

    def response(self) -> Response:
        """Return the given response."""
        if isinstance(self.body, str):
            return Response(self.body, self.status, media_type=self.content_type)
        return json_answer(self.body, self.status)


@dataclass(frozen=True, kw_only=True)
class ResetBefore(Fault):
    """A TCP reset before the request has any effect."""

    fault: Literal["reset_before"] = "reset_before"

    def response(self) -> Response:
        """Reset the connection."""
        return BrokenResponse(broken_responses.reset())


@dataclass(frozen=True, kw_only=True)
class ResetAfter(Fault):
    """A TCP reset after the request has taken effect."""

    fault: Literal["reset_after"] = "reset_after"

    def altered(self, answer: Response) -> Response:
        """Reset the connection instead of sending the response."""
        return BrokenResponse(broken_responses.reset(), background=answer.background)


@dataclass(frozen=True, kw_only=True)
class Cut(Fault):
    """The connection closes after `bytes` of the body, so that the HTTP message is incomplete."""

    fault: Literal["cut"] = "cut"
    bytes: Count

    def altered(self, answer: Response) -> Response:
        """Send the beginning of the response and close the connection."""
        return BrokenResponse(broken_responses.truncated(answer, self.bytes, cleanly=False))


@dataclass(frozen=True, kw_only=True)
class EndEarly(Fault):
    """The body ends after `bytes`, in a complete HTTP message."""

    fault: Literal["end_early"] = "end_early"
    bytes: Count

    def altered(self, answer: Response) -> Response:
        """Send the beginning of the response as if it were all."""
        return BrokenResponse(broken_responses.truncated(answer, self.bytes, cleanly=True))


@dataclass(frozen=True, kw_only=True)
class Slow(Fault):
    """The body comes in pieces of `bytes`, each after a pause in seconds."""

    fault: Literal["slow"] = "slow"
    bytes: Positive = 1000
    seconds: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] = 0.1

    def altered(self, answer: Response) -> Response:
        """Send the response slowly."""
        return BrokenResponse(broken_responses.slow(answer, self.bytes, self.seconds))


@dataclass(frozen=True, kw_only=True)
class MalformedLine(Fault):
    """One line of the body, counted from 1, lacks its second half."""

    fault: Literal["malformed_line"] = "malformed_line"
    line: Positive = 1

    def altered(self, answer: Response) -> Response:
        """Send the response without half of a line."""
        return BrokenResponse(broken_responses.with_malformed_line(answer, self.line))


AnyFault = Annotated[
    RateLimit | GenericError | Gateway | Answer | ResetBefore | ResetAfter | Cut | EndEarly | Slow | MalformedLine,
    Field(discriminator="fault"),
]
