"""Reads the input in blocks of lines, without waiting for a block to fill."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any, Final

from target_iterable.core.source import Line

_BLOCK: Final = 1 << 16
"""Bytes; as many as a pipe of Linux holds."""


def line_blocks(file: IO[str]) -> Iterator[list[Line]]:
    """Yield blocks of lines as they arrive: bytes without line ends, or text with them if the file has no buffer."""
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
