"""The first step of a block: lines or decoded records become fields, or are rejected by the schema of their stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from msgspec import UNSET

from target_iterable.columnar.columns import Column, attempt, picked, rejects_in
from target_iterable.columnar.record_block import RecordBlock
from target_iterable.columnar.record_decoder import NO_RECORDS, RecordType, TypedRecords, UnusualSchemaError
from target_iterable.columnar.transforms import converted
from target_iterable.core.json_encoding import exact
from target_iterable.core.rejection import RecordRejectedError, RejectReason
from target_iterable.core.source import Line
from target_iterable.records.column_mapping import ColumnMapping, Row
from target_iterable.records.deletion_marks import DeletionMarks
from target_iterable.records.record_adaptation import adapted
from target_iterable.schemas.validation import RecordValidator


class InputRecord(NamedTuple):
    """A record from a message, or the result of a stream map.

    Attributes:
        original: the record of the message, before any stream map.
        version: the version of the message, if it has one.
        is_exact: whether all its values are standard JSON; see `SingerReader`.
    """

    record: dict[str, Any]
    original: Mapping[str, Any]
    version: int | None = None
    is_exact: bool = True


class ReadRecords(NamedTuple):
    """Records after validation and column mapping.

    Attributes:
        block: the valid records.
        places: index of each valid record in the input.
        rejects: index in the input -> reject reason, for the other records.
    """

    block: RecordBlock
    places: Sequence[int]
    rejects: Mapping[int, RejectReason]


class BlockReader:
    """Reads the records of one stream.

    Args:
        mapping: maps columns to fields.
        validator: checks records; None if they are taken as they are.
        key: the key properties.
    """

    def __init__(self, mapping: ColumnMapping, validator: RecordValidator | None, key: Sequence[str]) -> None:
        self._mapping = mapping
        self._validator = validator
        self._key = key
        self._type: RecordType | None = None

    def expect_lines(self, stream: str, schema: Mapping[str, Any], deletion_marks: DeletionMarks) -> None:
        """Enable the reading of undecoded lines, if schema and mapping can be applied to whole columns.

        Records that are marked as deleted are not read this way: they are decoded one by one.
        """
        if self._mapping.moves is None:
            return
        try:
            self._type = RecordType(stream, schema, self._key, deletion_marks.marks)
        except UnusualSchemaError:
            return
        self._moves = self._mapping.moves
        columns = {
            name: (move.field, converted(move.conversion))
            for name, move in self._moves.items()
            if move.conversion is not None
        }
        # In the order in which the mapping looks at them.
        first = {name: columns[name] for name in self._key if name in columns}
        self._conversions = first | columns

    def read_lines(self, lines: Sequence[Line]) -> TypedRecords:
        """Read the lines that hold valid RECORD messages of this stream without a deletion mark."""
        if self._type is None:
            return NO_RECORDS
        typed = self._type.read(lines)
        if _are_sparse(typed):
            # A cell costs time even if it is empty. Such records are read by their own columns from now on.
            self._type = None
        return typed

    def read_columns(self, columns: Mapping[str, Column], versions: Column) -> TypedRecords:
        """Read the records of these columns that are valid, without a deletion mark; see `RecordType`."""
        return NO_RECORDS if self._type is None else self._type.read_columns(columns, versions)

    def fields_of(self, typed: TypedRecords) -> ReadRecords:
        """Return the fields of records that were read from lines."""
        count, columns = len(typed.places), typed.columns
        keys = list(zip(*(columns[name] for name in self._key), strict=True)) if self._key else [()] * count
        rejects: dict[int, RejectReason] = {}
        fields = {move.field: columns[name] for name, move in self._moves.items()}
        for name, (field, convert) in self._conversions.items():
            fields[field] = convert(columns[name])
            rejects = {**rejects_in(fields[field]), **rejects}
        if not rejects:
            return ReadRecords(RecordBlock(keys, fields), range(count), rejects)
        places = [place for place in range(count) if place not in rejects]
        fields = {name: picked(column, places) for name, column in fields.items()}
        return ReadRecords(RecordBlock([keys[place] for place in places], fields), places, rejects)

    def fields_of_records(self, records: Sequence[InputRecord], *, is_mapped: bool) -> ReadRecords:
        """Return the fields of decoded records; with `is_mapped`, stream maps may have changed any value."""
        rows: list[Row] = []
        keys: list[tuple[Any, ...]] = []
        places: list[int] = []
        rejects: dict[int, RejectReason] = {}
        for place, record in enumerate(records):
            found = attempt(self._row, record, is_mapped)
            if found.__class__ is RejectReason:
                rejects[place] = found
            else:
                row, key = found
                rows.append(row)
                keys.append(key)
                places.append(place)
        return ReadRecords(RecordBlock(keys, rows=rows), places, rejects)

    def _row(self, given: InputRecord, is_mapped: bool) -> tuple[Row, tuple[Any, ...]]:  # noqa: FBT001 (mapped over)
        record = given.record
        if self._validator is not None and not self._validator.is_valid_by_class(record):
            record = adapted(record, self._validator.schema)
            self._validator.refuse_if_invalid(record)
        for column in self._key:
            if column not in record:
                raise RecordRejectedError("missingKey", f"the key property {column!r} is missing", column)
        key = [record[column] for column in self._key]
        row = self._mapping.row(record)
        if is_mapped or not given.is_exact:
            row, key = exact(row), exact(key)
        return row, tuple(key)


def _are_sparse(typed: TypedRecords) -> bool:
    """Whether records have so few of many columns that each is read faster by itself."""
    cells = len(typed.columns) * len(typed.places)
    if len(typed.columns) < _MANY_COLUMNS or not cells:
        return False
    return sum(column.count(UNSET) for column in typed.columns.values()) > _MOSTLY * cells


_MANY_COLUMNS: Final = 100
_MOSTLY: Final = 0.85
