"""Sending one request and reading its verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any, Final

from singer_sdk import metrics

from iterable_api.errors import BadRequestError, NotFoundError, UnknownOutcomeError, UnreadableAnswerError
from iterable_api.http.client import IterableClient
from iterable_api.http.confirmed import confirmed
from iterable_api.waiting.retry_policy import JUST_MADE
from target_iterable.core.operation import Batch, Endpoint, RowResults
from target_iterable.reporting.http_stats import HttpStats
from target_iterable.reporting.request_log import LoggedRequest, RequestLog

_UNKNOWN_LIST: Final = "error.lists.invalidListId"


class Sender:
    """Sends the requests of one stream, from several threads, and counts them, also as Singer metrics.

    Attributes:
        client: the way to Iterable.
        traffic: what has travelled so far.
    """

    def __init__(self, client: IterableClient, stream: str, request_log: RequestLog) -> None:
        self.stream = stream
        self.http_stats = HttpStats()
        self.client = client
        self._request_log = request_log
        self._counters: dict[str, metrics.Counter] = {}
        self._lock = Lock()

    def send(self, batch: Batch) -> RowResults:
        """The verdicts on the rows of `batch`.

        Raises:
            IterableError: if the request failed as a whole.
            UnknownOutcomeError: if nobody knows, and it would do harm to send it again.
        """
        # Wait a little for Iterable to know a list or a catalog that was made just now: that was seen to take time.
        for wait in JUST_MADE.waits() if batch.envelope.fresh else ():
            try:
                return self._once(batch)
            except (BadRequestError, NotFoundError) as error:
                if isinstance(error, BadRequestError) and _UNKNOWN_LIST not in error.message:
                    raise
                self.client.sleep(wait)
        return self._once(batch)

    def close(self) -> None:
        """Write the last metrics."""
        for counter in self._counters.values():
            counter.exit()

    def _once(self, batch: Batch) -> RowResults:
        endpoint, envelope = batch.endpoint, batch.envelope
        with self._request_log.log_request(self.stream, len(batch.rows)) as call:
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
                call.results = _judged(batch, answer)
            finally:
                self._count(endpoint, call)
        return call.results

    def _count(self, endpoint: Endpoint, call: LoggedRequest) -> None:
        path = endpoint.path
        with self._lock:
            self.http_stats.add(endpoint.method, path, call)
            if path not in self._counters:
                self._counters[path] = metrics.http_request_counter(self.stream, path)
            self._counters[path].increment(len(call.attempts))


def _judged(batch: Batch, answer: Mapping[str, Any]) -> RowResults:
    """What a success says of the rows. Where it says something unheard of, it would do so again."""
    endpoint = batch.endpoint
    try:
        return endpoint.parse_response(batch.rows, answer)
    except UnreadableAnswerError as error:
        kind = UnreadableAnswerError if endpoint.repeatable else UnknownOutcomeError
        raise kind(f"{endpoint}: {error}") from None
