"""Sender: one request, and the results of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any, Final

from singer_sdk import metrics

from iterable_api.errors import BadRequestError, NotFoundError, UnknownOutcomeError, UnreadableAnswerError
from iterable_api.http.client import IterableClient
from iterable_api.http.confirmed import confirmed
from iterable_api.http.http_stats import HttpStats
from iterable_api.waiting.retry_policy import JUST_MADE
from target_iterable.core.operation import Batch, Endpoint, RowResults
from target_iterable.reporting.request_log import LoggedRequest, RequestLog

_UNKNOWN_LIST: Final = "error.lists.invalidListId"


class Sender:
    """Sender of the requests of one stream, from several threads; it counts them, also as Singer metrics.

    Attributes:
        stream: name of the stream.
        client: client of Iterable.
        http_stats: statistics of all requests so far.
    """

    def __init__(self, client: IterableClient, stream: str, request_log: RequestLog) -> None:
        self.stream = stream
        self.http_stats = HttpStats()
        self.client = client
        self._request_log = request_log
        self._counters: dict[str, metrics.Counter] = {}
        self._lock = Lock()

    def send(self, batch: Batch) -> RowResults:
        """Send `batch`, and return the results of its rows.

        Raises:
            IterableError: if the request failed as a whole.
            UnknownOutcomeError: if it is unknown whether it took effect, and sending it again may do harm.
        """
        # A list or catalog that was just created was seen to be unknown for a moment.
        for wait in JUST_MADE.waits() if batch.envelope.fresh else ():
            try:
                return self._send_once(batch)
            except (BadRequestError, NotFoundError) as error:
                if isinstance(error, BadRequestError) and _UNKNOWN_LIST not in error.message:
                    raise
                self.client.sleep(wait)
        return self._send_once(batch)

    def close(self) -> None:
        """Emit the last metrics."""
        for counter in self._counters.values():
            counter.exit()

    def _send_once(self, batch: Batch) -> RowResults:
        endpoint, envelope = batch.endpoint, batch.envelope
        with self._request_log.log_request(self.stream, len(batch.rows)) as logged:
            try:
                answer = confirmed(
                    self.client,
                    endpoint.method,
                    endpoint.path,
                    path_params=dict(envelope.path_params),
                    params=dict(envelope.query) or None,
                    data=batch.body() or None,
                    repeatable=endpoint.repeatable,
                )
                logged.results = _parse(batch, answer)
            finally:
                self._count(endpoint, logged)
        return logged.results

    def _count(self, endpoint: Endpoint, logged: LoggedRequest) -> None:
        path = endpoint.path
        with self._lock:
            self.http_stats.add(endpoint.method, path, len(logged.attempts), logged.sent_bytes)
            if path not in self._counters:
                self._counters[path] = metrics.http_request_counter(self.stream, path)
            self._counters[path].increment(len(logged.attempts))


def _parse(batch: Batch, answer: Mapping[str, Any]) -> RowResults:
    """Parse a successful response.

    Raises:
        UnreadableAnswerError: if it cannot be read, and the rows may be sent again.
        UnknownOutcomeError: if it cannot be read, and the rows must not be sent again.
    """
    endpoint = batch.endpoint
    try:
        return endpoint.parse_response(batch.rows, answer)
    except UnreadableAnswerError as error:
        kind = UnreadableAnswerError if endpoint.repeatable else UnknownOutcomeError
        raise kind(f"{endpoint}: {error}") from None
