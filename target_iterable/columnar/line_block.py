"""A block of input lines. Each line is decoded at most once, and only on demand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from singer_sdk.exceptions import InvalidInputLine

from target_iterable.core.source import Line

RECORD: Final = "RECORD"
SCHEMA: Final = "SCHEMA"
STATE: Final = "STATE"


class DecodedMessage(NamedTuple):
    """A message, and whether all its values are standard JSON; see `SingerReader`."""

    message: dict[str, Any]
    is_exact: bool


class Kind(msgspec.Struct, frozen=True, gc=False):
    """Type of a message, and its stream, if it has one."""

    type: str
    stream: str = ""


class LineBlock:
    """A block of lines.

    Args:
        decode: returns the message in a line; raises `InvalidInputLine` if there is none.
    """

    def __init__(self, lines: Sequence[Line], decode: Callable[[Line], DecodedMessage]) -> None:
        self.lines = lines
        self._decode = decode
        self._messages: dict[int, DecodedMessage] = {}
        self._kinds: dict[int, Kind | None] = {}

    def message(self, place: int) -> DecodedMessage:
        """Return the decoded message of a line.

        Raises:
            InvalidInputLine: see `decode`.
        """
        if place not in self._messages:
            self._messages[place] = self._decode(self.lines[place])
        return self._messages[place]

    def kind(self, place: int) -> Kind | None:
        """Return the kind of the message in a line; None if the line is blank or no message."""
        if place not in self._kinds:
            self._kinds[place] = self._kind(place)
        return self._kinds[place]

    def _kind(self, place: int) -> Kind | None:
        line = self.lines[place]
        try:
            return _kind_of(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            if not line.strip():
                return None
        try:
            message = self.message(place).message
            return msgspec.convert({name: message[name] for name in ("type", "stream") if name in message}, Kind)
        except (InvalidInputLine, msgspec.ValidationError):
            return None


_kind_of: Final = msgspec.json.Decoder(Kind).decode
