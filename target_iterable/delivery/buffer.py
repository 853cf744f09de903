"""Buffer of a stream, and the level of all buffers together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from iterable_api.facts.limits import MAX_BODY_BYTES
from target_iterable.core.operation import Operation
from target_iterable.core.rejection import RejectReason
from target_iterable.core.source import InputMessage

_FULL_BYTES: Final = 49 * MAX_BODY_BYTES // 10
"""Bytes: slightly less than five requests hold, so that no sixth is needed for a remainder."""


@dataclass
class BufferLevel:
    """Level of all buffers of a run.

    Attributes:
        bytes: bytes of the buffered rows and rejects.
        is_high: whether it is time to send; the signal for backpressure.
    """

    bytes: int = 0
    is_high: bool = False

    def add(self, count: int) -> None:
        """Add `count` bytes."""
        self.bytes += count
        self.is_high = self.is_high or self.is_full

    @property
    def is_full(self) -> bool:
        """Whether nothing more may be buffered."""
        return self.bytes >= _FULL_BYTES

    def clear(self) -> None:
        """Reset the level when all buffers were taken."""
        self.bytes = 0
        self.is_high = False


class Checkpoint(NamedTuple):
    """A STATE message, by its number in the run, with the text of its value."""

    number: int
    state: str


START: Final = Checkpoint(0, "")
"""Before the first STATE."""


@dataclass
class Buffer:
    """Records of one stream that are sent, rejected or skipped together.

    Attributes:
        rows: operations to be sent.
        rejected: reject reasons and input messages of records that cannot be sent.
        skipped: number of records with nothing to do.
        already_written: number of records that are written already.
        deleted: result -> records without an operation whose rows the source has deleted.
        behind: the last STATE message before the first of these records.
    """

    rows: list[Operation] = field(default_factory=list)
    rejected: list[tuple[RejectReason, InputMessage]] = field(default_factory=list)
    skipped: int = 0
    already_written: int = 0
    deleted: Counter[str] = field(default_factory=Counter)
    behind: Checkpoint = START

    def __len__(self) -> int:
        return len(self.rows) + len(self.rejected) + self.skipped + self.already_written
