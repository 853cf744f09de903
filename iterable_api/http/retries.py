"""What to do when a request fails: what is known about its fate, whether to try again, and when."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Iterator
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

LONGEST_RETRY_AFTER: Final = 300
"""Seconds that one `Retry-After` can hold us up. Whoever asks for more is asked again after these."""

NO_ANSWER: Final = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
"""What requests raises when there is no answer, or not all of it."""
_NEVER_SENT: Final = (NewConnectionError, ConnectTimeoutError)
_NO_WAY: Final = (*_NEVER_SENT, ProxyError, ssl.SSLError)
"""What a wrong host, port or proxy ends in. TLS and a proxy may also break later, when something was sent."""

_logger = logging.getLogger(__name__)


def retrying(policy: RetryPolicy, sleep: Callable[[float], None]) -> Retrying:
    """Calls something until it works, fails for good, or was tried as often as `policy` says (less if never reached).

    Each wait is a little longer by chance than that of the policy. Where the answer had a `Retry-After`, that is the
    wait instead.
    """
    chance = wait_random(0, policy.first_wait)
    unreached = policy.at_most(UNREACHED_HOST.attempts)

    def wait(state: RetryCallState) -> float:
        error = _error_of(state)
        asked = error.retry_after if isinstance(error, TransientApiError) else None
        if asked is None:
            return policy.wait(state.attempt_number) + chance(state)
        return min(max(asked, policy.first_wait), LONGEST_RETRY_AFTER)

    def log(state: RetryCallState) -> None:
        seconds = state.next_action.sleep if state.next_action else 0
        _logger.warning("%s. Try %d of %d in %.1f s.", _error_of(state), state.attempt_number + 1, most(state), seconds)

    def most(state: RetryCallState) -> int:
        return (unreached if isinstance(_error_of(state), NeverReachedError) else policy).attempts

    return Retrying(
        retry=retry_if_exception_type((ConnectionFailedError, TransientApiError)),
        stop=lambda state: state.attempt_number >= most(state),
        wait=wait,
        before_sleep=log,
        sleep=sleep,
        reraise=True,
    )


def no_answer(
    call: str, host: str, error: requests.RequestException | UnicodeError, *, repeatable: bool, reached: bool
) -> IterableError:
    """What it means that `call` ended with `error` instead of an answer.

    `reached` is whether the host has answered before. The text of `error` is left out: it may hold the URL with
    an address in it.
    """
    kind = type(error).__name__
    causes = tuple(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return UntrustedServerError(
            f"{call}: the certificate of {host} could not be verified. Check `api_url`; if a proxy of yours "
            "re-encrypts the traffic, name its CA in the environment variable REQUESTS_CA_BUNDLE."
        )
    if not isinstance(error, NO_ANSWER):
        return IterableError(f"{call}: the request could not be made ({kind})")
    never_sent = any(isinstance(cause, _NEVER_SENT) for cause in causes)
    if not reached and (never_sent or repeatable) and any(isinstance(cause, _NO_WAY) for cause in causes):
        return NeverReachedError(
            f"{call}: {host} cannot be reached ({kind}). Check `region`, `api_url`, the network and the proxy"
        )
    if never_sent:
        return ConnectionFailedError(f"{call}: {host} cannot be reached any more ({kind}). Check the network")
    if any(isinstance(cause, ReadTimeoutError) for cause in causes):
        kind = f"{kind}: it stalled for longer than `stall_timeout_seconds`"
    if repeatable:
        return ConnectionFailedError(f"{call}: no whole answer from {host} ({kind})")
    return UnknownOutcomeError(f"{call}: no whole answer from {host} ({kind}); it may or may not have taken effect")


def retry_after(response: requests.Response) -> float | None:
    """The seconds that `Retry-After` asks to wait, as a number or until a date. Real Iterable sends none."""
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
