"""Reads the input in blocks of lines, without waiting for a block to fill."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import IO, Any, Final

from target_iterable.core.source import Line

_BLOCK: Final = 1 << 16
"""Bytes; as many as a pipe of Linux holds."""


class _StoppedError(Exception):
    """Interrupts the wait for the next line."""


class StoppableInput:
    """Reads the input until it is told to stop.

    Attributes:
        stopped: whether `stop` was called.
    """

    def __init__(self) -> None:
        self.stopped = False
        self._waits = False

    def stop(self) -> None:
        """Stop, also in the midst of a wait for the next line. A handler of signals may call this."""
        self.stopped = True
        if self._waits:
            raise _StoppedError

    def blocks(self, file: IO[str]) -> Iterator[list[Line]]:
        """Yield blocks of lines until reading is stopped. Lines that a signal cuts off are not read."""
        blocks = line_blocks(file)
        while not self.stopped:
            self._waits = True
            try:
                lines = next(blocks, None)
            except _StoppedError:
                return
            finally:
                self._waits = False
            if lines is None:
                return
            yield lines


def line_blocks(file: Any) -> Iterator[list[Line]]:
    """Yield blocks of lines as they arrive: bytes without line ends, or text with them if the file has no buffer."""
    return (
        _as_they_come(lambda: file.buffer.read1(_BLOCK))
        if hasattr(file, "buffer")
        else iter(lambda: list[Line](file.readlines(_BLOCK)), [])
    )


def whole_lines(read: Callable[[], bytes]) -> Generator[list[Line], None, bytes]:
    """Yield the lines that end in the blocks that `read` returns; return what is left behind the last line end."""
    begun: list[bytes] = []
    while block := read():
        head, end, tail = block.rpartition(b"\n")
        if end:
            yield list[Line](b"".join([*begun, head]).split(b"\n"))
            begun = []
        begun.append(tail)
    return b"".join(begun)


def _as_they_come(read: Callable[[], bytes]) -> Iterator[list[Line]]:
    yield [(yield from whole_lines(read))]
