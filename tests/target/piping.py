"""Input that comes bit by bit, as through a pipe."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any


class _Pipe(io.RawIOBase):
    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = next(self._pieces, b"")
        memoryview(buffer)[: len(piece)] = piece
        return len(piece)


def piped(pieces: Iterable[bytes]) -> io.BufferedReader:
    """A pipe of which each read gives the next piece; none is empty."""
    return io.BufferedReader(_Pipe(iter(pieces)))
