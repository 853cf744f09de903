"""One HTTP session with Iterable: host, key, timeouts, limits, retries and redaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from iterable_api.errors import (
    ApiError,
    ConnectionFailedError,
    RunEndedError,
    ServerError,
    UnknownOutcomeError,
    UnreadableAnswerError,
    api_error,
)
from iterable_api.facts.success_responses import decode_answer
from iterable_api.http.addresses import base_url
from iterable_api.http.api_request import ApiRequest, Params, PathParams
from iterable_api.http.prepared_requests import PreparedRequests, read_environment
from iterable_api.http.retries import connection_error, retry_after, retrying
from iterable_api.http.session import open_session
from iterable_api.http.stalling import CONNECT_TIMEOUT, STALL_TIMEOUT, is_framed
from iterable_api.rate_limits.job_slots import JobSlots
from iterable_api.rate_limits.limiter import DocumentedLimits, RateLimiter
from iterable_api.waiting.cancellation import PROCESS, Cancellation
from iterable_api.waiting.retry_policy import REQUEST, RetryPolicy

_MAX_ERROR_BYTES: Final = 1 << 22
"""Bytes of an error that are read; Iterable's name every record of a request at most."""
_SUCCESS: Final = range(200, 300)


@dataclass(frozen=True)
class Attempt:
    """One try of one call.

    Attributes:
        path: the endpoint's template.
        status: None if there was no answer.
        seconds: until the answer began.
        body: the body, if the caller gave it as JSON text.
        number: 1, or more for a retry.
    """

    method: str
    path: str
    status: int | None
    seconds: float
    body: bytes | None = field(repr=False)
    number: int = 1


class IterableClient:
    """Calls endpoints by their contract template; path parameters are given apart and never logged.

    Threads may share a client: the pool of connections is made for that, the headers never change and cookies are
    not kept. Once cancelled, a client sends nothing more.

    Args:
        api_key: the key of the project.
        region: the data centre, a key of `HOSTS`.
        api_url: the address of the API in place of the region's.
        limiter: is asked before every attempt; by default `DocumentedLimits`.
        user_agent: the header of this name.
        timeout: seconds to connect, and the longest stall of an answer in seconds; see `StallGuard`.
        max_tries: attempts of a request, the first included.
        first_wait: seconds before the second attempt.
        longest_wait: seconds that no wait exceeds.
        sleep: waits for so many seconds.
        on_attempt: is called after every attempt, in the thread that made it.
        on_answer: is called with the number of bytes of each answer; who reads a `stream` must call it.
        cancellation: ends the waits of the client.

    Raises:
        ValueError: naming the setting (`api_key`, `region`, `api_url`) that is wrong.
    """

    def __init__(
        self,
        api_key: str,
        *,
        region: str = "us",
        api_url: str | None = None,
        limiter: RateLimiter | None = None,
        user_agent: str = "singer-iterable",
        timeout: tuple[float, float] = (CONNECT_TIMEOUT, STALL_TIMEOUT),
        max_tries: int = REQUEST.attempts,
        first_wait: float = REQUEST.first_wait,
        longest_wait: float = REQUEST.longest_wait,
        sleep: Callable[[float], None] | None = None,
        on_attempt: Callable[[Attempt], None] | None = None,
        on_answer: Callable[[int], None] | None = None,
        cancellation: Cancellation = PROCESS,
    ) -> None:
        self._base = base_url(region, api_url)
        self._limiter = limiter if limiter is not None else DocumentedLimits(sleep=cancellation.sleep)
        self.timeout = timeout
        self.sleep = sleep or cancellation.sleep
        self._cancellation = cancellation
        self._retrying = retrying(RetryPolicy(max_tries, first_wait, longest_wait), self.sleep)
        self._key = api_key
        self._on_attempt = on_attempt
        self.on_answer = on_answer or _ignore
        self._reached = False
        self._session = open_session(api_key, user_agent, cancellation)
        read_environment(self._session, self._base)
        self._prepared = PreparedRequests(self._session)

    def get_json(self, path: str, *, path_params: PathParams | None = None, params: Params | None = None) -> Any:
        """The JSON of a GET.

        Raises:
            UnreadableAnswerError: if a 2xx answer is not JSON.
        """
        return _json(self.request("GET", path, path_params=path_params, params=params), path)

    def post_json(self, path: str, body: Any, *, path_params: PathParams | None = None) -> Any:
        """The JSON of a POST; see `get_json`."""
        return _json(self.request("POST", path, path_params=path_params, json=body), path)

    def request(
        self,
        method: str,
        path: str,
        *,
        path_params: PathParams | None = None,
        params: Params | None = None,
        json: Any = None,
        data: bytes | None = None,
        repeatable: bool = True,
    ) -> requests.Response:
        """A 2xx answer, read whole.

        Args:
            method: the HTTP method.
            path: the contract's template of the path.
            path_params: values for the parameters of the template.
            params: the query.
            json: the body as a value.
            data: the body as JSON text, in place of `json`.
            repeatable: False for a body that must not be sent twice, although the endpoint is repeatable.

        Raises:
            ApiError: for any other answer, transient ones only after `max_tries`.
            ConnectionFailedError: if there was no answer; where there never was one, after a few tries.
            RunEndedError: if the run was asked to end before there was one.
            UnaddressableError: if a path parameter cannot be part of a URL; nothing was sent.
            UnknownOutcomeError: if a call that must not be repeated may or may not have happened.
            UntrustedServerError: if the server's certificate could not be verified.
        """
        call = ApiRequest(method, path, path_params or {}, params, json, data, repeatable_body=repeatable)
        return self.send(call)

    def send(self, call: ApiRequest) -> requests.Response:
        """Send one request, and read its response whole. Raises the same errors as `request`.

        All requests but those of `stream` come through here, so a subclass can answer them in another way.
        """
        return self._retrying(self._send_and_read, call, self._base + call.target)

    @contextmanager
    def stream(self, path: str, *, params: Params | None = None) -> Iterator[requests.Response]:
        """A GET whose body is still to be read. Only opening it is retried, not reading it."""
        call = ApiRequest("GET", path, {}, params, None, None)
        response = self._retrying(self._open, call, self._base + call.target)
        try:
            yield response
        finally:
            response.close()

    @property
    def job_slots(self) -> JobSlots | None:
        """See `RateLimiter`."""
        return self._limiter.job_slots

    def close(self) -> None:
        """Close the connections, also those of the limiter."""
        self._session.close()
        self._limiter.close()

    def _send_and_read(self, call: ApiRequest, url: str) -> requests.Response:
        response = self._open(call, url)
        with self._explain_connection_errors(call):
            self.on_answer(len(response.content))  # reads the body, which may end too early
            if self._cancellation.is_cancelled and not is_framed(response):
                raise requests.ConnectionError
        return response

    def _open(self, call: ApiRequest, url: str) -> requests.Response:
        self._limiter.acquire(call.method, call.path)
        self._cancellation.check()
        began, status = time.monotonic(), None
        try:
            response = self._send_once(call, url)
            status, self._reached = response.status_code, True
        finally:
            if self._on_attempt is not None:
                seconds, number = time.monotonic() - began, self._retrying.statistics["attempt_number"]
                self._on_attempt(Attempt(call.method, call.path, status, seconds, call.data, number))
        if response.status_code not in _SUCCESS:
            raise self._api_error(call, response)
        return response

    def _send_once(self, call: ApiRequest, url: str) -> requests.Response:
        with self._explain_connection_errors(call):
            request = self._prepared.prepare(call.method, url, params=call.params, json=call.json, data=call.data)
            return self._session.send(request, timeout=self.timeout, allow_redirects=False, stream=True)

    @contextmanager
    def _explain_connection_errors(self, call: ApiRequest) -> Iterator[None]:
        try:
            yield
        except (requests.RequestException, UnicodeError) as error:
            host = urlsplit(self._base).netloc
            failure = connection_error(str(call), host, error, repeatable=call.repeatable, reached=self._reached)
            if self._cancellation.is_cancelled and isinstance(failure, ConnectionFailedError):
                failure = RunEndedError(f"{call}: broken off, because the run was asked to end")
            raise failure from None

    def _api_error(self, call: ApiRequest, response: requests.Response) -> ApiError | UnknownOutcomeError:
        sent = [self._key, *call.texts]
        error = api_error(
            response.status_code, call.method, call.path, _body(response), retry_after(response), sent=sent
        )
        if isinstance(error, ServerError) and not call.repeatable:
            return UnknownOutcomeError(f"{error}; it may or may not have taken effect")
        return error


def _ignore(_size: int) -> None:
    """Do nothing."""


def _body(response: requests.Response) -> bytes:
    """The body of an error as far as it says something, or nothing if it is cut short: the status is enough."""
    try:
        with response:
            return next(response.iter_content(_MAX_ERROR_BYTES), b"")
    except requests.RequestException:
        return b""


def _json(response: requests.Response, path: str) -> Any:
    try:
        return decode_answer(response.content)
    except (ValueError, RecursionError):
        raise UnreadableAnswerError(f"{path} answered {response.status_code} with something that is not JSON") from None
