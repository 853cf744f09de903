"""Rows that have every column of their stream, in one order, for loaders that take the first row for the header."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import msgspec
from msgspec import UNSET

from tap_iterable.records.column_types import struct, with_nulls
from tap_iterable.records.record_block import Column, RecordBlock
from tap_iterable.records.record_shape import Record


class CompleteRows:
    """Gives rows the columns that they lack, as nulls.

    Args:
        columns: the names of all columns, in the order that rows are to have.
    """

    def __init__(self, columns: Iterable[str]) -> None:
        self._nulls: Record = dict.fromkeys(columns)

    def row(self, record: Record) -> Record:
        """The record with all columns. What has no column stays, behind them."""
        return {**self._nulls, **record}

    def rows(self, records: Sequence[Record | msgspec.Struct]) -> Sequence[Record | msgspec.Struct]:
        """The same for many records, which are all dictionaries or all of one type."""
        if isinstance(records, RecordBlock):
            return self._typed(records)
        return [self.row(record) for record in records if isinstance(record, dict)]

    def _typed(self, records: RecordBlock) -> Sequence[Record | msgspec.Struct]:
        columns = dict(records.columns)
        absent: Column = [None] * len(records)
        made = {name: with_nulls(columns.pop(name, absent)) for name in self._nulls}
        if any(column.count(UNSET) < len(records) for column in columns.values()):
            return [self.row(msgspec.to_builtins(record)) for record in records]
        return RecordBlock(self._type, made)

    @cached_property
    def _type(self) -> type[msgspec.Struct]:
        return struct("Row", self._nulls, {})
