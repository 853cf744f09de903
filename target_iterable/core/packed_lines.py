"""Lines of the input that wait packed: they are needed again only if their record is rejected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Final

import msgspec
from isal import isal_zlib

from target_iterable.core.source import InputMessage, Line, Source

_LEVEL: Final = 0
"""The fastest one of ISA-L. It takes a few hundredths of the time that a record takes, and saves most of its line."""
_FEWEST: Final = 8
"""Lines. Fewer save less than the packing adds."""
_UNPACKED: Final = 2
"""Packs whose lines are kept when they were needed: rejects often come together."""


class _Pack(msgspec.Struct, frozen=True, eq=False, gc=False):
    """Lines, compressed together."""

    data: bytes


class PackedMessage(msgspec.Struct, frozen=True, gc=False):
    """A RECORD message in a pack, and the SCHEMA message before it; see `Source`."""

    pack: _Pack
    place: int
    schema: Line

    @property
    def record(self) -> Line:
        """RECORD message of the record, as it came."""
        return _unpacked(self.pack)[self.place]


class PackedLines:
    """The lines of a block, which are packed when the first source of them is asked for."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self._pack: _Pack | None = None

    def sources(self, places: Iterable[int], schema: Line) -> list[Source]:
        """Return the sources of records, by the places of their lines. Lines of text are kept as they are."""
        if len(self._lines) < _FEWEST or not isinstance(self._lines[0], bytes):
            return [*map(InputMessage, map(self._lines.__getitem__, places), repeat(schema))]
        if self._pack is None:
            self._pack = _Pack(isal_zlib.compress(b"\n".join(self._lines), _LEVEL))  # type: ignore[arg-type]
        return [*map(PackedMessage, repeat(self._pack), places, repeat(schema))]


@lru_cache(_UNPACKED)
def _unpacked(pack: _Pack) -> list[bytes]:
    return isal_zlib.decompress(pack.data).split(b"\n")
