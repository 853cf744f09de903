"""Flush policy: how many rows are buffered before they are sent, and how many requests are sent at a time."""

from __future__ import annotations

from typing import Final

from iterable_api.facts.endpoints import facts_of
from target_iterable.core.operation import Endpoint, Operation
from target_iterable.project.user_lookup import PATHS
from target_iterable.requests.batching import AdaptiveBatchSize

_MAX_WIDTH: Final = 20
"""Requests at a time."""
MIN_REQUESTS: Final = 10
"""Requests' worth of rows to buffer at least, so that packing has something to choose from."""
_WIDTH_WITHOUT_LIMIT: Final = 4
"""Requests at a time to an endpoint without a documented limit."""
_MAX_ROWS_PER_SENT: Final = 16
"""Rows to buffer for one that is sent. If all that comes is new suddenly, a load has so many small requests."""
_BACKLOG_SECONDS: Final = 5
"""Seconds' worth of rows to buffer that need a request each. State moves behind them, and a signal waits for them."""
_PER_SECOND_WITHOUT_LIMIT: Final = 100
"""Requests per second to an endpoint without a documented limit."""


def width(endpoint: Endpoint) -> int:
    """Return the number of requests to send at a time: as many as Iterable allows in a second."""
    per_second = _per_second(endpoint.method, endpoint.path)
    return _WIDTH_WITHOUT_LIMIT if per_second is None else max(1, min(_MAX_WIDTH, int(per_second)))


class FlushPolicy:
    """Number of rows to buffer. Its results are cached, as it is asked for every row.

    Attributes:
        batch_size: limits of one request.
    """

    def __init__(self, batch_size: AdaptiveBatchSize) -> None:
        self.batch_size = batch_size
        self._rows_per_sent = 1
        self._requests: dict[str, int] = {}
        self._rows_in_backlog: dict[tuple[str, bool], int] = {}

    def rows_worth_sending(self, row: Operation, envelopes: int = 1, most: int | None = None) -> int:
        """Return the number of rows like `row` that are worth sending, if rows of so many envelopes are buffered.

        Of one envelope, `most` rows are enough, and they are fewer where that leaves no request half full. Where most
        rows turn out to be unchanged, as many are worth sending as fill the requests all the same: a load of which
        hardly anything is sent costs about as much as one that is sent.

        While the batch size grows, batches are sent one by one: each tells how large the next may be. Rows of different
        envelopes, such as members of different lists, cannot share a request: all of them wait until there are enough
        for a request of each, or the buffer is full.
        """
        requests = max(envelopes, self.requests_worth_sending(row.endpoint) if self.batch_size.is_final else 1)
        batch_rows = self.batch_size.rows * requests
        if most is not None and envelopes == 1:
            batch_rows = min(
                batch_rows * self._rows_per_sent,
                max(most - most % self.batch_size.rows, min(most, self.batch_size.rows)),
            )
        return batch_rows if row.endpoint.is_bulk and not row.only_for else min(batch_rows, self._backlog_rows(row))

    def record_load(self, rows: int, left_out: int) -> None:
        """Record that a load had so many rows, and that so many of them did not have to be sent."""
        if rows:
            self._rows_per_sent = max(1, min(_MAX_ROWS_PER_SENT, rows // max(1, rows - left_out)))

    def requests_worth_sending(self, endpoint: Endpoint) -> int:
        """Return how many requests to an endpoint are worth being buffered, or on their way."""
        if endpoint.path not in self._requests:
            self._requests[endpoint.path] = max(MIN_REQUESTS, 2 * width(endpoint))
        return self._requests[endpoint.path]

    def _backlog_rows(self, row: Operation) -> int:
        kind = row.endpoint.path, bool(row.only_for)
        if kind not in self._rows_in_backlog:
            self._rows_in_backlog[kind] = _rows_in_backlog(row)
        return self._rows_in_backlog[kind]


def _rows_in_backlog(row: Operation) -> int:
    """Return the number of such rows that take `_BACKLOG_SECONDS`: each needs a request, or a look-up of its user."""
    endpoint = row.endpoint
    slow_endpoints = [("GET", path) for path in PATHS.values()] if row.only_for else [(endpoint.method, endpoint.path)]
    per_second = min(_per_second(*one) or _PER_SECOND_WITHOUT_LIMIT for one in slow_endpoints)
    return max(1, int(per_second * _BACKLOG_SECONDS))


def _per_second(method: str, path: str) -> float | None:
    limits = facts_of(method, path).limits
    return limits[0].per_second if limits else None
