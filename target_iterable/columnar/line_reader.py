"""The lines of the input, many at a time, and yet none waits for those behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any, Final

from target_iterable.core.source import Line

_BLOCK: Final = 1 << 16
"""Bytes; as many as a pipe of Linux holds."""


def line_blocks(file: IO[str]) -> Iterator[list[Line]]:
    """The lines of a file or pipe, without their ends, as they come; of what has no bytes behind it, with them."""
    return _as_they_come(file) if hasattr(file, "buffer") else iter(lambda: list[Line](file.readlines(_BLOCK)), [])


def _as_they_come(file: Any) -> Iterator[list[Line]]:
    begun: list[bytes] = []
    while block := file.buffer.read1(_BLOCK):
        head, end, tail = block.rpartition(b"\n")
        if end:
            yield list[Line](b"".join([*begun, head]).split(b"\n"))
            begun = []
        begun.append(tail)
    yield [b"".join(begun)]
