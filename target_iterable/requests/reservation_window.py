"""Reservation window: how many requests of a stream may be reserved, and how many are reserved together.

A request that must not be repeated is reserved in the ledger before it is sent, and its result is stored with the next
reservations. Each of these transactions is brought to the disk, which takes longer than many a request. So requests are
reserved some time ahead, several in one transaction. After a kill, nobody knows of those that are reserved whether
Iterable has taken them; so they are few, and fewer where requests are slow.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

_LEAD_SECONDS: Final = 0.1
"""Seconds that requests are reserved ahead."""
_SHORTEST_SECONDS: Final = 1e-6
MAX_RESERVED: Final = 50
"""Requests that may be reserved, unless `max_in_flight` says less: so many records may be unclear after a kill."""


class ReservationWindow:
    """Number of requests that are reserved and whose results are not stored, those on their way included.

    Attributes:
        size: how many there may be now.
        group: how many to wait for before more are reserved.
    """

    def __init__(self, width: int, largest: int | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with the `width`, which is how many are on their way at a time; `largest` is the bound of `size`."""
        self.size = width
        self.group = 1
        self._width = width
        self._largest = max(width, largest or width)
        self._clock = clock
        self._last = clock()

    def adapt(self, answered: int) -> None:
        """Adapt to the number of requests that were answered since the last call, or since the start."""
        now = self._clock()
        lead = answered * _LEAD_SECONDS / max(now - self._last, _SHORTEST_SECONDS)
        self._last = now
        self.size = max(self._width, min(self._largest, int(lead)))
        # Never so many that fewer than the width would be on their way meanwhile.
        self.group = max(1, min(self.size // 2, self.size - self._width))

    def is_due(self, reserved: int) -> bool:
        """Whether to reserve more, when so many are reserved."""
        return reserved <= self.size - self.group
