"""Deliveries of all streams of a run, and the time to send."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final

from target_iterable.config.delivery_options import MAX_BUFFERED_ROWS
from target_iterable.delivery.buffer import START, Buffer, BufferLevel, Checkpoint
from target_iterable.delivery.errors import DeliveryFailedError
from target_iterable.delivery.stream_delivery import StreamDelivery

_logger: Final = logging.getLogger("target-iterable")

MAX_STATE_AGE_SECONDS: Final = 30
"""Seconds after which buffers are sent, and state moves, even if little has come."""


class RunDelivery:
    """Deliveries in the order in which the streams came.

    While one load of records is sent, the next one is read, unless `sends_in_background` is false.
    """

    def __init__(
        self,
        make_delivery: Callable[[str, BufferLevel], StreamDelivery],
        *,
        sends_in_background: bool = True,
        max_rows: int = MAX_BUFFERED_ROWS,
    ) -> None:
        self._make_delivery = make_delivery
        self._sends_in_background = sends_in_background
        self._streams: dict[str, StreamDelivery] = {}
        self._buffer_level = BufferLevel(max_rows)
        self._last_send = time.monotonic()
        self._pool = ThreadPoolExecutor(1, "delivery")
        self._sending: Future[None] | None = None
        self._last = START
        self._undelivered: list[Buffer] = []
        self._holds_back = False

    def for_stream(self, stream: str) -> StreamDelivery:
        """Return the delivery of `stream`, which all sinks of the stream share."""
        if stream not in self._streams:
            self._streams[stream] = self._make_delivery(stream, self._buffer_level)
            self._streams[stream].record_checkpoint(self._last)
        return self._streams[stream]

    def __iter__(self) -> Iterator[StreamDelivery]:
        return iter(self._streams.values())

    def is_due(self) -> bool:
        """Whether to send, or to raise the error of the last load. This bounds memory, and the age of state."""
        return self._buffer_level.is_high or time.monotonic() - self._last_send >= MAX_STATE_AGE_SECONDS

    def send_in_background(self, on_delivered: Callable[[], None]) -> None:
        """Send all buffers, then call `on_delivered`; meanwhile, more records can be read.

        While the batch size is ramped up, the last load is awaited first: if larger batches are allowed by then, and
        the buffers are not due any more, nothing is sent or called. Nothing is called either if rows are held back,
        see `hold_back`.

        Raises:
            DeliveryFailedError: if the last load was not delivered, or too many records were rejected.
            DeadLettersNotWrittenError: if rejects of it could not be stored.
        """
        in_background = self._sends_in_background and all(delivery.allows_reading_ahead for delivery in self)
        is_growing = any(delivery.is_growing for delivery in self)
        if in_background and self._sending is not None and is_growing and not self._is_due_after_last():
            return
        finish = _do_nothing if self._hold_back() else on_delivered
        if not in_background:
            self.deliver()
            finish()
            return
        for delivery in self:
            delivery.prefetch()
        self._wait()
        self._sending = self._pool.submit(self._send, self._take_buffers(), finish)

    def deliver(self) -> None:
        """Send all buffers, stream after stream: users before their events, if they came before them.

        Raises:
            DeliveryFailedError: if records were not delivered, or too many were rejected.
            DeadLettersNotWrittenError: if rejects could not be stored.
        """
        self._wait()
        self._drain(self._take_buffers())

    def deliver_before_failure(self) -> None:
        """Send what had come when the input turned out to be unreadable, unless it was a delivery that has failed."""
        try:
            self._wait()
            if not self._undelivered:
                self.deliver()
        except DeliveryFailedError as error:
            _logger.warning("What came before was not delivered either. %s", error)

    def record_state(self, state: Any, text: str) -> None:
        """Record a STATE message, which has come behind all records so far: its value, and the text of it."""
        self._last = Checkpoint(self._last.number + 1, text)
        for delivery in self:
            delivery.mirror.record_state(state)
            delivery.record_checkpoint(self._last)

    @property
    def last(self) -> Checkpoint:
        """The last STATE message that has come."""
        return self._last

    @property
    def settled(self) -> Checkpoint:
        """The last STATE message before which all records have a verdict; its text is empty if there is none."""
        waiting = [*self._undelivered, *(delivery.buffer for delivery in self)]
        return min((buffer.behind for buffer in waiting if buffer), default=self._last)

    def close(self) -> None:
        """Wait for what is being sent, close the files and emit the last metrics."""
        with suppress(Exception):
            self._wait()
        self._pool.shutdown()
        for delivery in self:
            delivery.close()

    def _is_due_after_last(self) -> bool:
        """Wait for the last load, and decide with the batch size that it has led to."""
        self._wait()
        self._buffer_level.is_high = self._buffer_level.is_full or any(delivery.is_flush_due for delivery in self)
        return self.is_due()

    def _hold_back(self) -> bool:
        """Hold back rows, if the buffer of one stream is full and state is not too old; return whether any are.

        With several streams, those behind the first would overtake what is held back.
        """
        buffered = [delivery for delivery in self if delivery.buffer]
        is_old = time.monotonic() - self._last_send >= MAX_STATE_AGE_SECONDS
        self._holds_back = self._buffer_level.is_full and not is_old and len(buffered) == 1 and buffered[0].hold_back()
        return self._holds_back

    def _take_buffers(self) -> list[tuple[StreamDelivery, Buffer]]:
        if not self._holds_back:
            self._last_send = time.monotonic()
        self._holds_back = False
        self._buffer_level.clear()
        return [(delivery, delivery.take_buffer(self._last)) for delivery in self]

    def _drain(self, buffers: Sequence[tuple[StreamDelivery, Buffer]]) -> None:
        self._undelivered = [buffer for _, buffer in buffers]
        for delivery, buffer in buffers:
            delivery.drain(buffer)
            self._undelivered.pop(0)

    def _send(self, buffers: Sequence[tuple[StreamDelivery, Buffer]], on_delivered: Callable[[], None]) -> None:
        try:
            self._drain(buffers)
            on_delivered()
        except BaseException:
            self._buffer_level.is_high = True
            raise

    def _wait(self) -> None:
        """Wait for the load that is being sent, and raise its error."""
        sending, self._sending = self._sending, None
        if sending is not None:
            sending.result()


def _do_nothing() -> None:
    """Move no state."""
