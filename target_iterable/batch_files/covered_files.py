"""Deletion of files whose records are delivered for certain."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from target_iterable.batch_files.errors import reason_of
from target_iterable.batch_files.locations import Location

_logger: Final = logging.getLogger("target-iterable")


class CoveredFiles:
    """Files that are read to their end, and deleted when a state that came behind them is written.

    Args:
        delete: deletes a file.
    """

    def __init__(self, delete: Callable[[Location], None]) -> None:
        self._delete = delete
        self._files: deque[tuple[int, Location]] = deque()

    def add(self, states: int, file: Location) -> None:
        """Add a file that was read behind so many STATE messages."""
        self._files.append((states, file))

    def delete(self, states: int) -> None:
        """Delete the files before the STATE message of this number, counted from 1. One that stays is told."""
        while self._files and self._files[0][0] < states:
            _, file = self._files.popleft()
            try:
                with suppress(FileNotFoundError):
                    self._delete(file)
            except Exception as error:  # noqa: BLE001 (each storage has errors of its own)
                _logger.warning("The BATCH file %r is delivered, but it stays: it %s.", str(file), reason_of(error))
