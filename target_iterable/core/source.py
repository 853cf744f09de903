"""Input messages that a record comes from."""

from __future__ import annotations

from typing import Protocol, TypeAlias

import msgspec

Line: TypeAlias = str | bytes
"""A line of the input; bytes when it is read from a file."""


class Source(Protocol):
    """The input of a record, as Singer messages."""

    @property
    def record(self) -> Line:
        """RECORD message of the record."""

    @property
    def schema(self) -> Line:
        """SCHEMA message before it, as the tap wrote it."""


class InputMessage(msgspec.Struct, frozen=True, gc=False):
    """RECORD message of a record, and the SCHEMA message before it, as the tap wrote them."""

    record: Line
    schema: Line
