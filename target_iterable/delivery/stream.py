"""The delivery of one stream: what waits, what was sent, and what became of it."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from iterable_api.client import IterableClient
from target_iterable.delivery.batches import pack
from target_iterable.delivery.operations import Batch, Operation, Verdicts
from target_iterable.delivery.refusal import RecordRefusedError
from target_iterable.delivery.sender import DeliveryFailedError, Sender
from target_iterable.delivery.tally import Tally, in_brackets


class StreamDelivery:
    """Outlives the sinks of its stream: the SDK makes a new sink whenever the schema changes."""

    def __init__(self, stream: str, client: IterableClient, max_rows: int) -> None:
        self.stream = stream
        self.tally = Tally()
        self.waiting_bytes = 0
        self._sender = Sender(client, stream)
        self._max_rows = max_rows
        self._waiting: list[Operation] = []
        self._told: set[str] = set()
        self._logger = logging.getLogger(f"target-iterable.{stream}")

    def add(self, operation: Operation) -> None:
        """Take over one record, to be sent with the next `drain`.

        Raises:
            RecordRefusedError: if it is too large to be sent at all.
        """
        operation.must_fit()
        self._waiting.append(operation)
        self.waiting_bytes += len(operation.part)

    def refuse(self, refusal: RecordRefusedError) -> None:
        """Count one record that cannot be sent. Each reason is told once, then only counted."""
        self.tally.reasons[refusal.code] += 1
        self._tell_once("A record is rejected: %s. Others like it are only counted.", str(refusal))

    def drain(self) -> None:
        """Send all that waits, in order.

        Raises:
            DeliveryFailedError: if a batch failed as a whole; it and all behind it are unsent.
        """
        waiting, self._waiting, self.waiting_bytes = self._waiting, [], 0
        with self._clock():
            for batch in pack(waiting, self._max_rows):
                self._deliver(batch)
        if self.tally.unsent:
            raise DeliveryFailedError(f"Stream {self.stream!r}: the records do not add up: {self.tally}")

    def close(self) -> None:
        """Write the last metrics."""
        self._sender.close()

    def _deliver(self, batch: Batch) -> None:
        try:
            verdicts = self._sender.send(batch)
        except DeliveryFailedError as error:
            raise DeliveryFailedError(
                f"Stream {self.stream!r}: a batch of {len(batch.rows)} records was not delivered. {error} "
                "State has not moved past it: run again when the cause is gone."
            ) from error
        self.tally.requests += 1
        self._count(verdicts)

    def _count(self, verdicts: Verdicts) -> None:
        reasons = Counter(bucket for _, bucket in verdicts.rejected)
        self.tally.written += len(verdicts.written)
        self.tally.reasons += reasons
        if reasons:
            total = len(verdicts.written) + reasons.total()
            self._logger.warning("Iterable rejected %d of %d records%s.", reasons.total(), total, in_brackets(reasons))
        for field in sorted(verdicts.dropped_fields):
            self._tell_once("Iterable drops the field %r: the project does not know it and takes no new fields.", field)

    def _tell_once(self, message: str, what: str) -> None:
        if what not in self._told:
            self._told.add(what)
            self._logger.warning(message, what)

    @contextmanager
    def _clock(self) -> Iterator[None]:
        started = time.monotonic()
        try:
            yield
        finally:
            self.tally.seconds += time.monotonic() - started
