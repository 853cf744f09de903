"""Arrow record batches of blocks of records, column by column."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec
import pyarrow as pa
from msgspec import UNSET

from tap_iterable.batch_files.arrow_schema import arrow_schema
from tap_iterable.batch_files.arrow_values import MISFITS, array, json_text, json_texts
from tap_iterable.batch_files.nested_types import nested_type
from tap_iterable.batch_files.rows import MisfitError, Rows
from tap_iterable.records.column_types import with_nulls
from tap_iterable.records.parquet import nested_columns, text_columns
from tap_iterable.records.record_block import Column, RecordBlock
from tap_iterable.records.record_shape import REST, Record


class RecordBatches:
    """Makes record batches of one stream.

    Args:
        schema: the JSON Schema of the records.
        nested_types: whether objects whose members the schema names are structs; see `nested_columns`.
    """

    def __init__(self, schema: Mapping[str, Any], *, nested_types: bool = False) -> None:
        self.schema = arrow_schema(schema, nested_types=nested_types)
        self._texts = text_columns(schema, nested_types=nested_types)
        names = nested_columns(schema) if nested_types else ()
        self._nested = {name: nested_type(schema["properties"][name]) for name in names}

    def of(self, blocks: Sequence[Rows]) -> pa.RecordBatch:
        """The rows of `blocks` as one batch. A value that its column cannot hold is in `dataFields`, if there is that.

        Raises:
            MisfitError: if there is no such column.
        """
        try:
            return self._batch(blocks)
        except MISFITS:
            return self._batch([list(map(self._fitted, chain.from_iterable(map(_dictionaries, blocks))))])

    def _batch(self, blocks: Sequence[Rows]) -> pa.RecordBatch:
        arrays = [self._array(field, _column(field.name, blocks)) for field in self.schema]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _array(self, field: pa.Field, column: Column) -> pa.Array:
        if column[:1] == [UNSET] and column.count(UNSET) == len(column):
            return pa.nulls(len(column), field.type)
        try:
            return self._full_array(field, column)
        except MISFITS:
            if UNSET not in column:
                raise
            return self._full_array(field, with_nulls(column))

    def _full_array(self, field: pa.Field, values: Column) -> pa.Array:
        """The array of values of which none is UNSET, which is a misfit here."""
        if field.name in self._texts:
            return json_texts(values)
        if field.name in self._nested:
            return self._nested[field.name].array(msgspec.to_builtins(with_nulls(values)))
        return array(field.type, values)

    def _fitted(self, record: Record) -> Record:
        """The record with its misfits in `dataFields`, under the names of their columns."""
        parts = {name: self._split(name, value) for name, value in record.items() if name in self.schema.names}
        misfits = {name: misfit for name, (_, misfit) in parts.items() if misfit is not UNSET}
        if not misfits:
            return record
        if REST not in self.schema.names:
            raise MisfitError(sorted(misfits))
        kept = {name: value for name, (value, _) in parts.items() if value is not UNSET}
        rest = record.get(REST) or {}
        merged = _merged(json.loads(rest) if isinstance(rest, str) else rest, misfits)
        return {**kept, REST: json_text(merged) if isinstance(rest, str) else merged}

    def _split(self, name: str, value: object) -> tuple[object, object]:
        """What the column of this name can hold of a value, and what not; UNSET for nothing."""
        if name in self._nested:
            return self._nested[name].split(value)
        fits = name in self._texts or _fits(self.schema.field(name).type, value)
        return (value, UNSET) if fits else (UNSET, value)


def _merged(rest: Record, misfits: Record) -> Record:
    """Both in one object. A member of `dataFields` that is called like a column with a misfit gets its own name."""
    return {**{(f"{REST}.{name}" if name in misfits else name): value for name, value in rest.items()}, **misfits}


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


def _fits(kind: pa.DataType, value: object) -> bool:
    try:
        array(kind, [value])
    except MISFITS:
        return False
    return True
