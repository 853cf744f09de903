"""Sending of the rows of one stream: in batches, several at a time, each until all its rows have a result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from target_iterable.config.delivery_options import DeliveryOptions
from target_iterable.core.operation import Batch, BatchResult, Operation
from target_iterable.delivery.history import StreamHistory
from target_iterable.field_types.registry import FieldTypes
from target_iterable.requests.batching import AdaptiveBatchSize, pack, shared_names
from target_iterable.requests.failure_isolation import FailureIsolator
from target_iterable.requests.flush_policy import width
from target_iterable.requests.grouping import grouped
from target_iterable.requests.scheduler import DependencyScheduler
from target_iterable.requests.sender import Sender


class RowSender:
    """Sends rows in the order of each identity.

    Attributes:
        batch_size: limits of one request.
    """

    def __init__(self, sender: Sender, types: FieldTypes, options: DeliveryOptions, history: StreamHistory) -> None:
        self.batch_size = AdaptiveBatchSize.initial(options.max_rows)
        self._failure_isolator = FailureIsolator(sender, types, self.batch_size, trims=options.drops_clashing_fields)
        self._max_in_flight = options.max_in_flight
        self._history = history

    def send(self, rows: Sequence[Operation], should_stop: Callable[[], bool]) -> Iterator[BatchResult]:
        """Send `rows`, and yield the results of their batches; no batch is started after an error or `should_stop`.

        Raises:
            LedgerError: if results cannot be stored.
        """
        shared = shared_names(rows)
        batches = pack(grouped(rows, shared), self.batch_size, shared)
        narrowest = min((self._max_in_flight or width(batch.endpoint) for batch in batches), default=1)
        scheduler = DependencyScheduler(batches, self._send_batch, narrowest, shared)
        for result in scheduler:
            self._history.deduplication.record(result)
            yield result
            if result.error is not None or should_stop():
                scheduler.stop()

    def _send_batch(self, batch: Batch) -> BatchResult:
        """Send one batch. This runs in many threads."""
        return self._failure_isolator.deliver(batch, self._history.idempotency.reserve(batch.rows))
