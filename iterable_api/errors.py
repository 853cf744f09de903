"""Exceptions for Iterable's errors.

The HTTP status decides which exception it is. The `code` in the body does not: it may say "Success"
on a 400 or a 401. The text of an exception never holds a key, a body, an address or an IP.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from iterable_api.redaction import redact


class IterableError(Exception):
    """Any failure between this program and Iterable."""


class DailyCapReachedError(IterableError):
    """An endpoint may not be called again today."""

    def __init__(self, method: str, path: str, count: int) -> None:
        super().__init__(f"{method} {path}: the daily cap of {count} requests is used up. Run again tomorrow.")


class UnaddressableError(IterableError):
    """A value that no URL can carry in its path: empty, `.`, `..` or not Unicode."""


class UntrustedServerError(IterableError):
    """The certificate of the server could not be verified; nothing was sent to it."""


class ConnectionFailedError(IterableError):
    """Iterable did not answer, however often it was asked."""


class NeverReachedError(ConnectionFailedError):
    """The host has never answered in this run, which points to a wrong setting rather than to a short outage."""


class RunEndedError(IterableError):
    """The run was asked to end, and the wait at hand was broken off."""


class UnknownOutcomeError(IterableError):
    """A request that must not be repeated got no clear answer: whether it took effect is unknown."""


class IncompleteBodyError(IterableError):
    """The answer broke off, or its end cannot be verified."""


class UnreadableAnswerError(IterableError):
    """A 2xx answer whose body does not have the form that the endpoint documents."""


@dataclass(frozen=True)
class FieldClash:
    """A field whose values do not have the type that the project keeps it in.

    Attributes:
        incoming_types: the types that the refused values could have had.
    """

    field: str
    expected_type: str
    category: str
    incoming_types: tuple[str, ...] = ()


class ApiError(IterableError):
    """Iterable answered with an error.

    Attributes:
        status: the HTTP status.
        code: Iterable's own code, or "" where the body has none. It may say "Success".
        message: Iterable's text, redacted.
        path: the endpoint's template, never the path that was called: that may hold an address.
    """

    advice: ClassVar[str] = ""

    def __init__(self, status: int, method: str, path: str, answer: Mapping[str, Any]) -> None:
        self.status = status
        self.method = method
        self.path = path
        self.code = redact(_text(answer.get("code")))
        self.message = redact(_text(answer.get("msg")) or _text(answer.get("message")))
        details = ": ".join(part for part in (self.code, self.message) if part)
        text = f"{method} {path} answered {status}" + (f" ({details})" if details else "")
        super().__init__(f"{text}. {self.advice}".rstrip() if self.advice else text)


class BadRequestError(ApiError):
    """400: something in the request is wrong."""


class FieldTypeError(BadRequestError):
    """400 `RequestFieldsTypesMismatched`: some rows hold values of another type than before.

    Attributes:
        clashes: every field that Iterable named.
    """

    def __init__(self, status: int, method: str, path: str, answer: Mapping[str, Any]) -> None:
        super().__init__(status, method, path, answer)
        errors = _object(_object(answer.get("params")).get("validationErrors"))
        self.clashes = tuple(
            FieldClash(
                field,
                redact(_text(_object(error).get("expectedType"))),
                redact(_text(_object(error).get("category"))),
                _texts(_object(error).get("incomingTypes")),
            )
            for field, error in errors.items()
        )


class BadJsonBodyError(BadRequestError):
    """400 `BadJsonBody`: the JSON has another shape than the endpoint wants.

    Attributes:
        violations: path in the body (`obj.users[1].preferUserId`) -> description of the error there.
    """

    def __init__(self, status: int, method: str, path: str, answer: Mapping[str, Any]) -> None:
        super().__init__(status, method, path, answer)
        wrongs = _object(answer.get("params"))
        self.violations = {redact(place): redact(_text(wrong)) for place, wrong in wrongs.items()}


class UnauthorizedError(ApiError):
    """401: the key is unknown here, disabled, or of a kind that may not call this endpoint."""

    advice = (
        "Check `api_key`, and `region`: a key belongs to one data centre. Read-only, mobile and JavaScript keys "
        "cannot export or write; a server-side key can, but it cannot register devices and browsers."
    )


class ForbiddenError(ApiError):
    """403: the feature is not enabled for the project or the key."""


class NotFoundError(ApiError):
    """404: no such thing, or no such endpoint."""


class ConflictError(ApiError):
    """409: the identity is taken or forgotten, or the thing is in use."""


class TooLargeError(ApiError):
    """413, or 400 `BatchTooLarge`: the body must be smaller."""


class UriTooLongError(ApiError):
    """414: more than 2,048 characters of path and query."""


class UnexpectedStatusError(ApiError):
    """A status that no part of Iterable's documentation explains."""


class RedirectError(UnexpectedStatusError):
    """3xx: Iterable's API does not redirect, so another server or a proxy has answered."""

    advice = "Redirects are not followed, so that the key goes nowhere else. Check `region`, `api_url` and the proxy."


class TransientApiError(ApiError):
    """An error that may go away by itself. Raised only after all tries are used up.

    Attributes:
        retry_after: the seconds that the answer asks to wait, or None.
    """

    def __init__(
        self, status: int, method: str, path: str, answer: Mapping[str, Any], retry_after: float | None = None
    ) -> None:
        super().__init__(status, method, path, answer)
        self.retry_after = retry_after


class RateLimitedError(TransientApiError):
    """429: too many requests, possibly from another program that shares the limit."""


class ServerError(TransientApiError):
    """408, 425, 499 or 5xx: trouble at Iterable or at a proxy before it."""


_REDIRECTS: Final = range(300, 400)
_BY_STATUS: Final[dict[int, type[ApiError]]] = {
    400: BadRequestError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    413: TooLargeError,
    414: UriTooLongError,
}
_BY_CODE: Final[dict[str, type[ApiError]]] = {
    "BatchTooLarge": TooLargeError,
    "BadJsonBody": BadJsonBodyError,
    "RequestFieldsTypesMismatched": FieldTypeError,
}
_TRANSIENT: Final[dict[int, type[TransientApiError]]] = {
    408: ServerError,  # a proxy before Iterable has not got the whole request in time
    425: ServerError,  # or does not pass it on so early in a connection
    429: RateLimitedError,
    499: ServerError,  # or has closed the connection to Iterable
}
_KIND_EXPECTED: Final = re.compile(r"(?:Array|Boolean|Number|Object|String) value expected")
"""What Iterable says of a value of another kind. It quotes nothing, though records may hold its words."""
_MAX_SENTENCE_BYTES: Final = 1_000
_MIN_SERVER_STATUS: Final = 500
"""The first status of servers. Higher ones that no standard has count, too: proxies invent 520 or 999."""


def api_error(
    status: int,
    method: str,
    path: str,
    body: bytes,
    retry_after: float | None = None,
    *,
    sent: Iterable[str] = (),
) -> ApiError:
    """The exception for an answer that is not 2xx.

    Args:
        status: the HTTP status.
        method: the method of the call.
        path: the template of the path.
        body: JSON, HTML, plain text or nothing.
        retry_after: the seconds that the answer asks to wait.
        sent: values of the request that the text of the answer may quote.
    """
    answer = _read(body, sent)
    # Block's Go client sees type clashes under 500 as well, so these codes outrank the status.
    by_code = _BY_CODE.get(_text(answer.get("code")))
    if by_code is not None and status in (400, 500):
        return by_code(status, method, path, answer)
    if (transient := _transient(status)) is not None:
        return transient(status, method, path, answer, retry_after)
    kind = _BY_STATUS.get(status, RedirectError if status in _REDIRECTS else UnexpectedStatusError)
    return kind(status, method, path, answer)


def _transient(status: int) -> type[TransientApiError] | None:
    return ServerError if status >= _MIN_SERVER_STATUS else _TRANSIENT.get(status)


def _read(body: bytes, sent: Iterable[str]) -> Mapping[str, Any]:
    """The body as an object, its texts redacted. A sentence in plain text counts as `msg`; HTML gives nothing."""
    sent = list(sent)
    try:
        answer = _object(json.loads(body))
    except (ValueError, RecursionError):
        answer = {"msg": _sentence(body)}
    texts = {name: redact(_text(answer[name]), sent) for name in ("msg", "message", "code") if name in answer}
    # Names of fields stay as they are: they have to be found in the rows.
    wrongs = {
        place: redact(wrong, sent) if isinstance(wrong, str) and not _KIND_EXPECTED.fullmatch(wrong) else wrong
        for place, wrong in _object(answer.get("params")).items()
    }
    return answer | texts | ({"params": wrongs} if wrongs else {})


def _sentence(body: bytes) -> str:
    """The body if it may be a sentence of Iterable's, as some errors are; empty for HTML, XML and what was to be JSON.

    Recordings have "No user with that id exists!", "Json error: {...}" and a sentence about the length of URLs.
    """
    try:
        text = body[:_MAX_SENTENCE_BYTES].decode("utf-8").strip()
    except UnicodeDecodeError:
        return ""
    return "" if len(body) > _MAX_SENTENCE_BYTES or not text[:1].isalpha() else text.partition("\n")[0]


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(redact(text) for text in map(_text, value) if text) if isinstance(value, list) else ()
