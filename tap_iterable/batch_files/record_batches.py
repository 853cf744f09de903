"""Arrow record batches of blocks of records, column by column."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, Final

import msgspec
import pyarrow as pa
from msgspec import UNSET

from iterable_api.facts import timestamps
from tap_iterable.batch_files.arrow_schema import MOMENT, arrow_schema
from tap_iterable.batch_files.rows import MisfitError, Rows
from tap_iterable.records.column_types import with_nulls
from tap_iterable.records.memo import Memo
from tap_iterable.records.parquet import has_json_text
from tap_iterable.records.record_block import Column, RecordBlock
from tap_iterable.records.record_shape import REST, Record

_MISFITS: Final = (pa.ArrowException, OverflowError, UnicodeEncodeError, TypeError, ValueError)
"""Errors for numbers beyond 64 bits, halves of surrogate pairs and moments that Arrow does not know."""


class RecordBatches:
    """Makes record batches of one stream.

    Args:
        schema: the JSON Schema of the records.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = arrow_schema(schema)
        self._texts = frozenset(name for name, column in schema["properties"].items() if has_json_text(column))

    def of(self, blocks: Sequence[Rows]) -> pa.RecordBatch:
        """The rows of `blocks` as one batch. A value that its column cannot hold is in `dataFields`, if there is that.

        Raises:
            MisfitError: if there is no such column.
        """
        try:
            return self._batch(blocks)
        except _MISFITS:
            return self._batch([list(map(self._fitted, chain.from_iterable(map(_dictionaries, blocks))))])

    def _batch(self, blocks: Sequence[Rows]) -> pa.RecordBatch:
        arrays = [self._array(field, _column(field.name, blocks)) for field in self.schema]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _array(self, field: pa.Field, column: Column) -> pa.Array:
        if column[:1] == [UNSET] and column.count(UNSET) == len(column):
            return pa.nulls(len(column), field.type)
        values = with_nulls(column)
        return pa.array(_texts(values), pa.string()) if field.name in self._texts else _array(field.type, values)

    def _fitted(self, record: Record) -> Record:
        """The record with its misfits in `dataFields`."""
        misfits = {
            field.name: record[field.name]
            for field in self.schema
            if field.name not in self._texts and field.name in record and not _fits(field.type, record[field.name])
        }
        if not misfits:
            return record
        if REST not in self.schema.names:
            raise MisfitError(sorted(misfits))
        kept = {name: value for name, value in record.items() if name not in misfits}
        rest = record.get(REST) or {}
        if isinstance(rest, str):
            return {**kept, REST: _text({**json.loads(rest), **misfits})}
        return {**kept, REST: {**rest, **misfits}}


def _column(name: str, blocks: Sequence[Rows]) -> Column:
    """The values of one column in all blocks; absent ones are UNSET."""
    column: list[Any] = []
    for rows in blocks:
        if isinstance(rows, RecordBlock):
            column += rows.columns.get(name) or [UNSET] * len(rows)
        else:
            column += [record.get(name, UNSET) for record in _dictionaries(rows)]
    return column


def _dictionaries(rows: Rows) -> list[Record]:
    return [msgspec.to_builtins(row) if isinstance(row, msgspec.Struct) else row for row in rows]


def _array(kind: pa.DataType, values: Sequence[Any]) -> pa.Array:
    return _moments(values) if kind == MOMENT else pa.array(values, kind)


def _moments(values: Sequence[Any]) -> pa.Array:
    """Moments of texts. Arrow's own reader is for forms that the tap does not write: stream maps may."""
    try:
        return pa.array(list(map(_MICROSECONDS.__getitem__, values)), MOMENT)
    except (TypeError, ValueError):
        return pa.array(values, pa.string()).cast(MOMENT)


def _microseconds(text: str | None) -> int | None:
    """The microseconds since 1970 of a moment as the tap writes it; other texts are a ValueError."""
    if text is None:
        return None
    if len(text) != _MOMENT_CHARACTERS or not text.endswith("+00:00"):
        raise ValueError
    if text.endswith(_WHOLE_SECOND) and (seconds := timestamps.text_to_epoch_seconds(text)) is not None:
        return seconds * 1_000_000
    return (datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND


def _fits(kind: pa.DataType, value: object) -> bool:
    try:
        _array(kind, [value])
    except _MISFITS:
        return False
    return True


def _texts(values: Sequence[Any]) -> Sequence[bytes | None]:
    """The values as JSON texts; None stays None."""
    try:
        lines = _encoder.encode_lines(values).split(b"\n")[:-1]
    except (UnicodeEncodeError, RecursionError):
        lines = [_text(value).encode() for value in values]
    if None not in values:
        return lines
    return [None if value is None else line for value, line in zip(values, lines, strict=True)]


def _text(value: object) -> str:
    """`value` as JSON in ASCII, also halves of surrogate pairs."""
    return json.dumps(msgspec.to_builtins(value))


_MICROSECONDS: Final = Memo(_microseconds, 4096)
_WHOLE_SECOND: Final = ".000000+00:00"
_encoder: Final = msgspec.json.Encoder()
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_MOMENT_CHARACTERS: Final = len("2026-09-01T00:00:00.000000+00:00")
