"""How many rejects a stream may have before the run stops: many have one cause, and it is not in the records."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_SETTING: Final = re.compile(r"(?P<number>\d+)(?P<percent>%)?")
_FEW: Final = 20
"""A share says nothing about fewer rejects than that."""


@dataclass(frozen=True)
class Allowance:
    """A count of rejects, or with `share` a percentage of the records read."""

    number: int
    share: bool

    @classmethod
    def parse(cls, text: str) -> Allowance:
        """What the setting says: `200` or `10%`.

        Raises:
            ValueError: if it says neither.
        """
        match = _SETTING.fullmatch(text)
        if match is None or (match["percent"] and int(match["number"]) > 100):  # noqa: PLR2004 (per cent)
            raise ValueError(f"must be a count such as 200, or a percentage such as 10%, not {text!r}")
        return cls(int(match["number"]), share=match["percent"] is not None)

    def exceeded(self, rejected: int, read: int) -> bool:
        """Whether `rejected` of `read` records are too many."""
        if self.share and self.number:
            return rejected > max(_FEW, read * self.number // 100)
        return rejected > self.number

    def __str__(self) -> str:
        return f"{self.number}{'%' if self.share else ''}"
