"""What became of the records of one stream, in numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Tally:
    """Counts since the start of the run.

    Attributes:
        reasons: rejected records by reason: Iterable's bucket, or the code of a refusal of our own.
        requests: bulk requests that Iterable has answered; tries that had to be repeated are not counted.
        seconds: time spent on delivering, waiting for the rate limit included.
    """

    read: int = 0
    written: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    seconds: float = 0.0

    @property
    def rejected(self) -> int:
        """Records that Iterable has refused or could not have taken."""
        return self.reasons.total()

    @property
    def unsent(self) -> int:
        """Records without a verdict. Must be 0 whenever state moves on."""
        return self.read - self.written - self.rejected

    def as_dict(self) -> dict[str, Any]:
        """For the summary."""
        return {
            "read": self.read,
            "written": self.written,
            "rejected": self.rejected,
            "reasons": dict(self.reasons.most_common()),
            "unsent": self.unsent,
            "requests": self.requests,
            "seconds": round(self.seconds, 3),
        }

    def __str__(self) -> str:
        return (
            f"read {self.read}, written {self.written}, rejected {self.rejected}{in_brackets(self.reasons)}, "
            f"unsent {self.unsent}, {self.requests} requests, {self.seconds:.1f} s"
        )


def in_brackets(reasons: Counter[str]) -> str:
    """` (invalidEmails 2, forgottenEmails 1)`, the commonest first; nothing if there are none."""
    counts = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
    return f" ({counts})" if counts else ""
