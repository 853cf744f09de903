"""How fast Iterable lets requests pass: how many are on their way at a time, and how many rows are sent together."""

from __future__ import annotations

from typing import Final

from iterable_api.facts.limits import limits_of
from target_iterable.core.operation import Endpoint, Operation
from target_iterable.project.user_lookup import PATHS
from target_iterable.requests.batching import AdaptiveBatchSize

_WIDEST: Final = 20
MIN_REQUESTS: Final = 10
"""So many requests' worth of rows wait at least, so that packing has something to choose from."""
_WIDTH_WITHOUT_LIMIT: Final = 4
_WHILE: Final = 5
"""Seconds that rows take which need a request each. State moves behind them, and a signal waits for them."""
_PER_SECOND_WITHOUT_LIMIT: Final = 100


def width(endpoint: Endpoint) -> int:
    """As many requests at a time as Iterable allows in a second."""
    per_second = _per_second(endpoint.method, endpoint.path)
    return _WIDTH_WITHOUT_LIMIT if per_second is None else max(1, min(_WIDEST, int(per_second)))


class FlushPolicy:
    """How many rows wait until they are sent. Remembers what it has found in the limits: it is asked about every row.

    Attributes:
        batch_size: how many rows a request may hold.
    """

    def __init__(self, batch_size: AdaptiveBatchSize) -> None:
        self.batch_size = batch_size
        self._requests: dict[str, int] = {}
        self._in_a_while: dict[tuple[str, bool], int] = {}

    def rows_worth_sending(self, row: Operation) -> int:
        """So many rows like `row` are worth sending.

        While the room grows, requests go one by one: each says how large the next may be.
        """
        together = (
            self.batch_size.rows * self._requests_of(row.endpoint) if self.batch_size.is_final else self.batch_size.rows
        )
        return together if row.endpoint.is_bulk and not row.only_for else min(together, self._passing(row))

    def _requests_of(self, endpoint: Endpoint) -> int:
        if endpoint.path not in self._requests:
            self._requests[endpoint.path] = max(MIN_REQUESTS, 2 * width(endpoint))
        return self._requests[endpoint.path]

    def _passing(self, row: Operation) -> int:
        kind = row.endpoint.path, bool(row.only_for)
        if kind not in self._in_a_while:
            self._in_a_while[kind] = _in_a_while(row)
        return self._in_a_while[kind]


def _in_a_while(row: Operation) -> int:
    """How many such rows pass in a while: each needs a request of its own, or to find its user."""
    endpoint = row.endpoint
    slow = [("GET", path) for path in PATHS.values()] if row.only_for else [(endpoint.method, endpoint.path)]
    per_second = min(_per_second(*one) or _PER_SECOND_WITHOUT_LIMIT for one in slow)
    return max(1, int(per_second * _WHILE))


def _per_second(method: str, path: str) -> float | None:
    limits = limits_of(method, path)
    return limits[0].count / limits[0].seconds if limits else None
