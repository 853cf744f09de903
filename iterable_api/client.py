"""One HTTP session with Iterable: host, key, timeouts, limits, retries and redaction."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote, urlsplit

import requests
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from iterable_api.errors import (
    TRANSIENT,
    ConnectionFailedError,
    IterableError,
    RateLimitedError,
    TransientApiError,
    UnknownOutcomeError,
    UnreadableAnswerError,
    api_error,
)
from iterable_api.limits import DocumentedLimits, RateLimiter

HOSTS: Final[Mapping[str, str]] = {"us": "https://api.iterable.com", "eu": "https://api.eu.iterable.com"}

NOT_REPEATABLE: Final[frozenset[tuple[str, str]]] = frozenset(
    {
        ("POST", "/api/lists"),
        ("POST", "/api/export/start"),
        ("POST", "/api/users/merge"),
        ("POST", "/api/users/updateEmail"),
        ("DELETE", "/api/users/byUserId/{userId}"),
    }
)
"""Calls whose second try does something else than the first. All others set a state, read, or carry an id."""

_NO_ANSWER: Final = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)

Params = Mapping[str, str | int | Sequence[str | int]]

_logger = logging.getLogger(__name__)


class IterableClient:
    """Calls endpoints by their contract template; path parameters are given apart and never logged.

    Safe to share between threads. `max_tries` counts the first try. `timeout` is (connect, read) in
    seconds; the read timeout is the longest silence, not the longest answer.
    """

    def __init__(
        self,
        api_key: str,
        *,
        region: str = "us",
        api_url: str | None = None,
        limiter: RateLimiter | None = None,
        user_agent: str = "singer-iterable",
        timeout: tuple[float, float] = (10, 300),
        max_tries: int = 8,
        first_wait: float = 1,
        longest_wait: float = 60,
    ) -> None:
        self._base = base_url(region, api_url)
        self._limiter = limiter if limiter is not None else DocumentedLimits()
        self._timeout = timeout
        self._backoff = wait_exponential_jitter(initial=first_wait, max=longest_wait, jitter=first_wait)
        self._max_tries = max_tries
        self._session = requests.Session()
        self._session.headers.update({"Api-Key": api_key, "User-Agent": user_agent})

    def get_json(
        self, path: str, *, path_params: Mapping[str, str | int] | None = None, params: Params | None = None
    ) -> Any:
        """The JSON of a GET.

        Raises:
            UnreadableAnswerError: if a 2xx answer is not JSON.
        """
        return self._json(self.request("GET", path, path_params=path_params, params=params), path)

    def post_json(self, path: str, body: Any, *, path_params: Mapping[str, str | int] | None = None) -> Any:
        """The JSON of a POST; see `get_json`."""
        return self._json(self.request("POST", path, path_params=path_params, json=body), path)

    def request(
        self,
        method: str,
        path: str,
        *,
        path_params: Mapping[str, str | int] | None = None,
        params: Params | None = None,
        json: Any = None,
        data: bytes | None = None,
    ) -> requests.Response:
        """A 2xx answer, read whole. `data` is a body that is JSON already.

        Raises:
            ApiError: for any other answer, transient ones only after `max_tries`.
            ConnectionFailedError: if there was no answer.
            UnknownOutcomeError: if a call that must not be repeated may or may not have happened.
        """
        return self._attempts(method, path, path_params, params=params, json=json, data=data, stream=False)

    @contextmanager
    def stream(self, path: str, *, params: Params | None = None) -> Iterator[requests.Response]:
        """A GET whose body is still to be read. Only opening it is retried, not reading it."""
        response = self._attempts("GET", path, None, params=params, json=None, data=None, stream=True)
        try:
            yield response
        finally:
            response.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _attempts(
        self, method: str, path: str, path_params: Mapping[str, str | int] | None, **options: Any
    ) -> requests.Response:
        url = self._base + fill(path, path_params or {})
        for attempt in Retrying(
            retry=retry_if_exception_type((ConnectionFailedError, TransientApiError)),
            stop=stop_after_attempt(self._max_tries),
            wait=self._wait,
            before_sleep=self._log_retry,
            reraise=True,
        ):
            with attempt:
                return self._attempt(method, path, url, **options)
        raise AssertionError("unreachable: tenacity returns or raises")

    def _attempt(self, method: str, path: str, url: str, *, data: bytes | None, **options: Any) -> requests.Response:
        self._limiter.acquire(method, path)
        headers = {"Content-Type": "application/json"} if data is not None else None
        try:
            response = self._session.request(
                method, url, data=data, headers=headers, timeout=self._timeout, allow_redirects=False, **options
            )
        except _NO_ANSWER as error:
            raise self._no_answer(method, path, error) from None
        if response.ok and not response.is_redirect:
            return response
        raise self._refusal(method, path, response)

    def _no_answer(self, method: str, path: str, error: requests.RequestException) -> IterableError:
        """The text of `error` is left out: it may hold the URL with an address in it."""
        kind = type(error).__name__
        if (method, path) in NOT_REPEATABLE and not _never_sent(error):
            return UnknownOutcomeError(f"{method} {path}: no answer ({kind}); it may or may not have taken effect")
        return ConnectionFailedError(f"{method} {path}: no answer from {urlsplit(self._base).netloc} ({kind})")

    def _refusal(self, method: str, path: str, response: requests.Response) -> IterableError:
        status = response.status_code
        try:
            with response:
                body = response.content
        except _NO_ANSWER:
            body = b""
        error = api_error(status, method, path, body, _retry_after(response))
        unclear = isinstance(error, TransientApiError) and not isinstance(error, RateLimitedError)
        if unclear and status in TRANSIENT and (method, path) in NOT_REPEATABLE:
            return UnknownOutcomeError(f"{error}; it may or may not have taken effect")
        return error

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, TransientApiError) else None
        return self._backoff(state) if asked is None else asked

    def _log_retry(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        _logger.warning(
            "%s. Try %d of %d follows in %.1f s.",
            error,
            state.attempt_number + 1,
            self._max_tries,
            state.next_action.sleep if state.next_action else 0,
        )

    @staticmethod
    def _json(response: requests.Response, path: str) -> Any:
        try:
            return response.json()
        except ValueError:
            raise UnreadableAnswerError(
                f"{path} answered {response.status_code} with something that is not JSON"
            ) from None


def base_url(region: str, api_url: str | None) -> str:
    """Where the API is.

    Raises:
        ValueError: naming the setting that is wrong.
    """
    if api_url is None:
        if region not in HOSTS:
            raise ValueError(f"`region` is {region!r}; it must be one of {', '.join(HOSTS)}")
        return HOSTS[region]
    parts = urlsplit(api_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError("`api_url` must look like https://host or http://host:port, with no user, query or fragment")
    return api_url.rstrip("/")


def fill(path: str, values: Mapping[str, str | int]) -> str:
    """The template with its parameters put in, each quoted whole: `+` becomes `%2B` and `/` becomes `%2F`."""
    return path.format_map({name: quote(str(value), safe="@") for name, value in values.items()})


def _never_sent(error: requests.RequestException) -> bool:
    """Whether no connection was made at all, so that nothing can have taken effect."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _retry_after(response: requests.Response) -> float | None:
    """Seconds, if the header is there and a number. Real Iterable sends none."""
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdigit() else None
