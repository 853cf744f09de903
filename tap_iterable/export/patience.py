"""How long and how large the answer for a wide window may get, before narrower ones are the better way."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tap_iterable.export.windows import OversizeError

SECONDS: Final = 60.0
"""Four windows would have waited as long for the limit of `data.json`."""
BYTES: Final = 256_000_000
"""So much fits on the disk of a small container."""


class TooWideError(OversizeError):
    """The answer for a wide window lasts too long, or is too large for being worth a try."""


@dataclass(frozen=True)
class Taken:
    """What a window has taken.

    Attributes:
        seconds: the time from the first byte of its answer to the last.
        size: bytes.
    """

    seconds: float
    size: int

    @property
    def room(self) -> float:
        """How many times as long a window may be that is to take half of what a wide one may take."""
        return 1 / max(2 * self.seconds / SECONDS, 2 * self.size / BYTES, 1e-9)


UNKNOWN: Final = Taken(math.inf, 0)
"""What an export job takes says nothing about answers."""


class Patience:
    """Follows an answer while it comes.

    Args:
        now: gives seconds.
        limit: bytes that any answer may have.
        is_wide: whether the answer is for a wide window. Other answers may take as long as they take.
    """

    def __init__(self, now: Callable[[], float], limit: int, *, is_wide: bool) -> None:
        self._now = now
        self._limit = limit
        self._is_wide = is_wide
        self._began = 0.0
        self.taken = Taken(0.0, 0)

    def begin(self) -> None:
        """The first byte is about to come."""
        self._began = self._now()

    def see(self, name: str, size: int) -> None:
        """Another block of the answer `name` has come, `size` bytes in all.

        Raises:
            OversizeError: if it is larger than any answer may be.
            TooWideError: if it is not worth waiting for the rest.
        """
        if size > self._limit:
            raise OversizeError(
                f"{name}: the answer is larger than the {self._limit // 1_000_000} MB of `spool_limit_mb`"
            )
        self.taken = Taken(self._now() - self._began, size)
        if self._is_wide and (self.taken.seconds > SECONDS or size > BYTES):
            raise TooWideError(
                f"{name}: the answer is longer than a minute or than {BYTES // 1_000_000} MB, so its time range is "
                "read in narrower windows"
            )
