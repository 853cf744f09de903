"""Group commit: one thread stores in one transaction whatever has arrived while it was busy with the one before."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final, NamedTuple

from iterable_webhooks.ingest.deadlines import Deadlines
from iterable_webhooks.ingest.errors import StoreSlowError
from iterable_webhooks.ingest.metrics import Metrics
from iterable_webhooks.ingest.pending_bytes import PendingBytes
from iterable_webhooks.store.appending import Appender
from iterable_webhooks.store.errors import WebhookStoreError
from iterable_webhooks.store.events import Delivery, MalformedBody

MOST_ROWS: Final = 1_000
"""Rows of one transaction."""
_MOST_BYTES: Final = 1_000_000
"""Bytes of the bodies of one transaction, beyond its first row."""

_logger: Final = logging.getLogger(__name__)


class _Waiting(NamedTuple):
    row: Delivery | MalformedBody | None
    committed: asyncio.Future[None]


class GroupCommit:
    """Stores rows that requests bring, and tells each when its row is on the disk.

    Args:
        appender: stores them; only the thread of this uses it.
        pending: counts the bytes of rows until they are committed or given up.
        metrics: counts commits.
        timeout: seconds that a row may wait for its commit.
        most_rows: rows of one transaction.
    """

    def __init__(
        self, appender: Appender, pending: PendingBytes, metrics: Metrics, timeout: float, most_rows: int = MOST_ROWS
    ) -> None:
        self._appender = appender
        self._pending = pending
        self._metrics = metrics
        self._timeout = timeout
        self._deadlines = Deadlines(timeout)
        self._most_rows = most_rows
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="group-commit", daemon=True)
        self._works = True

    def start(self) -> None:
        """Begin to store; to be called in the event loop of the requests."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def stop(self) -> None:
        """Store what still waits, and end; a store that does not answer is not waited for longer than a row waits."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join, self._timeout)

    async def store(self, row: Delivery | MalformedBody | None) -> None:
        """Return when the row is on the disk. Without a row, when a commit says that the store works.

        Whatever comes of it, the bytes of the row, which the caller has counted as pending, are taken off here.

        Raises:
            WebhookStoreError: if the store did not take it.
            StoreSlowError: if that takes too long.
        """
        committed = self._loop.create_future()
        self._deadlines.add(committed)
        self._queue.put(_Waiting(row, committed))
        try:
            await committed
        except TimeoutError:
            raise StoreSlowError from None

    def _run(self) -> None:
        while rows := self._next():
            failure = self._commit(rows)
            self._loop.call_soon_threadsafe(self._answer, rows, failure)

    def _next(self) -> list[_Waiting]:
        """Wait for rows and return all that have arrived; none at the end."""
        first = self._queue.get()
        rows: list[_Waiting] = []
        size = 0
        while first is not None:
            rows.append(first)
            size += _size(first)
            if len(rows) >= self._most_rows or size >= _MOST_BYTES:
                return rows
            try:
                first = self._queue.get_nowait()
            except Empty:
                return rows
        if rows:
            self._queue.put(None)
        return rows

    def _commit(self, waiting: Sequence[_Waiting]) -> WebhookStoreError | None:
        rows = [one.row for one in waiting if not one.committed.done()]  # the others were answered: it took too long
        deliveries = [row for row in rows if isinstance(row, Delivery)]
        malformed = [row for row in rows if isinstance(row, MalformedBody)]
        began = time.perf_counter()
        try:
            self._appender.append(deliveries, malformed)
        except Exception as error:  # noqa: BLE001 (if the thread ended, nothing would be stored any more)
            failure = error if isinstance(error, WebhookStoreError) else WebhookStoreError(error)
            self._metrics.failed_commits.inc()
            self._tell(failure)
            return failure
        self._metrics.committed(deliveries, len(malformed), time.perf_counter() - began)
        self._tell(None)
        return None

    def _tell(self, failure: WebhookStoreError | None) -> None:
        """Log the first failure and the first success behind it, and not each."""
        if failure and self._works:
            _logger.error("%s Deliveries are answered 503 until it works again.", failure)
        elif not failure and not self._works:
            _logger.info("The store of received webhooks works again.")
        self._works = failure is None

    def _answer(self, waiting: Sequence[_Waiting], failure: WebhookStoreError | None) -> None:
        for one in waiting:
            self._pending.remove(_size(one))
            if one.committed.done():
                continue
            if failure:
                one.committed.set_exception(failure)
            else:
                one.committed.set_result(None)
        self._deadlines.forget_done()


def _size(waiting: _Waiting) -> int:
    return len(waiting.row.body) if waiting.row else 0
