"""A block of input lines. Each line is decoded at most once, and only on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

import msgspec
from singer_sdk.exceptions import InvalidInputLine

from target_iterable.columnar.columns import Column
from target_iterable.columnar.record_decoder import TypedRecords
from target_iterable.core.packed_lines import PackedLines
from target_iterable.core.source import Line, Source

RECORD: Final = "RECORD"
SCHEMA: Final = "SCHEMA"
STATE: Final = "STATE"
BATCH: Final = "BATCH"


class DecodedMessage(NamedTuple):
    """A message, and whether all its values are standard JSON; see `SingerReader`."""

    message: dict[str, Any]
    is_exact: bool


class Kind(msgspec.Struct, frozen=True, gc=False):
    """Type of a message, and its stream, if it has one."""

    type: str
    stream: str = ""


class RecordReader(Protocol):
    """Reads many records of one stream at a time; see `BlockReader`."""

    def read_lines(self, lines: Sequence[Line]) -> TypedRecords:
        """See `BlockReader`."""

    def read_columns(self, columns: Mapping[str, Column], versions: Column) -> TypedRecords:
        """See `BlockReader`."""


class MessageBlock(Protocol):
    """A block of messages. Each is known by its place, from 0.

    Attributes:
        stream: the stream whose records all of them are, if they come from a file; else empty.
    """

    stream: str

    def __len__(self) -> int:
        """How many messages there are."""

    def line(self, place: int) -> Line:
        """Return a message as a line of Singer."""

    def message(self, place: int) -> DecodedMessage:
        """Return a decoded message.

        Raises:
            InvalidInputLine: if the line is none.
        """

    def kind(self, place: int) -> Kind | None:
        """Return the kind of a message; None if the line is blank or no message."""

    def typed(self, reader: RecordReader, start: int, end: int) -> TypedRecords:
        """Return those records from `start` up to `end` that the reader takes; places count from `start`."""

    def sources(self, places: Iterable[int], schema: Line) -> list[Source]:
        """Return the sources of records."""

    def describe(self, place: int) -> str:
        """Return where a message is, for people."""


class LineBlock:
    """A block of lines; see `MessageBlock`.

    Args:
        decode: returns the message in a line; raises `InvalidInputLine` if there is none.
        before: the number of lines before the block.
        stream: see `MessageBlock`.
        file: the name of the file, if the lines come from one.
    """

    def __init__(
        self,
        lines: Sequence[Line],
        decode: Callable[[Line], DecodedMessage],
        before: int = 0,
        *,
        stream: str = "",
        file: str = "",
    ) -> None:
        self.stream = stream
        self._lines = lines
        self._packed = PackedLines(lines)
        self._decode = decode
        self._before = before
        self._file = f" of {file}" if file else ""
        self._messages: dict[int, DecodedMessage] = {}
        self._kinds: dict[int, Kind | None] = {}

    def __len__(self) -> int:
        return len(self._lines)

    def line(self, place: int) -> Line:
        """See `MessageBlock`."""
        return self._lines[place]

    def typed(self, reader: RecordReader, start: int, end: int) -> TypedRecords:
        """See `MessageBlock`."""
        return reader.read_lines(self._lines[start:end])

    def sources(self, places: Iterable[int], schema: Line) -> list[Source]:
        """See `MessageBlock`."""
        return self._packed.sources(places, schema)

    def describe(self, place: int) -> str:
        """See `MessageBlock`."""
        return f"line {self._before + place + 1:,}{self._file}"

    def message(self, place: int) -> DecodedMessage:
        """See `MessageBlock`."""
        if place not in self._messages:
            self._messages[place] = self._decode(self._lines[place])
        return self._messages[place]

    def kind(self, place: int) -> Kind | None:
        """See `MessageBlock`."""
        if place not in self._kinds:
            self._kinds[place] = self._kind(place)
        return self._kinds[place]

    def _kind(self, place: int) -> Kind | None:
        line = self._lines[place]
        if self.stream:
            return Kind(RECORD, self.stream) if line.strip() else None
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
