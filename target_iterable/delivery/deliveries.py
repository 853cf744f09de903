"""The deliveries of all streams of a run, and when it is time to send."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

from iterable_api.limits import MAX_BODY_BYTES
from target_iterable.delivery.stream import StreamDelivery

REQUESTS: Final = 10
"""So many requests' worth of messages wait before they are sent, so that packing has something to choose from."""

_MANY_BYTES: Final = 4 * MAX_BODY_BYTES
LONG_TIME: Final = 30
"""Seconds after which state moves on, also when little has come."""


class Deliveries:
    """One delivery per stream, in the order in which the streams came."""

    def __init__(self, make: Callable[[str], StreamDelivery], max_rows: int) -> None:
        self._make = make
        self._many = REQUESTS * max_rows
        self._streams: dict[str, StreamDelivery] = {}
        self.begin_anew()

    def of(self, stream: str) -> StreamDelivery:
        """The delivery of `stream`, one for all sinks that the stream has in a run."""
        if stream not in self._streams:
            self._streams[stream] = self._make(stream)
        return self._streams[stream]

    def __iter__(self) -> Iterator[StreamDelivery]:
        return iter(self._streams.values())

    def begin_anew(self) -> None:
        """Count messages and seconds from here."""
        self._messages = 0
        self._since = time.monotonic()

    def is_due(self) -> bool:
        """Whether it is time to send, now that one more message has come. Bounds the memory, and the age of state."""
        self._messages += 1
        return (
            self._messages >= self._many
            or sum(delivery.waiting_bytes for delivery in self) >= _MANY_BYTES
            or time.monotonic() - self._since >= LONG_TIME
        )

    def deliver(self) -> None:
        """Send all that waits, stream after stream: users before their events, if they came before them.

        Raises:
            DeliveryFailedError: if records were not delivered, or too many rejected.
            RejectsNotWrittenError: if rejects could not be stored.
        """
        for delivery in self:
            delivery.drain()

    def close_with_state(self) -> None:
        """A STATE has come behind all records so far."""
        for delivery in self:
            delivery.mirror.close()

    def close(self) -> None:
        """Close the files and write the last metrics."""
        for delivery in self:
            delivery.close()
