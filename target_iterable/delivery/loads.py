"""What has been read and is not sent yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from iterable_api.limits import MAX_BODY_BYTES
from target_iterable.delivery.operations import Operation
from target_iterable.delivery.refusal import Refusal
from target_iterable.delivery.rejects import Source

_MANY_BYTES: Final = 5 * MAX_BODY_BYTES


@dataclass
class Waiting:
    """What waits in all streams, in bytes of bodies; `is_much` says that it is time to send."""

    bytes: int = 0
    is_much: bool = False

    def add(self, count: int) -> None:
        """So many more bytes wait."""
        self.bytes += count
        if self.bytes >= _MANY_BYTES:
            self.is_much = True

    def clear(self) -> None:
        """Nothing waits."""
        self.bytes = 0
        self.is_much = False


@dataclass
class Load:
    """Records of one stream that are sent, rejected or passed over together.

    Attributes:
        rows: are to be sent.
        refused: cannot be sent.
        passed_over: how many there is nothing to do about.
        done: how many are written already.
    """

    rows: list[Operation] = field(default_factory=list)
    refused: list[tuple[Refusal, Source]] = field(default_factory=list)
    passed_over: int = 0
    done: int = 0

    def __len__(self) -> int:
        return len(self.rows) + len(self.refused) + self.passed_over + self.done
