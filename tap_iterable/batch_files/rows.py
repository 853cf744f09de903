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


def parts(blocks: Iterable[Rows], size: int) -> Iterator[tuple[Rows, bool]]:
    """The rows of `blocks`, cut so that files of `size` rows can be made of them; whether a file ends with each.

    A block is asked for only when the one before is used up: until then its stream knows that it is not written.
    """
    free = size
    for block in blocks:
        start = 0
        while start < len(block):
            part = block[start : start + free]
            start += len(part)
            free -= len(part)
            yield part, not free
            free = free or size
