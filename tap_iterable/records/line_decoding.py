"""How exported lines become records.

`lines` says exactly what a line holds and what its id is. Nearly all lines can be read by a decoder that is
much quicker, a block of them at a time; the few where the two would not agree are left to `lines`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from io import BytesIO
from itertools import repeat
from operator import attrgetter
from typing import IO, Any, Final

import msgspec
from msgspec import UNSET

from iterable_api.events.event_key import EventKeyMaker
from iterable_api.facts.event_keys import EVENT_KEYS
from tap_iterable.records.ascii_json import in_ascii
from tap_iterable.records.column_types import Line
from tap_iterable.records.line_parsing import ID_BYTES, MalformedLineError, fields_of, names_any, nested, record_id
from tap_iterable.records.record_shape import EVENT_KEY, RECORD_ID, Record, RecordShape
from tap_iterable.records.typed_line_decoder import LineType, LineTypes, TypedRecord

_BLOCK_BYTES: Final = 1 << 16
"""Small enough that lines, their fields and their records stay in the caches of a processor."""


DATED_BY: Final = "createdAt"
"""What every event has."""
_NO_EVENT: Final = "no field of an event"


def blocks(spool: IO[bytes]) -> Iterator[list[bytes]]:
    """The lines of the file that are not blank, many at a time."""
    while lines := spool.readlines(_BLOCK_BYTES):
        yield [line for line in lines if not line.isspace()]


class LineDecoder:
    """Makes the records of one stream.

    Args:
        shape: says what the records are like.

    Attributes:
        wanted: what a line must be to become a record, in words.
    """

    wanted: str

    def __init__(self, shape: RecordShape) -> None:
        self._shape = shape
        self._types = LineTypes(shape, _number)

    def records(self, block: list[bytes], odd: list[bytes]) -> Sequence[Record | TypedRecord]:
        """The records of lines, none of them blank; lines that cannot be records are added to `odd`.

        They are made in the quickest of three ways that works for the block.
        """
        try:
            return self._typed(block)
        except _BEYOND:
            pass
        try:
            return self._untyped(block)
        except _BEYOND:
            return list(self._one_by_one(block, odd))

    def is_row(self, line: bytes) -> bool:
        """Whether a line can be a record."""
        return any(True for _ in self._one_by_one([line], []))

    def _typed(self, block: list[bytes]) -> Sequence[TypedRecord]:
        line_type = self._types.current()
        lines = line_type.lines(block)
        records = self._of_lines(line_type, lines)
        self._types.fitted()
        return records

    def _untyped(self, block: list[bytes]) -> Sequence[Record]:
        rows = list(map(_decode, block))
        self._types.learn(name for row in rows for name in row)
        return self._of_rows(rows)

    def _one_by_one(self, block: list[bytes], odd: list[bytes]) -> Iterator[Record]:
        for line in block:
            try:
                yield self._of_row(fields_of(line))
            except MalformedLineError:
                odd.append(line)

    def _of_lines(self, line_type: LineType, lines: list[Line]) -> list[TypedRecord]:
        return line_type.records(lines, repeat(UNSET))

    def _of_rows(self, rows: list[Record]) -> list[Record]:
        return [self._shape.record(nested(fields)) for fields in rows]

    def _of_row(self, fields: Record) -> Record:
        """The record of a line that was read exactly."""
        return self._of_rows([fields])[0]


class EventLineDecoder(LineDecoder):
    """Makes the records of events, which are known by a hash of their line.

    An object without one field of an event is none. Each event has a `createdAt`, since the export selects by it;
    so lines that all have one need no closer look.

    Args:
        shape: says what the records are like.
        data_type: Iterable's name of it.
    """

    wanted = "object with a field of an event"

    def __init__(self, shape: RecordShape, data_type: str) -> None:
        super().__init__(shape)
        self._data_type = data_type
        self._columns = shape.columns.keys()
        self._keys = EventKeyMaker(data_type) if data_type in EVENT_KEYS else None

    def _of_lines(self, line_type: LineType, lines: list[Line]) -> list[TypedRecord]:
        dated = attrgetter(line_type.attribute(DATED_BY))
        if not all(map(dated, lines)) and not all(map(line_type.has_column, lines)):
            raise MalformedLineError(_NO_EVENT)
        return line_type.records(lines, self._ids(lines), self._keys)

    def _of_rows(self, rows: list[Record]) -> list[Record]:
        self._check(rows)
        pairs = zip(super()._of_rows(rows), self._ids(rows), strict=True)
        return [{**record, RECORD_ID: row_id, **self._key(record)} for record, row_id in pairs]

    def _of_row(self, fields: Record) -> Record:
        self._check([fields])
        (record,) = super()._of_rows([fields])
        return {**record, RECORD_ID: record_id(self._data_type, fields), **self._key(record)}

    def _key(self, record: Record) -> Record:
        return {EVENT_KEY: self._keys.key(record)} if self._keys else {}

    def _check(self, rows: list[Record]) -> None:
        if not all(names_any(self._columns, fields) for fields in rows):
            raise MalformedLineError(_NO_EVENT)

    def _ids(self, lines: Sequence[Line | Record]) -> list[str]:
        """What `record_id` says of their fields, which were decoded quickly."""
        text = in_ascii(_encoder.encode_lines(list(zip(repeat(self._data_type), lines)))).replace(_DELETE, b"\\u007f")
        return [blake2b(line, digest_size=ID_BYTES).hexdigest() for line in map(bytes.rstrip, BytesIO(text))]


class UserLineDecoder(LineDecoder):
    """Makes the records of users, which have a key that Iterable gave them.

    Args:
        shape: says what the records are like.
        key: the column that each user has; a line without it cannot be told apart from others.
    """

    def __init__(self, shape: RecordShape, key: str) -> None:
        super().__init__(shape)
        self._key = key
        self.wanted = f"user with `{key}`, which every user of the project has if `project_type` is right"

    def _of_lines(self, line_type: LineType, lines: list[Line]) -> list[TypedRecord]:
        if not all(map(attrgetter(line_type.attribute(self._key)), lines)):
            raise MalformedLineError(f"no {self._key}")
        return super()._of_lines(line_type, lines)

    def _of_rows(self, rows: list[Record]) -> list[Record]:
        records = super()._of_rows(rows)
        if not all(record.get(self._key) for record in records):
            raise MalformedLineError(f"no {self._key}")
        return records


class _OddNumberError(ValueError):
    """A number that encoders write in different ways."""


def _number(text: str) -> float:
    """A number with a point, unless encoders disagree on whether it is written with an exponent."""
    number = float(text)
    if _LEAST <= abs(number) < _MOST or not number:
        return number
    raise _OddNumberError


_LEAST: Final = 1e-4
_MOST: Final = 1e16

_decode: Final = msgspec.json.Decoder(dict[str, Any], float_hook=_number).decode
_encoder: Final = msgspec.json.Encoder(order="deterministic")
_BEYOND: Final = (msgspec.MsgspecError, ValueError, RecursionError)
"""What is said to a line that cannot be read quickly, or would be read in another way."""

_DELETE: Final = b"\x7f"
"""The one character of ASCII that encoders disagree on."""
