"""Arrow record batches of blocks of records, column by column."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import msgspec
import pyarrow as pa
from msgspec import UNSET

from tap_iterable.batch_files.arrow_schema import MOMENT, arrow_schema
from tap_iterable.batch_files.rows import MisfitError, Rows
from tap_iterable.records.column_types import columns_of, with_nulls
from tap_iterable.records.parquet import has_json_text
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

    def of(self, rows: Rows) -> pa.RecordBatch:
        """The rows as one batch. A value that its column cannot hold is moved into `dataFields`, if there is that."""
        columns = _columns(rows)
        try:
            return self._batch(columns, len(rows))
        except _MISFITS:
            return self._batch(_columns([self._fitted(record) for record in _dictionaries(rows)]), len(rows))

    def _batch(self, columns: Mapping[str, Sequence[Any]], length: int) -> pa.RecordBatch:
        arrays = [self._array(field, columns.get(field.name), length) for field in self.schema]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _array(self, field: pa.Field, column: Sequence[Any] | None, length: int) -> pa.Array:
        values = None if column is None else _known(column)
        if values is None:
            return pa.nulls(length, field.type)
        if field.name in self._texts:
            return pa.array(_texts(values), pa.binary()).cast(pa.string())
        return _array(field.type, values)

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


def _columns(rows: Rows) -> dict[str, Sequence[Any]]:
    """The values of each column; absent ones are None or UNSET."""
    if not rows:
        return {}
    if isinstance(first := rows[0], msgspec.Struct):
        columns = columns_of(cast("Sequence[msgspec.Struct]", rows))
        return dict(zip(first.__struct_encode_fields__, columns, strict=True))
    records = _dictionaries(rows)
    return {name: [record.get(name) for record in records] for name in {name for record in records for name in record}}


def _dictionaries(rows: Rows) -> list[Record]:
    return [msgspec.to_builtins(row) if isinstance(row, msgspec.Struct) else row for row in rows]


def _known(column: Sequence[Any]) -> Sequence[Any] | None:
    """The column with None for what is absent; None for a column without a single value."""
    return None if column.count(UNSET) == len(column) else with_nulls(column)


def _array(kind: pa.DataType, values: Sequence[Any]) -> pa.Array:
    return pa.array(values, pa.string()).cast(MOMENT) if kind == MOMENT else pa.array(values, kind)


def _fits(kind: pa.DataType, value: object) -> bool:
    try:
        _array(kind, [value])
    except _MISFITS:
        return False
    return True


def _texts(values: Sequence[Any]) -> list[bytes | None]:
    """The values as JSON texts; None stays None."""
    try:
        lines = _encoder.encode_lines(values).splitlines()
    except (UnicodeEncodeError, RecursionError):
        lines = [_text(value).encode() for value in values]
    return [None if value is None else line for value, line in zip(values, lines, strict=True)]


def _text(value: object) -> str:
    """`value` as JSON in ASCII, also halves of surrogate pairs."""
    return json.dumps(msgspec.to_builtins(value))


_encoder: Final = msgspec.json.Encoder()
