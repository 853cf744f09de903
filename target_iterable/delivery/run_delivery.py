"""Deliveries of all streams of a run, and the time to send."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from target_iterable.config.delivery_options import MAX_BUFFERED_ROWS
from target_iterable.delivery.buffer import START, Buffer, BufferLevel, Checkpoint
from target_iterable.delivery.errors import DeliveryFailedError
from target_iterable.delivery.send_window import LoadFacts, SendWindow
from target_iterable.delivery.stream_delivery import StreamDelivery

_logger: Final = logging.getLogger("target-iterable")

MAX_STATE_AGE_SECONDS: Final = 30
"""Seconds after which buffers are sent, and state moves, even if little has come."""


class RunDelivery:
    """Deliveries in the order in which the streams came.

    While loads of records are sent, the next one is read, unless `sends_in_background` is false.
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
        self._sent = SendWindow()
        self._last = START
        # By their ids: buffers are compared by what they hold.
        self._undelivered: dict[int, Buffer] = {}
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
        is_high = self._buffer_level.is_high or self._sent.has_failed
        return is_high or time.monotonic() - self._last_send >= MAX_STATE_AGE_SECONDS

    def send_in_background(self, on_delivered: Callable[[], None]) -> None:
        """Send all buffers, then call `on_delivered`; meanwhile, more records can be read.

        While the batch size is ramped up, the loads before are awaited first: if larger batches are allowed by then,
        and the buffers are not due any more, nothing is sent or called. Nothing is called either if rows are held
        back, see `hold_back`.

        Raises:
            DeliveryFailedError: if a load before was not delivered, or too many records were rejected.
            DeadLettersNotWrittenError: if rejects of it could not be stored.
        """
        in_background = self._sends_in_background and all(delivery.allows_reading_ahead for delivery in self)
        is_growing = any(delivery.is_growing for delivery in self)
        if in_background and self._sent.is_active and is_growing and not self._is_due_after_last():
            return
        finish = _do_nothing if self._hold_back() else on_delivered
        if not in_background:
            self.deliver()
            finish()
            return
        for delivery in self:
            delivery.prefetch()
        facts = self._admit()
        self._sent.start(facts, partial(self._drain, self._take_buffers()), finish)

    def deliver(self) -> None:
        """Send all buffers, stream after stream: users before their events, if they came before them.

        Raises:
            DeliveryFailedError: if records were not delivered, or too many were rejected.
            DeadLettersNotWrittenError: if rejects could not be stored.
        """
        self._sent.wait()
        self._drain(self._take_buffers())

    def deliver_before_failure(self) -> None:
        """Send what had come when the input turned out to be unreadable, unless it was a delivery that has failed."""
        try:
            self._sent.wait()
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
        waiting = [*self._undelivered.values(), *(delivery.buffer for delivery in self)]
        return min((buffer.behind for buffer in waiting if buffer), default=self._last)

    def close(self) -> None:
        """Wait for what is being sent, close the files and emit the last metrics."""
        self._sent.close()
        for delivery in self:
            delivery.close()

    def _is_due_after_last(self) -> bool:
        """Wait for the loads before, and decide with the batch size that it has led to."""
        self._sent.wait()
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
        buffers = [(delivery, delivery.take_buffer(self._last)) for delivery in self]
        self._undelivered |= {id(buffer): buffer for _, buffer in buffers}
        return buffers

    def _admit(self) -> LoadFacts:
        """Wait until what is buffered may be sent beside the loads that are on their way; return its facts."""
        match [delivery for delivery in self if delivery.buffer]:
            case [delivery]:
                facts = delivery.facts_of_load()
                delivery.record_admission(joined=self._sent.admit(facts))
            case deliveries:
                facts = LoadFacts(None, frozenset(), sum(delivery.buffer.memory for delivery in deliveries))
                self._sent.admit(facts)
        return facts

    def _drain(self, buffers: list[tuple[StreamDelivery, Buffer]]) -> None:
        """Send buffers, each of which is released when it is delivered."""
        while buffers:
            delivery, buffer = buffers[0]
            delivery.drain(buffer)
            del self._undelivered[id(buffer)], buffers[0]


def _do_nothing() -> None:
    """Move no state."""
