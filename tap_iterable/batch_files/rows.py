"""Rows on their way into files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from iterable_api.errors import IterableError
from tap_iterable.records.record_shape import Record

Rows = Sequence[Record | msgspec.Struct]
"""Records of one form: all are dictionaries, or all are of one class."""


class MisfitError(IterableError):
    """A value that its column in Parquet cannot hold, in a stream without `dataFields`."""

    def __init__(self, columns: Sequence[str]) -> None:
        super().__init__(
            f"A value of {', '.join(columns)} is no text, number or date that Parquet can hold, and the stream has no "
            "column `dataFields` for it. Select `dataFields`, or write JSON lines"
        )


class Parts(Iterator[Rows]):
    """The rows of `blocks`, cut so that files can be made of them.

    A block is asked for only when the one before is used up: until then its stream knows that it is not written.

    Args:
        blocks: the rows.
        size: the rows of a file.

    Attributes:
        free: how many rows more the file takes.
    """

    free: int

    def __init__(self, blocks: Iterable[Rows], size: int) -> None:
        self._size = self.free = size
        self._parts = self._cut(blocks)

    def __next__(self) -> Rows:
        return next(self._parts)

    def begin_file(self) -> None:
        """Take what comes next for the rows of a new file."""
        self.free = self._size

    def _cut(self, blocks: Iterable[Rows]) -> Iterator[Rows]:
        for block in blocks:
            start, rows = 0, len(block)
            while start < rows:
                part = block if rows <= self.free and not start else block[start : start + self.free]
                start += len(part)
                self.free -= len(part)
                yield part
