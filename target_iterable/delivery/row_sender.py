"""Sending of the rows of one stream: in batches, several at a time, each until all its rows have a result."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from functools import partial

from iterable_api.errors import IterableError
from target_iterable.config.delivery_options import DeliveryOptions
from target_iterable.core.operation import Batch, BatchResult, Operation
from target_iterable.core.rejection import RejectReason
from target_iterable.delivery.history import StreamHistory
from target_iterable.field_types.registry import FieldTypes
from target_iterable.ledger.idempotency import Idempotency
from target_iterable.requests.batching import AdaptiveBatchSize, pack, shared_names
from target_iterable.requests.failure_isolation import FailureIsolator
from target_iterable.requests.flush_policy import width
from target_iterable.requests.grouping import grouped
from target_iterable.requests.reservation_window import MAX_RESERVED, ReservationWindow
from target_iterable.requests.scheduler import DependencyScheduler
from target_iterable.requests.sender import Sender
from target_iterable.requests.turn import Turn


class RowSender:
    """Sends rows in the order of each identity. Threads may share it if they take turns.

    Attributes:
        batch_size: limits of one request.
    """

    def __init__(
        self, sender: Sender, types: FieldTypes, options: DeliveryOptions, history: StreamHistory, turn: Turn
    ) -> None:
        self.batch_size = AdaptiveBatchSize.initial(options.max_rows)
        self._failure_isolator = FailureIsolator(sender, types, self.batch_size, trims=options.drops_clashing_fields)
        self._max_in_flight = options.max_in_flight
        self._history = history
        self._turn = turn
        self._pools: dict[int, ThreadPoolExecutor] = {}
        self._error: IterableError | None = None

    def send(self, rows: Sequence[Operation], should_stop: Callable[[], bool]) -> Generator[BatchResult]:
        """Send `rows`, and yield the results of their batches; no batch is started after an error or `should_stop`.

        It must be the turn of the caller, who passes it on while it waits for results. The iterator must be closed.
        When a batch has failed, batches that wait for a thread come back with its error, whoever has sent them.

        Raises:
            LedgerError: if results cannot be stored.
        """
        shared = shared_names(rows)
        batches = pack(grouped(rows, shared), self.batch_size, shared)
        narrowest = min((self._max_in_flight or width(batch.endpoint) for batch in batches), default=1)
        idempotency = self._history.idempotency
        reserver = _Reserver(idempotency) if idempotency.must_reserve(rows) else None
        largest = (self._max_in_flight or MAX_RESERVED) if reserver is not None else None
        scheduler = DependencyScheduler(
            batches,
            self._send_unless_failed if reserver is None else partial(self._send_batch, reserver.refused),
            narrowest,
            shared,
            reserver=reserver,
            window=ReservationWindow(narrowest, largest),
            pool=self._pool(narrowest),
            waiting=self._turn.passed_on,
        )
        with closing(iter(scheduler)) as results:
            for result in results:
                self._history.deduplication.record(result)
                yield result
                if result.error is not None or should_stop():
                    scheduler.stop()

    def close(self) -> None:
        """End the threads that send requests, none of which is busy. More rows get new ones."""
        while self._pools:
            self._pools.popitem()[1].shutdown()

    def _pool(self, width: int) -> Executor:
        """Return the threads that all rows share of which as many requests may be on their way at a time."""
        if width not in self._pools:
            self._pools[width] = ThreadPoolExecutor(width, "requests")
        return self._pools[width]

    def _send_unless_failed(self, batch: Batch) -> BatchResult:
        """Send one batch, of which nothing is reserved, unless one has failed. This runs in many threads."""
        return self._send_batch({}, batch) if self._error is None else BatchResult(batch, error=self._error)

    def _send_batch(self, refused: Mapping[Operation, RejectReason], batch: Batch) -> BatchResult:
        """Send one batch. This runs in many threads."""
        of_batch = {row: refused[row] for row in batch.rows if row in refused} if refused else {}
        result = self._failure_isolator.deliver(batch, of_batch)
        self._error = self._error or result.error
        return result


class _Reserver:
    """Reserves the idempotency keys of batches.

    Attributes:
        refused: row -> reason, for rows whose key cannot be reserved, and which must not be sent.
    """

    def __init__(self, idempotency: Idempotency) -> None:
        self.refused: dict[Operation, RejectReason] = {}
        self._idempotency = idempotency

    def reserve(self, batches: Sequence[Batch]) -> None:
        """Reserve the keys of `batches`.

        Raises:
            LedgerError: if the keys cannot be stored; then nothing may be sent.
        """
        self.refused |= self._idempotency.reserve([row for batch in batches for row in batch.rows])

    def release(self, batches: Sequence[Batch]) -> None:
        """Release the keys of `batches`, which will not be sent."""
        self._idempotency.release([row for batch in batches for row in batch.rows if row not in self.refused])
