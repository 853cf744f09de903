"""The writer of Singer messages: lines of JSON, many records at a time where they come in blocks.

The lines are ASCII, so that no reader can take a character within them for the end of a line, or
read them in another encoding.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from itertools import chain
from types import FrameType
from typing import Any, Final, TypeAlias

import msgspec
from singer_sdk.singerlib.encoding.base import GenericSingerWriter
from singer_sdk.singerlib.encoding.simple import Message, RecordMessage, SchemaMessage
from singer_sdk.singerlib.json import serialize_json

from tap_iterable.records.ascii_json import LARGE, ascii_pieces, line_views, to_ascii
from tap_iterable.records.complete_rows import CompleteRows
from tap_iterable.records.record_shape import Record

_UNWRITABLE: Final = (UnicodeEncodeError, RecursionError)
"""Errors for halves of surrogate pairs, which JSON can hold and UTF-8 cannot, and for too deeply nested objects."""


class MessageWriter(GenericSingerWriter[bytes, Message]):
    """Writes to standard output. Records wait in its buffer until that is full or another message comes.

    Attributes:
        rows: stream, as its messages name it -> records that were written.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rows: Counter[str] = Counter()

    def serialize_message(self, message: Message) -> bytes:
        """The message as JSON, without the end of the line."""
        return _line(message.to_dict()).rstrip(b"\n")

    def write_message(self, message: Message) -> None:
        """Write one message."""
        with SIGNAL_DEFERRAL:
            _write(_line(message.to_dict()))
            if isinstance(message, RecordMessage):
                self.rows[message.stream] += 1
            else:
                sys.stdout.flush()

    def write_records(self, stream: str, records: Sequence[Record | msgspec.Struct], version: int | None) -> None:
        """Write RECORD messages, all with one time of extraction."""
        lines = _lines(partial(_RecordMessage, stream, time_extracted=datetime.now(UTC), version=version), records)
        with SIGNAL_DEFERRAL:
            for part in lines:
                _write(part)
            self.rows[stream] += len(records)


class CompleteMessageWriter(MessageWriter):
    """Writes records that have all columns of the schema that was written before them, in its order.

    That is the schema of the columns that are selected, mapped and flattened, as the records are.
    """

    def __init__(self) -> None:
        super().__init__()
        self._complete: dict[str, CompleteRows] = {}

    def write_message(self, message: Message) -> None:
        """Write one message."""
        if isinstance(message, SchemaMessage):
            self._complete[message.stream] = CompleteRows(message.schema.get("properties", {}))
        elif isinstance(message, RecordMessage):
            message.record = self._complete[message.stream].row(message.record)
        super().write_message(message)

    def write_records(self, stream: str, records: Sequence[Record | msgspec.Struct], version: int | None) -> None:
        """Write RECORD messages, all with one time of extraction."""
        super().write_records(stream, self._complete[stream].rows(records), version)


_Handler: TypeAlias = Callable[[int, FrameType | None], Any]


class _SignalDeferral:
    """Defers signals that end the run until a line is whole: the state that is then written begins a line of its own.

    If the reader has stopped, the line is never whole; `iterable_api.waiting.shutdown` ends the run then.
    """

    def __init__(self) -> None:
        self._is_writing = False
        self._deferred: tuple[_Handler, int] | None = None

    def __enter__(self) -> None:
        self._is_writing = True

    def __exit__(self, *_: object) -> None:
        self._is_writing = False
        if self._deferred is not None:
            (handler, number), self._deferred = self._deferred, None
            handler(number, None)

    def handling(self, handler: _Handler) -> _Handler:
        """Wrap the handler of a signal, so that it runs at the end of a line."""

        def handle(number: int, frame: FrameType | None) -> None:
            if self._is_writing:
                self._deferred = handler, number
            else:
                handler(number, frame)

        return handle


SIGNAL_DEFERRAL: Final = _SignalDeferral()
"""The one for standard output."""


def _write(lines: bytes) -> None:
    if hasattr(sys.stdout, "buffer"):
        rest = memoryview(lines)
        while rest:
            # Without a buffer (PYTHONUNBUFFERED), a write that a signal interrupts is partial.
            rest = rest[sys.stdout.buffer.write(rest) :]
    else:  # a replacement of standard output that takes text only
        sys.stdout.write(lines.decode())


class _RecordMessage(msgspec.Struct, tag_field="type", tag="RECORD", omit_defaults=True, gc=False):
    stream: str
    record: Record | msgspec.Struct | msgspec.Raw
    time_extracted: datetime
    version: int | None = None


def _encode_as_sdk(value: object) -> Any:
    """Encode a value that JSON has no form for, as the SDK does."""
    return str(value)


_encoder: Final = msgspec.json.Encoder(enc_hook=_encode_as_sdk, decimal_format="number")


def json_lines(records: Sequence[Record | msgspec.Struct]) -> bytes:
    """The records as lines of JSON in ASCII, without messages around them."""
    try:
        return to_ascii(_encoder.encode_lines(records))
    except _UNWRITABLE:
        return b"".join(map(_line, records))


def _lines(message: Callable[[Any], _RecordMessage], records: Sequence[Record | msgspec.Struct]) -> Iterable[bytes]:
    """The parts of the messages of all records. Only the records differ, so the text around them is encoded once."""
    try:
        text = _encoder.encode_lines(records)
    except _UNWRITABLE:
        return [_line(message(record)) for record in records]
    before, after = _line(message(_RECORD_MARK)).split(b"\n", 1)
    if len(text) > LARGE:
        return chain.from_iterable(chain([before], ascii_pieces(record), [after]) for record in line_views(text))
    return [(before + to_ascii(text).replace(b"\n", after + before)).removesuffix(before)]


_RECORD_MARK: Final = msgspec.Raw(b"\n")
"""Marks the place of the record in an encoded message: JSON on one line has no line break."""


def _line(message: object) -> bytes:
    try:
        return to_ascii(_encoder.encode(message)) + b"\n"
    except _UNWRITABLE:
        plain = msgspec.to_builtins(message, builtin_types=(Decimal, datetime), enc_hook=_encode_as_sdk)
        return serialize_json(plain).encode() + b"\n"
