"""How exported lines become records.

`lines` says exactly what a line holds and what its id is. Nearly all lines can be read by a decoder that is
much quicker, a block of them at a time; the few where the two would not agree are left to `lines`.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import IO, Annotated, Any, Final

import msgspec

from tap_iterable.ascii_json import in_ascii
from tap_iterable.export.lines import ID_BYTES, MalformedLineError, fields_of, nested, record_id
from tap_iterable.layouts import Layouts
from tap_iterable.records import RECORD_ID, Record, Shape

_BLOCK_BYTES: Final = 1 << 16
"""Small enough that a block, its fields and its records stay in the caches of a processor."""


def blocks(spool: IO[bytes]) -> Iterator[bytes]:
    """What is in the file, in blocks of whole lines."""
    rest = b""
    while read := spool.read(_BLOCK_BYTES):
        lines, end, rest = (rest + read).rpartition(b"\n")
        if end:
            yield lines
    if rest:
        yield rest


class Rows:
    """Makes the records of one stream.

    Args:
        shape: says what the records are like.
    """

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._layouts = Layouts(shape, _checked)

    def records(self, block: bytes, odd: list[bytes]) -> list[Record]:
        """The records of the lines of a block; lines that cannot be records are added to `odd`."""
        try:
            return self._made(_rows(block))
        except _BEYOND:
            return list(self._one_by_one(block, odd))

    def _one_by_one(self, block: bytes, odd: list[bytes]) -> Iterator[Record]:
        for line in block.split(b"\n"):
            if line and not line.isspace():
                try:
                    yield self._record(line)
                except MalformedLineError:
                    odd.append(line)

    def _record(self, line: bytes) -> Record:
        """The record of one line.

        Raises:
            MalformedLineError: if the line is not one JSON object, or lacks what a record must have.
        """
        try:
            return self._made([_decoder.decode(line)])[0]
        except _BEYOND:
            return self._exact(fields_of(line))

    def _made(self, rows: list[Record]) -> list[Record]:
        """The records, made of the very fields of lines that were decoded quickly."""
        return list(map(self._layouts.record, rows))

    def _exact(self, fields: Record) -> Record:
        """The record of a line that was decoded exactly."""
        return self._shape.record(nested(fields))


class EventRows(Rows):
    """Makes the records of events, which are known by a hash of their line.

    Args:
        shape: says what the records are like.
        data_type: Iterable's name of it.
    """

    def __init__(self, shape: Shape, data_type: str) -> None:
        super().__init__(shape)
        self._data_type = data_type

    def _made(self, rows: list[Record]) -> list[Record]:
        ids = self._ids(rows)
        records = super()._made(rows)
        for record, row_id in zip(records, ids, strict=True):
            record[RECORD_ID] = row_id
        return records

    def _exact(self, fields: Record) -> Record:
        return {**super()._exact(fields), RECORD_ID: record_id(self._data_type, fields)}

    def _ids(self, rows: list[Record]) -> list[str]:
        """What `record_id` says, of fields that were decoded quickly."""
        name = self._data_type
        text = in_ascii(_encoder.encode_lines([(name, fields) for fields in rows])).replace(_DELETE, b"\\u007f")
        return [blake2b(line, digest_size=ID_BYTES).hexdigest() for line in text.splitlines()]


class UserRows(Rows):
    """Makes the records of users, which have a key that Iterable gave them.

    Args:
        shape: says what the records are like.
        key: the column that each user has; a line without it cannot be told apart from others.
    """

    def __init__(self, shape: Shape, key: str) -> None:
        super().__init__(shape)
        self._key = key

    def _made(self, rows: list[Record]) -> list[Record]:
        return list(map(self._known, super()._made(rows)))

    def _exact(self, fields: Record) -> Record:
        return self._known(super()._exact(fields))

    def _known(self, record: Record) -> Record:
        if not record.get(self._key):
            raise MalformedLineError(f"no {self._key}")
        return record


class _OddLinesError(ValueError):
    """Lines that are not one value each."""


def _rows(block: bytes) -> list[Record]:
    """The fields of each line. To the decoder the end of a line is a blank like others, so the ends are counted."""
    rows = _decoder.decode_lines(block)
    ends = block.count(b"\n")
    if not ends + 1 == block.count(b"}\n{") + 1 == len(rows):
        raise _OddLinesError
    return rows


class _OddNumberError(ValueError):
    """A number that encoders write in different ways."""


def _checked(number: float) -> float:
    """A number, unless encoders disagree on whether it is written with an exponent."""
    if _LEAST <= abs(number) < _MOST or not number:
        return number
    raise _OddNumberError


def _number(text: str) -> float:
    return _checked(float(text))


_LEAST: Final = 1e-4
_MOST: Final = 1e16

_Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Value = _Whole | float | str | bool | list[Any] | dict[str, Any] | None

# The hook is asked for numbers within objects and arrays only; those beside them are checked when layouts are applied.
_decoder: Final = msgspec.json.Decoder(dict[str, _Value], float_hook=_number)
_encoder: Final = msgspec.json.Encoder(order="deterministic")
_BEYOND: Final = (msgspec.MsgspecError, ValueError, RecursionError)
"""What is said to a line that cannot be read quickly, or would be read in another way."""

_DELETE: Final = b"\x7f"
"""The one character of ASCII that encoders disagree on."""
