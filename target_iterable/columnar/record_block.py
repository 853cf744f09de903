"""Blocks of records, before and while operations are built of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from types import MappingProxyType, NoneType
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from target_iterable.columnar.columns import Column, TypedColumn, attempt, classes_in, map_values, picked, rejects_in
from target_iterable.core.rejection import RejectReason
from target_iterable.records.column_mapping import EMPTY, Row, pop_object, without_nulls
from target_iterable.records.duplicate_fields import DuplicateFields


class RecordBlock(msgspec.Struct, frozen=True):
    """Valid records of one stream, after column mapping.

    Attributes:
        keys: values of the key properties, one tuple per record.
        fields: field -> column.
        rows: fields of each record, instead of `fields`, where the records differ in their columns. The receiver of the
            block may modify them.
    """

    keys: Sequence[tuple[Any, ...]]
    fields: Mapping[str, Column] = MappingProxyType({})
    rows: list[Row] | None = None

    def __len__(self) -> int:
        return len(self.keys)

    def records(self) -> list[Row]:
        """Return the fields of each record; the caller may modify them."""
        return rows_of(self.fields, len(self)) if self.rows is None else self.rows


class Draft:
    """Records of a block while operations are built. A record that one step rejects is gone for the next.

    Attributes:
        places: index of each record in the block.
        keys: see `RecordBlock`.
        fields: data field -> column.
        rows: data fields of each record, instead of `fields`.
        heads: columns beside the data fields; the operation builder names them.
        rejects: index in the block -> reject reason.
    """

    def __init__(self, block: RecordBlock) -> None:
        self.places: Sequence[int] = range(len(block))
        self.keys = block.keys
        self.fields: dict[str, Column] = dict(block.fields)
        self.rows = block.rows
        self.heads: dict[str, Column] = {}
        self.rejects: dict[int, RejectReason] = {}

    def __len__(self) -> int:
        return len(self.places)

    def take(self, name: str) -> Column | None:
        """Remove a field from the data fields, and return its column; None if no record has it."""
        if self.rows is None:
            return self.fields.pop(name, None)
        column = [row.pop(name, UNSET) for row in self.rows]
        return None if column.count(UNSET) == len(column) else column

    def drop(self, name: str, where: Sequence[bool]) -> None:
        """Remove a field from some records."""
        if self.rows is not None:
            for row, drops in zip(self.rows, where, strict=True):
                if drops:
                    row.pop(name, None)
        elif all(where):
            self.fields.pop(name, None)
        elif name in self.fields:
            pairs = zip(self.fields[name], where, strict=True)
            self.fields[name] = [UNSET if drops else value for value, drops in pairs]

    def put(self, name: str, column: Column) -> None:
        """Add a column to the heads, and drop the records that it rejects."""
        self.heads[name] = column
        self.reject(column)

    def reject(self, column: Column) -> None:
        """Drop the records that a column rejects."""
        if not (rejects := rejects_in(column)):
            return
        self.rejects.update({self.places[place]: reason for place, reason in rejects.items()})
        kept = [place for place in range(len(self)) if place not in rejects]
        self.places = [self.places[place] for place in kept]
        self.keys = [self.keys[place] for place in kept]
        self.fields = {name: picked(values, kept) for name, values in self.fields.items()}
        self.heads = {name: picked(values, kept) for name, values in self.heads.items()}
        self.rows = None if self.rows is None else [self.rows[place] for place in kept]

    def flatten(self, member: str, duplicates: DuplicateFields, *, clears: bool) -> None:
        """Make the members of the object `member` data fields; leave out nulls unless `clears` is set.

        A record is rejected if `member` is no object, or, where `duplicates` says so, if it contradicts another field.
        """
        objects = self.take(member)
        if objects is None or classes_in(objects) <= _NOTHING or all(value in (UNSET, *EMPTY) for value in objects):
            if not clears:
                self._drop_nulls()
            return

        def flat(value: Any, row: Row) -> Row:
            inner = value if value.__class__ is dict else {} if value is UNSET else pop_object({member: value}, member)
            return duplicates.flattened(inner, row, member, clears=clears)

        self.rows = [attempt(flat, value, row) for value, row in zip(objects, self._records(), strict=True)]
        self.fields = {}
        self.reject(self.rows)

    def refuse_names(self, refuse: Callable[[Iterable[str]], None]) -> None:
        """Reject the records with data fields of which `refuse` does not accept the names."""
        names = self.fields if self.rows is None else {name: None for row in self.rows for name in row}
        if attempt(refuse, names) is None:
            return
        self.reject([UNSET if (reason := attempt(refuse, row)) is None else reason for row in self._records()])

    def map_field(self, name: str, read: Callable[[Any], Any]) -> None:
        """Replace the values of a data field by `read` of them, which rejects nothing."""
        if self.rows is None:
            if (column := self.fields.get(name)) is not None:
                self.fields[name] = [value if value is UNSET else read(value) for value in column]
            return
        for row in self.rows:
            if name in row:
                row[name] = read(row[name])

    def map_rows(self, read: Callable[[Row], Row]) -> None:
        """Replace the data fields of each record by `read` of them."""
        self.rows = [attempt(read, row) for row in self._records()]
        self.fields = {}
        self.reject(self.rows)

    def block_of(self, some: Sequence[int]) -> RecordBlock:
        """Return a block with the data fields of some records."""
        fields = {name: picked(column, some) for name, column in self.fields.items()}
        rows = None if self.rows is None else [self.rows[place] for place in some]
        return RecordBlock([self.keys[place] for place in some], fields, rows)

    def _records(self) -> list[Row]:
        """The data fields of each record."""
        if self.rows is not None:
            return self.rows
        return rows_of(self.fields, len(self))

    def _drop_nulls(self) -> None:
        if self.rows is not None:
            self.rows = map_values(without_nulls, self.rows)
            self.reject(self.rows)
            return
        columns = {name: _without_nulls(column) for name, column in self.fields.items()}
        self.fields = columns
        for name in columns:
            self.reject(self.fields[name])


def rows_of(columns: Mapping[str, Column], count: int) -> list[Row]:
    """Return `count` records, made of these columns."""
    names = list(columns)
    values = zip(*columns.values(), strict=True) if names else repeat((), count)
    return [{name: value for name, value in zip(names, row, strict=True) if value is not UNSET} for row in values]


def _without_nulls(column: Column) -> Column:
    """Return the column without nulls, at any depth."""
    if _MAY_HOLD_NULLS.isdisjoint(classes_in(column)):
        return column
    if isinstance(column, TypedColumn):
        return column.without_nulls()
    return map_values(lambda value: UNSET if value is None else without_nulls(value), column)


_NOTHING: Final = frozenset({NoneType, UnsetType})
_MAY_HOLD_NULLS: Final = frozenset({NoneType, dict, list})
