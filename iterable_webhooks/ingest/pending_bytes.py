"""A bound on the bytes of bodies that are in memory, so that a burst cannot take more of it than is allowed."""

from __future__ import annotations

from iterable_webhooks.ingest.errors import OverloadedError


class PendingBytes:
    """Counts bytes of bodies that are being received or wait for their commit.

    Args:
        limit: the most bytes that there may be.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.count = 0

    def add(self, number: int) -> None:
        """Count bytes that have come.

        Raises:
            OverloadedError: if they are too many; they are not counted then.
        """
        if self.count + number > self._limit:
            raise OverloadedError
        self.count += number

    def remove(self, number: int) -> None:
        """Count bytes no longer."""
        self.count -= number
