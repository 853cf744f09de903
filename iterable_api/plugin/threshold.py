"""Error threshold: the run stops above it, since many rejects have one cause, and it is not in the records."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_SETTING: Final = re.compile(r"(?P<number>\d+)(?P<percent>%)?")
_MIN_REJECTS: Final = 20
"""Rejects up to which a percentage says nothing."""


@dataclass(frozen=True)
class Threshold:
    """Number of records, or percentage of all."""

    number: int
    is_percentage: bool

    @classmethod
    def parse(cls, text: str) -> Threshold:
        """Parse the value of a setting: `200` or `10%`.

        Raises:
            ValueError: if it is neither a count nor a percentage.
        """
        match = _SETTING.fullmatch(text)
        if match is None or (match["percent"] and int(match["number"]) > 100):  # noqa: PLR2004 (per cent)
            raise ValueError(f"must be a count such as 200, or a percentage such as 10%, not {text!r}")
        return cls(int(match["number"]), is_percentage=match["percent"] is not None)

    def is_exceeded(self, count: int, of: int, *, minimum: int = _MIN_REJECTS) -> bool:
        """Whether `count` of `of` records are too many.

        A percentage is not exceeded by `minimum` records or fewer, unless it is 0%.
        """
        if self.is_percentage and self.number:
            return count > max(minimum, of * self.number // 100)
        return count > self.number

    def __str__(self) -> str:
        return f"{self.number}{'%' if self.is_percentage else ''}"
