"""What has been read and is not sent yet."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from iterable_api.facts.limits import MAX_BODY_BYTES
from target_iterable.core.operation import Operation
from target_iterable.core.rejection import RejectReason
from target_iterable.core.source import InputMessage

_MANY_BYTES: Final = 49 * MAX_BODY_BYTES // 10
"""A little less than five requests hold, so that no sixth is needed for what does not fit."""


@dataclass
class BufferLevel:
    """What waits in all streams, in bytes of bodies; `is_high` says that it is time to send."""

    bytes: int = 0
    is_high: bool = False

    def add(self, count: int) -> None:
        """So many more bytes wait."""
        self.bytes += count
        self.is_high = self.is_high or self.is_full

    @property
    def is_full(self) -> bool:
        """Whether no more may wait, whatever it is."""
        return self.bytes >= _MANY_BYTES

    def clear(self) -> None:
        """Nothing waits."""
        self.bytes = 0
        self.is_high = False


@dataclass
class Buffer:
    """Records of one stream that are sent, rejected or passed over together.

    Attributes:
        rows: are to be sent.
        rejected: cannot be sent.
        skipped: how many there is nothing to do about.
        already_written: how many are written already.
        deleted: how many of those that are refused or passed over the source has deleted, by what became of them.
    """

    rows: list[Operation] = field(default_factory=list)
    rejected: list[tuple[RejectReason, InputMessage]] = field(default_factory=list)
    skipped: int = 0
    already_written: int = 0
    deleted: Counter[str] = field(default_factory=Counter)

    def __len__(self) -> int:
        return len(self.rows) + len(self.rejected) + self.skipped + self.already_written
