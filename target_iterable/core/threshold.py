"""How much may go wrong before the run stops: many rejects have one cause, and it is not in the records."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_SETTING: Final = re.compile(r"(?P<number>\d+)(?P<percent>%)?")
_MIN_REJECTS: Final = 20
"""A share says nothing about fewer rejects than that."""


@dataclass(frozen=True)
class Threshold:
    """A count of records, or with `share` a percentage of all."""

    number: int
    share: bool

    @classmethod
    def parse(cls, text: str) -> Threshold:
        """What the setting says: `200` or `10%`.

        Raises:
            ValueError: if it says neither.
        """
        match = _SETTING.fullmatch(text)
        if match is None or (match["percent"] and int(match["number"]) > 100):  # noqa: PLR2004 (per cent)
            raise ValueError(f"must be a count such as 200, or a percentage such as 10%, not {text!r}")
        return cls(int(match["number"]), share=match["percent"] is not None)

    def is_exceeded(self, count: int, of: int, *, few: int = _MIN_REJECTS) -> bool:
        """Whether `count` of so many are too many. A share says nothing about fewer than `few`, unless it is 0%."""
        if self.share and self.number:
            return count > max(few, of * self.number // 100)
        return count > self.number

    def __str__(self) -> str:
        return f"{self.number}{'%' if self.share else ''}"
