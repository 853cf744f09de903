"""Size of loads: how many rows of a stream are buffered before they are sent together."""

from __future__ import annotations

from typing import Final

from target_iterable.config.delivery_options import MAX_BUFFERED_ROWS
from target_iterable.core.operation import Operation
from target_iterable.requests.batching import AdaptiveBatchSize
from target_iterable.requests.flush_policy import FlushPolicy

_MAX_MIRRORED_ROWS: Final = 25_000
"""Rows of a mirrored stream: the names of all wait with them, and nothing is read meanwhile."""
_MAX_UNCHANGED_ROWS: Final = 20_000
"""Rows where most of them are unchanged, before requests are as large as they can be."""


class LoadSize:
    """Number of rows that are worth sending, by what became of the rows before."""

    def __init__(self, batch_size: AdaptiveBatchSize, *, is_mirror: bool) -> None:
        self._flush_policy = FlushPolicy(batch_size)
        self._max_rows = _MAX_MIRRORED_ROWS if is_mirror else MAX_BUFFERED_ROWS
        self._rows_per_sent = 1

    def record(self, rows: int, sent: int) -> None:
        """Record that `sent` of the `rows` of a load were not left out."""
        if rows:
            self._rows_per_sent = max(1, rows // max(1, sent))

    def rows_worth_sending(self, row: Operation, envelopes: int) -> int:
        """Return the number of rows like `row`, if rows of so many envelopes are buffered."""
        rows = self._flush_policy.rows_worth_sending(row, envelopes)
        return min(rows * self._rows_per_sent, max(rows, _MAX_UNCHANGED_ROWS), self._max_rows)
