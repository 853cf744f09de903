"""Columns of a block of lines.

A column is made of all lines at once, by functions that take no step in Python for a single line. Only in unusual
columns the values are converted one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import msgspec
from msgspec import UNSET, defstruct
from msgspec.structs import astuple

from tap_iterable.records.record_block import Column
from tap_iterable.records.record_shape import MISFIT, ColumnType

Line = msgspec.Struct
"""The fields of a line; absent ones are UNSET."""
Maker = Callable[[Sequence[Column]], Column]
"""Makes a column of records from the columns of lines."""
ColumnIndex = int | Mapping[str, Any]
"""Index of the column of lines that holds a value, or an object of such indices."""


class UnfittingLineError(ValueError):
    """A line whose record cannot be made column by column."""


def struct(name: str, fields: Iterable[str], kinds: Mapping[str, Any], **options: Any) -> type[msgspec.Struct]:
    """A type with the attributes `f0`, `f1` and so on for `fields`, all of which may be absent."""
    absent = (msgspec.field(default=UNSET, name=field) for field in fields)
    members = [(f"f{index}", kinds.get(field.name, Any), field) for index, field in enumerate(absent)]
    return defstruct(name, members, gc=False, **options)


def columns_of(lines: Iterable[Line]) -> list[Column]:
    """The columns of lines of one type, one for each of its fields; none if there are no lines."""
    return list(zip(*map(astuple, lines), strict=True))


def with_nulls(column: Column) -> Column:
    """The column with None for what is absent."""
    return [None if value is UNSET else value for value in column] if UNSET in column else column


def fitted(index: int, column: ColumnType) -> Maker:
    """The maker of a column from one field, with its values converted; it raises UnfittingLineError for a misfit."""
    read, fit_all, unchanged = itemgetter(index), column.fit_all, column.unchanged
    return read if fit_all is None else lambda columns: _fitted(read(columns), fit_all, unchanged)


def objects(indices: Mapping[str, ColumnIndex], otherwise: object = UNSET) -> Maker:
    """The maker of a column of objects, without absent fields; `otherwise` where all are absent."""
    leaves = {key: itemgetter(index) for key, index in indices.items() if isinstance(index, int)}
    branches = {key: objects(index) for key, index in indices.items() if not isinstance(index, int)}
    make = struct("Object", [*leaves, *branches], {})
    makers: list[Maker] = [*leaves.values(), *branches.values()]
    if not makers:
        return lambda columns: [otherwise] * len(columns[0])
    return lambda columns: _objects(make, [maker(columns) for maker in makers], otherwise)


def either(whole: Maker, parts: Maker) -> Maker:
    """The maker of a column of objects, which are whole in some lines and in dotted fields in others.

    It raises UnfittingLineError for a line that has both.
    """
    return lambda columns: _united(whole(columns), parts(columns))


def _fitted(column: Column, fit_all: Callable[[Column], Column], unchanged: frozenset[type]) -> Column:
    if unchanged.issuperset(map(type, column)):
        return column
    converted = fit_all(column)
    if MISFIT in converted:
        raise UnfittingLineError
    return converted


def _objects(make: Callable[..., object], columns: Sequence[Column], otherwise: object) -> Column:
    if any(UNSET not in column for column in columns):
        return list(map(make, *columns))
    nothing = (UNSET,) * len(columns)
    return [otherwise if row == nothing else make(*row) for row in zip(*columns, strict=True)]


def _united(whole: Column, parts: Column) -> Column:
    if whole.count(UNSET) == len(whole):
        return parts
    return list(map(_whole_or_parts, whole, parts))


def _whole_or_parts(whole: object, part: object) -> object:
    if whole is not UNSET and part is not UNSET:
        raise UnfittingLineError
    return whole if part is UNSET else part
