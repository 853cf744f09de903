"""The kinds of fault. A new kind is one more class here, and one more name in `AnyFault`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeInt, PositiveInt
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from iterable_sandbox.faults import broken_responses
from iterable_sandbox.faults.broken_responses import BrokenResponse
from iterable_sandbox.wire.responses import envelope, internal_error, json_answer


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Where and how often a fault strikes.

    Attributes:
        route: method and path template of the contract, such as `POST /api/users/bulkUpdate`, or a glob of them.
        where: parameters of the path or the query that a request must carry, such as `{"listId": "949801"}`.
        times: how many requests it strikes; null is all of them.
        every: 3 strikes each third request that the fault is for.
    """

    route: str = "*"
    where: Mapping[str, str] = field(default_factory=dict)
    times: PositiveInt | None = 1
    every: PositiveInt = 1

    def response(self) -> Response | None:
        """What is answered before the request does anything; None if it is served first."""
        return None

    def altered(self, answer: Response) -> Response:
        """What becomes of the answer to a request that was served."""
        return answer


@dataclass(frozen=True, kw_only=True)
class RateLimit(Fault):
    """429: in JSON, or as plain text; with or without `Retry-After` in seconds."""

    fault: Literal["rate_limit"] = "rate_limit"
    retry_after: NonNegativeInt | None = None
    plain: bool = False

    def response(self) -> Response:
        """A 429."""
        text = "Exceeded rate limit."
        answer = PlainTextResponse(text, 429) if self.plain else envelope(text, "RateLimitExceeded", {}, 429)
        if self.retry_after is not None:
            answer.headers["Retry-After"] = str(self.retry_after)
        return answer


@dataclass(frozen=True, kw_only=True)
class GenericError(Fault):
    """500 with code GenericError, as Iterable answers when it has trouble."""

    fault: Literal["generic_error"] = "generic_error"

    def response(self) -> Response:
        """A 500."""
        return internal_error()


@dataclass(frozen=True, kw_only=True)
class Gateway(Fault):
    """502, 503 or 504 as HTML, from what stands before Iterable."""

    fault: Literal["gateway"] = "gateway"
    status: Literal[502, 503, 504] = 502

    def response(self) -> Response:
        """A page."""
        title = f"{self.status} {HTTPStatus(self.status).phrase}"
        return HTMLResponse(f"<html><head><title>{title}</title></head><body>{title}</body></html>", self.status)


@dataclass(frozen=True, kw_only=True)
class Answer(Fault):
    """Any answer: `body` is text, or a value that goes out as JSON. 413 and 408 are made with it."""

    fault: Literal["answer"] = "answer"
    status: Annotated[int, Field(ge=200, le=599)]
    body: Any = ""
    content_type: str = "text/plain"

    def response(self) -> Response:
        """The answer."""
        if isinstance(self.body, str):
            return Response(self.body, self.status, media_type=self.content_type)
        return json_answer(self.body, self.status)


@dataclass(frozen=True, kw_only=True)
class ResetBefore(Fault):
    """A TCP reset before the request does anything."""

    fault: Literal["reset_before"] = "reset_before"

    def response(self) -> Response:
        """No answer."""
        return BrokenResponse(broken_responses.reset())


@dataclass(frozen=True, kw_only=True)
class ResetAfter(Fault):
    """A TCP reset after the request was served: what it wrote stays written."""

    fault: Literal["reset_after"] = "reset_after"

    def altered(self, answer: Response) -> Response:
        """No answer, although there is one."""
        return BrokenResponse(broken_responses.reset(), background=answer.background)


@dataclass(frozen=True, kw_only=True)
class Cut(Fault):
    """The connection closes after so many bytes of the body, without the end that HTTP wants."""

    fault: Literal["cut"] = "cut"
    bytes: NonNegativeInt

    def altered(self, answer: Response) -> Response:
        """Its beginning."""
        return BrokenResponse(broken_responses.truncated(answer, self.bytes, cleanly=False))


@dataclass(frozen=True, kw_only=True)
class EndEarly(Fault):
    """The body ends after so many bytes as if that were all of it."""

    fault: Literal["end_early"] = "end_early"
    bytes: NonNegativeInt

    def altered(self, answer: Response) -> Response:
        """Its beginning."""
        return BrokenResponse(broken_responses.truncated(answer, self.bytes, cleanly=True))


@dataclass(frozen=True, kw_only=True)
class Slow(Fault):
    """The body comes in pieces of so many bytes, each after a pause in seconds."""

    fault: Literal["slow"] = "slow"
    bytes: PositiveInt = 1000
    seconds: Annotated[float, Field(ge=0, le=3600)] = 0.1

    def altered(self, answer: Response) -> Response:
        """All of it, slowly."""
        return BrokenResponse(broken_responses.slow(answer, self.bytes, self.seconds))


@dataclass(frozen=True, kw_only=True)
class MalformedLine(Fault):
    """One line of the body, counted from 1, loses its second half."""

    fault: Literal["malformed_line"] = "malformed_line"
    line: PositiveInt = 1

    def altered(self, answer: Response) -> Response:
        """All of it but half a line."""
        return BrokenResponse(broken_responses.with_malformed_line(answer, self.line))


AnyFault = Annotated[
    RateLimit | GenericError | Gateway | Answer | ResetBefore | ResetAfter | Cut | EndEarly | Slow | MalformedLine,
    Field(discriminator="fault"),
]
