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
        members: name -> column, beside `fields`, for members of the object that `Draft.flatten` looks for.
    """

    keys: Sequence[tuple[Any, ...]]
    fields: Mapping[str, Column] = MappingProxyType({})
    rows: list[Row] | None = None
    members: Mapping[str, Column] = MappingProxyType({})

    def __len__(self) -> int:
        return len(self.keys)

    def records(self) -> list[Row]:
        """Return the fields of each record; the caller may modify them."""
        return rows_of(self.fields, len(self)) if self.rows is None else self.rows

    def column(self, name: str) -> Column | None:
        """Return the values of a field; None if no record has it."""
        return _column(name, self.fields, self.rows)

    def record(self, place: int) -> Row:
        """Return the fields of one record; the caller may not modify them."""
        return _record(place, self.fields, self.rows)

    def some(self, places: Sequence[int]) -> RecordBlock:
        """Return the block of some records, without `members`."""
        if len(places) == len(self):
            return self
        fields = {name: picked(column, places) for name, column in self.fields.items()}
        rows = None if self.rows is None else [self.rows[place] for place in places]
        return RecordBlock([self.keys[place] for place in places], fields, rows)


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
        self._members: dict[str, Column] = dict(block.members)
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

    def give(self, name: str, column: Column) -> None:
        """Make a column a data field, which no record has yet."""
        if self.rows is None:
            self.fields[name] = column
            return
        for row, value in zip(self.rows, column, strict=True):
            if value is not UNSET:
                row[name] = value

    def values(self, name: str) -> Column | None:
        """Return the column of a data field; None if no record has it."""
        return _column(name, self.fields, self.rows)

    def row(self, place: int) -> Row:
        """Return the data fields of one record; the caller may not modify them."""
        return _record(place, self.fields, self.rows)

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
        self._members = {name: picked(values, kept) for name, values in self._members.items()}
        self.rows = None if self.rows is None else [self.rows[place] for place in kept]

    def flatten(self, member: str, duplicates: DuplicateFields, *, clears: bool) -> None:
        """Make the members of the object `member` data fields; leave out nulls unless `clears` is set.

        A record is rejected if `member` is no object, or, where `duplicates` says so, if it contradicts another field.
        """
        objects = self._objects(member)
        if objects is None or classes_in(objects) <= _NOTHING or all(value in (UNSET, *EMPTY) for value in objects):
            if not clears:
                self._drop_nulls()
            return
        if clears and self.rows is None and classes_in(objects) == {dict} and self._agree_with(objects):
            outer = rows_of(self.fields, len(self)) if self.fields else repeat({})
            self.rows = [{**one, **other} for one, other in zip(objects, outer, strict=False)]
            self.fields = {}
            return

        def flat(value: Any, row: Row) -> Row:
            inner = value if value.__class__ is dict else {} if value is UNSET else pop_object({member: value}, member)
            return duplicates.flattened(inner, row, member, clears=clears)

        self.rows = [attempt(flat, value, row) for value, row in zip(objects, self._records(), strict=True)]
        self.fields = {}
        self.reject(self.rows)

    def drop_null_fields(self) -> None:
        """Leave out data fields that are null."""
        if self.rows is not None:
            self.rows = [{name: value for name, value in row.items() if value is not None} for row in self.rows]
            return
        for name, column in self.fields.items():
            if NoneType in classes_in(column):
                self.fields[name] = [UNSET if value is None else value for value in column]

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

    def _agree_with(self, objects: Sequence[Row]) -> bool:
        """Whether no object has a member that differs from the data field of its name."""
        return all(_agree([row.get(name, UNSET) for row in objects], column) for name, column in self.fields.items())

    def _objects(self, member: str) -> Column | None:
        """Take the objects `member`; None if they have become data fields, or if there are none."""
        members, self._members = self._members, {}
        if not members:
            return self.take(member)
        twice = members.keys() & self.fields.keys()
        if self.rows is not None or not all(_agree(members[name], self.fields[name]) for name in twice):
            return rows_of(members, len(self))
        for name in twice:
            pairs = zip(members[name], self.fields[name], strict=True)
            members[name] = [one if other is UNSET else other for one, other in pairs]
        self.fields = {**self.fields, **members}
        return None

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


def _column(name: str, fields: Mapping[str, Column], rows: Sequence[Row] | None) -> Column | None:
    if rows is None:
        return fields.get(name)
    column = [row.get(name, UNSET) for row in rows]
    return None if column.count(UNSET) == len(column) else column


def _record(place: int, fields: Mapping[str, Column], rows: Sequence[Row] | None) -> Row:
    if rows is not None:
        return rows[place]
    return {name: column[place] for name, column in fields.items() if column[place] is not UNSET}


def _agree(one: Column, other: Column) -> bool:
    """Whether no record has different values in two columns; texts are compared, and nothing else."""
    pairs = [(here, there) for here, there in zip(one, other, strict=True) if here is not there and here != there]
    return all(here is UNSET or there is UNSET for here, there in pairs) and {*map(type, one)} <= _TEXTS


def _without_nulls(column: Column) -> Column:
    """Return the column without nulls, at any depth."""
    if _MAY_HOLD_NULLS.isdisjoint(classes_in(column)):
        return column
    if isinstance(column, TypedColumn):
        return column.without_nulls()
    return map_values(lambda value: UNSET if value is None else without_nulls(value), column)


_TEXTS: Final = frozenset({str, UnsetType})
_NOTHING: Final = frozenset({NoneType, UnsetType})
_MAY_HOLD_NULLS: Final = frozenset({NoneType, dict, list})
