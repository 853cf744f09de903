"""A block of rows of a columnar file: whole columns where that is enough, and RECORD messages on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import repeat
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import simplejson
from msgspec import UNSET
from pyarrow import types

from target_iterable.batch_files.arrow_columns import holds_no_number, values_of
from target_iterable.batch_files.batch_message import BatchMessage
from target_iterable.batch_files.typed_columns import Moments, Scalars
from target_iterable.columnar.columns import Column
from target_iterable.columnar.line_block import RECORD, DecodedMessage, Kind, RecordReader
from target_iterable.columnar.record_decoder import NO_RECORDS, TypedRecords
from target_iterable.core.source import Line, Source

_CHUNK: Final = 64
"""Rows that become lines together."""
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


class Rows:
    """Rows of a file, which can become RECORD messages at any time.

    Args:
        batch: the rows.
        message: the BATCH message that names the file.
    """

    def __init__(self, batch: pa.RecordBatch, message: BatchMessage) -> None:
        self.batch = batch
        self.message = message

    def lines(self, start: int, count: int) -> list[bytes]:
        """Return the RECORD messages of rows."""
        part = self.batch.slice(start, count)
        columns = {name: values_of(part.column(name)) for name in part.schema.names}
        encode = _encode_all if any(map(holds_no_number, part.columns)) else _encode
        return [encode(self._message(dict(zip(columns, row, strict=True)))) for row in _rows(columns, len(part))]

    def _message(self, record: dict[str, Any]) -> dict[str, Any]:
        version = {} if self.message.version is None else {"version": self.message.version}
        return {"type": RECORD, "stream": self.message.stream, **version, "record": record}


class RowSource(msgspec.Struct, frozen=True, gc=False):
    """The source of a record that is a row of a file; see `Source`."""

    rows: Rows
    place: int
    schema: Line

    @property
    def record(self) -> Line:
        """See `Source`."""
        (line,) = self.rows.lines(self.place, 1)
        return line


class RowBlock:
    """A block of rows; see `MessageBlock`.

    Args:
        rows: the rows.
        decode: decodes a RECORD message.
        before: the number of rows before the block.
        file: the name of the file, for people.
    """

    def __init__(self, rows: Rows, decode: Callable[[Line], DecodedMessage], before: int, file: str) -> None:
        self.stream = rows.message.stream
        self._rows = rows
        self._decode = decode
        self._before = before
        self._file = file
        self._columns = _Columns(rows.batch)
        self._lines: dict[int, list[bytes]] = {}
        self._messages: dict[int, DecodedMessage] = {}

    def __len__(self) -> int:
        return len(self._rows.batch)

    def line(self, place: int) -> Line:
        """See `MessageBlock`."""
        chunk, offset = divmod(place, _CHUNK)
        if chunk not in self._lines:
            self._lines[chunk] = self._rows.lines(chunk * _CHUNK, _CHUNK)
        return self._lines[chunk][offset]

    def message(self, place: int) -> DecodedMessage:
        """See `MessageBlock`."""
        if place not in self._messages:
            self._messages[place] = self._decode(self.line(place))
        return self._messages[place]

    def kind(self, place: int) -> Kind | None:
        """See `MessageBlock`."""
        del place
        return Kind(RECORD, self.stream)

    def typed(self, reader: RecordReader, start: int, end: int) -> TypedRecords:
        """See `MessageBlock`."""
        columns = self._columns.part(start, end)
        places: Sequence[int] = range(end - start)
        if columns.hold_no_number:
            places = columns.places_of_numbers()
            columns = columns.picked(places)
        if columns.hold_no_number or not places:
            return NO_RECORDS
        version = self._rows.message.version
        typed = reader.read_columns(columns, [UNSET if version is None else version] * len(places))
        return typed if len(places) == end - start else typed._replace(places=[places[at] for at in typed.places])

    def sources(self, places: Iterable[int], schema: Line) -> list[Source]:
        """See `MessageBlock`."""
        return [*map(RowSource, repeat(self._rows), places, repeat(schema))]

    def describe(self, place: int) -> str:
        """See `MessageBlock`."""
        return f"row {self._before + place + 1:,} of {self._file}"


class _Columns(Mapping[str, Column]):
    """Columns of a block, read when they are asked for."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self._batch = batch
        self._read: dict[str, Column] = {}

    @property
    def hold_no_number(self) -> bool:
        return any(map(holds_no_number, self._batch.columns))

    def places_of_numbers(self) -> list[int]:
        """Return the rows of which no column of numbers is NaN or infinity."""
        floats = [column for column in self._batch.columns if types.is_floating(column.type)]
        is_odd = [pc.invert(pc.is_finite(column)).fill_null(fill_value=False).to_pylist() for column in floats]
        return [place for place, odd in enumerate(zip(*is_odd, strict=True)) if not any(odd)]

    def picked(self, places: Sequence[int]) -> _Columns:
        """Return the columns of some rows."""
        return _Columns(self._batch.take(pa.array(places, pa.int64())))

    def part(self, start: int, end: int) -> _Columns:
        """Return the columns of some rows."""
        return self if end - start == len(self._batch) else _Columns(self._batch.slice(start, end - start))

    def __getitem__(self, name: str) -> Column:
        if name not in self._read:
            self._read[name] = _typed(self._batch.column(name))
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._batch.schema.names)

    def __len__(self) -> int:
        return len(self._batch.schema.names)

    def __contains__(self, name: object) -> bool:
        return name in self._batch.schema.names


def _typed(array: pa.Array) -> Column:
    """Return a column of a file; a list where nothing is gained by its type.

    Raises:
        TypeError: see `values_of`.
    """
    if isinstance(array.type, pa.BaseExtensionType):
        return _typed(array.storage)
    if types.is_dictionary(array.type):
        return _typed(array.dictionary_decode())
    if types.is_large_string(array.type) or types.is_string_view(array.type):
        return _typed(array.cast(pa.string()))
    if types.is_timestamp(array.type):
        return Moments(array)
    class_ = _class_of(array.type)
    return values_of(array) if class_ is None else Scalars(array, class_)


def _class_of(kind: pa.DataType) -> type | None:
    return next((class_ for is_type, class_ in _CLASSES if is_type(kind)), None)


def _is_with_point(kind: pa.DataType) -> bool:
    return bool(types.is_floating(kind) or (types.is_decimal(kind) and kind.scale > 0))


_CLASSES: Final[Sequence[tuple[Callable[[pa.DataType], bool], type]]] = (
    (types.is_string, str),
    (types.is_boolean, bool),
    (_is_with_point, Decimal),
    (types.is_integer, int),
    (types.is_decimal, int),
)
"""Whether a type is of a kind, and the class of its values."""


def _rows(columns: Mapping[str, Column], count: int) -> Iterable[Sequence[Any]]:
    return zip(*columns.values(), strict=True) if columns else [()] * count


def _encode_all(message: dict[str, Any]) -> bytes:
    """Encode a message with NaN or infinity, as Python writes them."""
    return simplejson.dumps(message, use_decimal=True, allow_nan=True, separators=(",", ":")).encode()
