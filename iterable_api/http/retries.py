"""Retries of requests: which failures are tried again, and when; and the error for a request without an answer."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import requests
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    wait_random,
)
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProxyError, ReadTimeoutError

from iterable_api.errors import (
    ConnectionFailedError,
    IterableError,
    NeverReachedError,
    TransientApiError,
    UnknownOutcomeError,
    UntrustedServerError,
)
from iterable_api.waiting.retry_policy import UNREACHED_HOST, RetryPolicy

MAX_RETRY_AFTER: Final = 300
"""Seconds. A `Retry-After` that asks for a longer wait is cut to this."""

NO_ANSWER: Final = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
"""Exceptions of requests for an answer that did not come, or not whole."""
_NEVER_SENT: Final = (NewConnectionError, ConnectTimeoutError)
_UNREACHABLE: Final = (*_NEVER_SENT, ProxyError, ssl.SSLError)
"""Causes behind a wrong host, port or proxy. TLS and a proxy may also break later, when something was sent."""

_logger = logging.getLogger(__name__)


def retrying(policy: RetryPolicy, sleep: Callable[[float], None]) -> Retrying:
    """A caller that repeats a function until it works, fails for good, or has used up the attempts of `policy`.

    A host that was never reached has the attempts of `UNREACHED_HOST` at most. Each wait is the policy's and a random
    part of its first wait. Where the answer had a `Retry-After`, that is the wait instead.
    """
    jitter = wait_random(0, policy.first_wait)
    unreached = policy.at_most(UNREACHED_HOST.attempts)

    def wait(state: RetryCallState) -> float:
        error = _error_of(state)
        requested = error.retry_after if isinstance(error, TransientApiError) else None
        if requested is None:
            return policy.wait(state.attempt_number) + jitter(state)
        return min(max(requested, policy.first_wait), MAX_RETRY_AFTER)

    def log(state: RetryCallState) -> None:
        seconds = state.next_action.sleep if state.next_action else 0
        _logger.warning(
            "%s. Try %d of %d in %.1f s.", _error_of(state), state.attempt_number + 1, attempts(state), seconds
        )

    def attempts(state: RetryCallState) -> int:
        return (unreached if isinstance(_error_of(state), NeverReachedError) else policy).attempts

    return Retrying(
        retry=retry_if_exception_type((ConnectionFailedError, TransientApiError)),
        stop=lambda state: state.attempt_number >= attempts(state),
        wait=wait,
        before_sleep=log,
        sleep=sleep,
        reraise=True,
    )


@dataclass(frozen=True)
class _Failure:
    """A request that ended with an exception instead of an answer.

    Attributes:
        call: method and path template.
        host: the host that was called.
        error: the exception.
        repeatable: whether the call may be sent twice.
        reached: whether the host has answered before.
    """

    call: str
    host: str
    error: Exception
    repeatable: bool
    reached: bool

    @property
    def kind(self) -> str:
        """The class of the exception. Its text is left out: that may hold the URL with an address in it."""
        return type(self.error).__name__

    @property
    def never_sent(self) -> bool:
        """Whether nothing of the request left this machine."""
        return self.caused_by(*_NEVER_SENT)

    @property
    def never_reached(self) -> bool:
        """Whether the host cannot be reached, and never was. Some causes leave open whether something was sent."""
        return not self.reached and (self.never_sent or self.repeatable) and self.caused_by(*_UNREACHABLE)

    @property
    def stall(self) -> str:
        """The class of the exception, with its reason if that is the longest stall."""
        stalled = ": it stalled for longer than `stall_timeout_seconds`" if self.caused_by(ReadTimeoutError) else ""
        return f"{self.kind}{stalled}"

    def caused_by(self, *kinds: type[BaseException]) -> bool:
        """Whether the exception is of one of these classes, or wraps one that is."""
        return any(isinstance(cause, kinds) for cause in _causes(self.error))


_CONNECTION_ERRORS: Final[Sequence[tuple[Callable[[_Failure], bool], Callable[[_Failure], IterableError]]]] = (
    (
        lambda failure: failure.caused_by(ssl.SSLCertVerificationError),
        lambda failure: UntrustedServerError(
            f"{failure.call}: the certificate of {failure.host} could not be verified. Check `api_url`; if a proxy of "
            "yours re-encrypts the traffic, name its CA in the environment variable REQUESTS_CA_BUNDLE."
        ),
    ),
    (
        lambda failure: not isinstance(failure.error, NO_ANSWER),
        lambda failure: IterableError(f"{failure.call}: the request could not be made ({failure.kind})"),
    ),
    (
        lambda failure: failure.never_reached,
        lambda failure: NeverReachedError(
            f"{failure.call}: {failure.host} cannot be reached ({failure.kind}). Check `region`, `api_url`, the "
            "network and the proxy"
        ),
    ),
    (
        lambda failure: failure.never_sent,
        lambda failure: ConnectionFailedError(
            f"{failure.call}: {failure.host} cannot be reached any more ({failure.kind}). Check the network"
        ),
    ),
    (
        lambda failure: failure.repeatable,
        lambda failure: ConnectionFailedError(f"{failure.call}: no whole answer from {failure.host} ({failure.stall})"),
    ),
    (
        lambda _: True,
        lambda failure: UnknownOutcomeError(
            f"{failure.call}: no whole answer from {failure.host} ({failure.stall}); it may or may not have taken "
            "effect"
        ),
    ),
)
"""Condition and error, in order of precedence: the first row whose condition holds gives the error."""


def connection_error(call: str, host: str, error: Exception, *, repeatable: bool, reached: bool) -> IterableError:
    """The error for a call that ended with an exception of requests instead of an answer.

    Args:
        call: method and path template.
        host: the host that was called.
        error: the exception.
        repeatable: whether the call may be sent twice.
        reached: whether the host has answered before.
    """
    failure = _Failure(call, host, error, repeatable, reached)
    return next(make(failure) for holds, make in _CONNECTION_ERRORS if holds(failure))


def retry_after(response: requests.Response) -> float | None:
    """The seconds that the header `Retry-After` asks to wait, as a number or as a date. Iterable itself sends none."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    until = _http_date(text)
    if until is None:
        return None
    # The two dates come from one clock, which need not agree with ours.
    now = _http_date(response.headers.get("Date", "")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _error_of(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and what it wraps; requests and urllib3 keep that in an attribute or in the first argument."""
    cause: object = error
    while isinstance(cause, BaseException):
        yield cause
        inner = getattr(cause, "original_error", None) or getattr(cause, "reason", None)
        cause = inner or (cause.args[0] if cause.args else None)
