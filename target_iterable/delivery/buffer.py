"""Buffer of a stream, and the level of all buffers together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final, NamedTuple

from iterable_api.facts.limits import MAX_BODY_BYTES
from target_iterable.config.delivery_options import MAX_BUFFERED_ROWS
from target_iterable.core.operation import Operation
from target_iterable.core.rejection import RejectReason
from target_iterable.core.source import Source
from target_iterable.delivery.hold_back import may_be_held, split

_FULL_BYTES: Final = 49 * MAX_BODY_BYTES // 10
"""Bytes: slightly less than five requests hold, so that no sixth is needed for a remainder."""
_REQUEST_BYTES: Final = 97 * MAX_BODY_BYTES // 100
"""Bytes of rows that surely fit into one request, although a few more come than are wanted."""
FULL_MEMORY: Final = 26_000_000
"""Bytes of memory of what waits for more. About as much may be on its way."""
ROW_MEMORY: Final = 560
"""Bytes of memory that a row takes beside its part: the operation, its names, its packed line, and their headers."""
_COPIES: Final = 2
"""Of each part: one is in the body, while the request is on its way."""

_envelope: Final = attrgetter("envelope")
_part: Final = attrgetter("part")


@dataclass
class BufferLevel:
    """Level of all buffers of a run.

    Attributes:
        max_rows: rows and rejects that may be buffered.
        rows: buffered rows and rejects.
        bytes: bytes of these.
        memory: bytes of memory that they take, see `Buffer.memory`.
        is_high: whether it is time to send; the signal for backpressure.
    """

    max_rows: int = MAX_BUFFERED_ROWS
    rows: int = 0
    bytes: int = 0
    memory: int = 0
    is_high: bool = False

    def add(self, size: int, rows: int = 1, memory: int = 0) -> None:
        """Add so many rows, which have `size` bytes and take `memory` bytes together."""
        self.rows += rows
        self.bytes += size
        self.memory += memory
        self.is_high = self.is_high or self.is_full

    @property
    def is_full(self) -> bool:
        """Whether nothing more may be buffered."""
        return self.bytes >= _FULL_BYTES or self.memory >= FULL_MEMORY or self.rows >= self.max_rows

    def clear(self) -> None:
        """Reset the level when all buffers were taken."""
        self.rows = self.bytes = self.memory = 0
        self.is_high = False


def memory_of(size: int, rows: int, row_memory: int = ROW_MEMORY) -> int:
    """Return the bytes of memory that rows take, and the bodies with them, nearly; `size` are those of their parts."""
    return _COPIES * size + row_memory * rows


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
        envelopes: ids of the envelopes of the rows. Rows of different envelopes cannot share a request.
        size: bytes of the rows.
        row_memory: bytes of memory that each row takes beside its part.
        may_be_held: whether each row can wait, see `hold_back.may_be_held`.
    """

    rows: list[Operation] = field(default_factory=list)
    rejected: list[tuple[RejectReason, Source]] = field(default_factory=list)
    skipped: int = 0
    already_written: int = 0
    deleted: Counter[str] = field(default_factory=Counter)
    behind: Checkpoint = START
    envelopes: set[int] = field(default_factory=set)
    size: int = 0
    row_memory: int = ROW_MEMORY
    may_be_held: bool = True

    def add(self, rows: Sequence[Operation]) -> int:
        """Append rows; return their bytes."""
        size = sum(map(len, map(_part, rows)))
        self.rows += rows
        self.size += size
        self.envelopes.update(map(id, map(_envelope, rows)))
        self.may_be_held = self.may_be_held and may_be_held(rows)
        return size

    @property
    def memory(self) -> int:
        """Bytes of memory that the rows take."""
        return memory_of(self.size, len(self.rows), self.row_memory)

    def rows_of_requests(self, requests: int) -> int:
        """Return how many rows like the present ones fill so many requests, or the memory that may wait."""
        by_bytes = requests * _REQUEST_BYTES * len(self.rows) // max(self.size, 1)
        by_memory = FULL_MEMORY * len(self.rows) // self.memory
        return max(1, min(by_bytes, by_memory))

    def hold_back(self) -> Buffer:
        """Remove rows that should wait for more of their kind, and return them in a buffer of their own."""
        held_back = Buffer(behind=self.behind, row_memory=self.row_memory)
        if len(self.envelopes) > 1 and self.may_be_held:
            self.rows, waiting = split(self.rows)
            held_back.add(waiting)
            self.size -= held_back.size
        return held_back

    def __len__(self) -> int:
        return len(self.rows) + len(self.rejected) + self.skipped + self.already_written
