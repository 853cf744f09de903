"""The deliveries of all streams of a run, and when it is time to send."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final

from target_iterable.delivery.buffer import Buffer, BufferLevel
from target_iterable.delivery.stream_delivery import StreamDelivery

MAX_STATE_AGE_SECONDS: Final = 30
"""Seconds after which state moves on, also when little has come."""


class RunDelivery:
    """One delivery per stream, in the order in which the streams came.

    While one load of records is sent, the next one is read; unless `ahead` is false.
    """

    def __init__(self, make: Callable[[str, BufferLevel], StreamDelivery], *, ahead: bool = True) -> None:
        self._make = make
        self._ahead = ahead
        self._streams: dict[str, StreamDelivery] = {}
        self._waiting = BufferLevel()
        self._since = time.monotonic()
        self._pool = ThreadPoolExecutor(1, "delivery")
        self._sending: Future[None] | None = None

    def for_stream(self, stream: str) -> StreamDelivery:
        """The delivery of `stream`, one for all sinks that the stream has in a run."""
        if stream not in self._streams:
            self._streams[stream] = self._make(stream, self._waiting)
        return self._streams[stream]

    def __iter__(self) -> Iterator[StreamDelivery]:
        return iter(self._streams.values())

    def is_due(self) -> bool:
        """Whether it is time to send, or to tell what went wrong. Bounds the memory, and the age of state."""
        return self._waiting.is_high or time.monotonic() - self._since >= MAX_STATE_AGE_SECONDS

    def send_in_background(self, then: Callable[[], None]) -> None:
        """Send what waits, and call `then` when all of it has its verdict; meanwhile, more can be read.

        If more may travel together than was known before, it waits on, and nothing is called.

        Raises:
            DeliveryFailedError: if what was sent ahead before was not delivered, or too many rejected.
            RejectsNotWrittenError: if rejects of it could not be stored.
        """
        if not self._ahead or not all(delivery.allows_reading_ahead for delivery in self):
            self.deliver()
            then()
            return
        if self._sending is not None and any(delivery.is_growing for delivery in self):
            self._await()
            self._waiting.is_high = self._waiting.is_full or any(delivery.is_flush_due for delivery in self)
            if not self.is_due():
                return
        for delivery in self:
            delivery.prefetch()
        self._await()
        self._sending = self._pool.submit(self._send, self._loads(), then)

    def deliver(self) -> None:
        """Send all that waits, stream after stream: users before their events, if they came before them.

        Raises:
            DeliveryFailedError: if records were not delivered, or too many rejected.
            RejectsNotWrittenError: if rejects could not be stored.
        """
        self._await()
        for delivery, load in self._loads():
            delivery.drain(load)

    def record_state(self, state: Any) -> None:
        """A STATE has come behind all records so far."""
        for delivery in self:
            delivery.mirror.record_state(state)

    def close(self) -> None:
        """Finish what is on its way, close the files and write the last metrics."""
        with suppress(Exception):
            self._await()
        self._pool.shutdown()
        for delivery in self:
            delivery.close()

    def _loads(self) -> list[tuple[StreamDelivery, Buffer]]:
        self._since = time.monotonic()
        self._waiting.clear()
        return [(delivery, delivery.take_buffer()) for delivery in self]

    def _send(self, loads: Sequence[tuple[StreamDelivery, Buffer]], then: Callable[[], None]) -> None:
        try:
            for delivery, load in loads:
                delivery.drain(load)
            then()
        except BaseException:
            self._waiting.is_high = True
            raise

    def _await(self) -> None:
        """Wait for what was sent ahead."""
        sending, self._sending = self._sending, None
        if sending is not None:
            sending.result()
