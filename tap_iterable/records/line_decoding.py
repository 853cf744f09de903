"""Records from the lines of an export.

`line_parsing` says exactly what a line holds and what its id is. Nearly all lines can be read by a decoder that is
much quicker, a block of them at a time. A block that it refuses is read as `line_parsing` does it: the decoder learns
from that and gets a second try, and if it cannot learn anything, the block has its records from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from io import BytesIO
from itertools import filterfalse, repeat
from operator import attrgetter
from typing import IO, Any, Final

import msgspec

from iterable_api.events.event_key import EventKeyMaker
from iterable_api.facts.event_keys import EVENT_KEYS
from tap_iterable.records.ascii_json import LARGE, ascii_pieces, line_views, to_ascii
from tap_iterable.records.column_types import Line
from tap_iterable.records.line_parsing import ID_BYTES, MalformedLineError, fields_of, names_any, nested, record_id
from tap_iterable.records.record_block import RecordBlock
from tap_iterable.records.record_shape import EVENT_KEY, RECORD_ID, Record, RecordShape
from tap_iterable.records.typed_line_decoder import AdaptiveDecoder, TypedLineDecoder, TypedRecord

_BLOCK_BYTES: Final = 1 << 16
"""Small enough that lines, their fields and their records stay in the caches of a processor."""
DATED_BY: Final = "createdAt"
"""A field of every event."""
_NO_EVENT: Final = "no field of an event"


def blocks(spool: IO[bytes]) -> Iterator[list[bytes]]:
    """The lines of the file that are not blank, many at a time. A block is emptied when the next one is asked for."""
    while lines := spool.readlines(_BLOCK_BYTES):
        block = list(filterfalse(bytes.isspace, lines))
        del lines
        yield block
        # A line may be large, and whoever was given the block still has it.
        block.clear()


class LineDecoder:
    """Makes the records of one stream.

    Args:
        shape: the form of the records.

    Attributes:
        expected: in words, what a line must be to become a record.
    """

    expected: str

    def __init__(self, shape: RecordShape) -> None:
        self._shape = shape
        self._typed_decoder = AdaptiveDecoder(shape, _plain_number)

    def records(self, block: list[bytes], malformed: list[bytes]) -> Sequence[Record | TypedRecord]:
        """The records of lines, none of them blank; lines that cannot be records are added to `malformed`."""
        try:
            return self._typed(block)
        except _REFUSALS:
            rows = list(map(_parsed, block))
        if self._typed_decoder.learn([fields for fields in rows if fields is not None]):
            del rows  # They may be large.
            return self.records(block, malformed)
        records = list(map(self._exact, rows))
        malformed += [line for line, record in zip(block, records, strict=True) if record is None]
        return [record for record in records if record is not None]

    def column(self, name: str, records: Sequence[Record | TypedRecord]) -> Iterator[Any]:
        """The values of a column of records that `records` has returned together; absent ones are None or UNSET."""
        if isinstance(records, RecordBlock):
            return iter(records.columns[name])
        return (record.get(name) for record in records if isinstance(record, dict))

    def is_row(self, line: bytes) -> bool:
        """Whether a line can be a record."""
        return bool(self.records([line], []))

    def _typed(self, block: list[bytes]) -> Sequence[TypedRecord]:
        decoder = self._typed_decoder.current()
        records = self._typed_records(decoder, decoder.lines(block))
        self._typed_decoder.on_success()
        return records

    def _exact(self, fields: Record | None) -> Record | None:
        try:
            return None if fields is None else self._record(fields)
        except MalformedLineError:
            return None

    def _typed_records(self, decoder: TypedLineDecoder, lines: list[Line]) -> Sequence[TypedRecord]:
        """The records of lines that were decoded quickly.

        Raises:
            MalformedLineError: if one of the lines is no record.
        """
        return decoder.records(lines)

    def _record(self, fields: Record) -> Record:
        """The record of a line that was read exactly.

        Raises:
            MalformedLineError: if the line is no record.
        """
        return self._shape.record(nested(fields))


class EventLineDecoder(LineDecoder):
    """Makes the records of events, which are identified by a hash of their line.

    An object without a single field of an event is no event. Each event has a `createdAt`, since the export selects by
    it; so lines that all have one need no closer look.

    Args:
        shape: the form of the records.
        data_type: Iterable's name of the data type.
    """

    expected = "object with a field of an event"

    def __init__(self, shape: RecordShape, data_type: str) -> None:
        super().__init__(shape)
        self._data_type = data_type
        self._columns = shape.columns.keys()
        self._keys = EventKeyMaker(data_type) if data_type in EVENT_KEYS else None

    def _typed_records(self, decoder: TypedLineDecoder, lines: list[Line]) -> Sequence[TypedRecord]:
        dated = attrgetter(decoder.attribute(DATED_BY))
        if not all(map(dated, lines)) and not all(map(decoder.has_column, lines)):
            raise MalformedLineError(_NO_EVENT)
        return decoder.records(lines, self._ids(lines), self._keys)

    def _record(self, fields: Record) -> Record:
        if not names_any(self._columns, fields):
            raise MalformedLineError(_NO_EVENT)
        record = super()._record(fields)
        keys = {EVENT_KEY: self._keys.key(record)} if self._keys else {}
        return {**record, RECORD_ID: record_id(self._data_type, fields), **keys}

    def _ids(self, lines: Sequence[Line]) -> list[str]:
        """The ids that `record_id` gives for the fields of the lines."""
        text = _encoder.encode_lines(list(zip(repeat(self._data_type), lines)))
        if len(text) > LARGE:
            return [_hash(ascii_pieces(line)) for line in line_views(text)]
        ascii_text = to_ascii(text).replace(_DELETE, _ESCAPED_DELETE)
        return [blake2b(line, digest_size=ID_BYTES).hexdigest() for line in map(bytes.rstrip, BytesIO(ascii_text))]


def _hash(pieces: Iterable[bytes]) -> str:
    """The hash of a large line in ASCII, as Python's encoder writes it."""
    digest = blake2b(digest_size=ID_BYTES)
    for piece in pieces:
        digest.update(piece.replace(_DELETE, _ESCAPED_DELETE))
    return digest.hexdigest()


class UserLineDecoder(LineDecoder):
    """Makes the records of users, which have a key that Iterable gave them.

    Args:
        shape: the form of the records.
        key: the column that each user has; lines without it cannot be told apart.
    """

    def __init__(self, shape: RecordShape, key: str) -> None:
        super().__init__(shape)
        self._key = key
        self.expected = f"user with `{key}`, which every user of the project has if `project_type` is right"

    def _typed_records(self, decoder: TypedLineDecoder, lines: list[Line]) -> Sequence[TypedRecord]:
        if not all(map(attrgetter(decoder.attribute(self._key)), lines)):
            raise MalformedLineError(f"no {self._key}")
        return super()._typed_records(decoder, lines)

    def _record(self, fields: Record) -> Record:
        record = super()._record(fields)
        if not record.get(self._key):
            raise MalformedLineError(f"no {self._key}")
        return record


def _parsed(line: bytes) -> Record | None:
    """The fields of a line; None if it is not one JSON object."""
    try:
        return fields_of(line)
    except MalformedLineError:
        return None


class _ExponentNumberError(ValueError):
    """A number that some encoders write with an exponent and others without."""


def _plain_number(text: str) -> float:
    """A number with a point, unless encoders disagree on whether it is written with an exponent."""
    number = float(text)
    if _MIN_PLAIN <= number < _MAX_PLAIN or _MIN_PLAIN <= -number < _MAX_PLAIN or not number:
        return number
    raise _ExponentNumberError


_MIN_PLAIN: Final = 1e-4
_MAX_PLAIN: Final = 1e16
"""Bounds of the absolute values that all encoders write without an exponent."""

_encoder: Final = msgspec.json.Encoder(order="deterministic")
_REFUSALS: Final = (msgspec.MsgspecError, ValueError, RecursionError)
"""Errors for lines that cannot be read quickly, or would be read in another way."""
_DELETE: Final = b"\x7f"
"""The one character of ASCII that encoders disagree on."""
_ESCAPED_DELETE: Final = b"\\u007f"
