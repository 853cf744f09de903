"""Binary input that arrives in pieces, as from a pipe.

    reader = piped([b'{"type": "REC', b'ORD"}'])
    assert reader.read() == b'{"type": "RECORD"}'

The pieces may come from a generator, which then runs while the target reads.
"""

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
    """Reader that gets the next piece with each read. Pieces must not be empty."""
    return io.BufferedReader(_Pipe(iter(pieces)))
