"""Objects whose members are fields beside the columns of their rows; see `columns.spread`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import repeat
from typing import Any

from msgspec import UNSET

from target_iterable.columnar.fallback import MISFIT, Column
from target_iterable.records.column_mapping import EMPTY, Row, object_in, without_nulls


def objects(column: Column, closed: Collection[str]) -> Column | None:
    """The objects of a column; None if all of them are empty. One is a misfit if a name in it is among `closed`."""
    found = [UNSET if value is UNSET or value in EMPTY else _object(value, closed) for value in column]
    return None if {*map(id, found)} == {id(UNSET)} else found


def rows(objects_: Column, columns: Mapping[str, Column], *, clears: bool) -> Column:
    """All fields of each row: members of its object, and over them the columns; nulls only if that `clears`."""
    values: Iterable[tuple[Any, ...]] = zip(*columns.values(), strict=True) if columns else repeat(())
    names = list(columns)
    pairs = zip(objects_, values, strict=False)
    found = [object_ if object_ is MISFIT else _row(object_, names, own) for object_, own in pairs]
    return found if clears else [row if row is MISFIT else without_nulls(row) for row in found]


def _object(value: Any, closed: Collection[str]) -> Any:
    found = object_in(value)
    return MISFIT if found is None or not found.keys().isdisjoint(closed) else found


def _row(object_: Any, names: Iterable[str], values: Iterable[Any]) -> Any:
    """The fields of one row; a misfit if the object and a column have different values for one."""
    own = {name: value for name, value in zip(names, values, strict=True) if value is not UNSET}
    if object_ is UNSET:
        return own
    return {**object_, **own} if object_.keys().isdisjoint(own) or _agree(object_, own) else MISFIT


def _agree(one: Row, other: Row) -> bool:
    return all(one[name] == other[name] and one[name].__class__ is other[name].__class__ for name in one.keys() & other)
