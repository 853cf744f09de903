"""What is out of the ordinary, and so is left to be done one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import NoneType
from typing import Any, Final, TypeAlias

from msgspec import UNSET, UnsetType

from target_iterable.core.rejection import RecordRejectedError

Column: TypeAlias = list[Any]
"""A value for each record; `UNSET` where a record has none."""
Transform: TypeAlias = Callable[[Column], Column]
"""From a column to what is sent of it: `UNSET` where that is nothing, `MISFIT` where nobody can say yet."""

MISFIT: Final = object()
_NOTHING: Final = frozenset({NoneType, UnsetType})


def or_misfit(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`read`, with `MISFIT` for what it refuses."""

    def fit(value: Any) -> Any:
        try:
            return read(value)
        except RecordRejectedError:
            return MISFIT

    return fit


def needed(fit: Transform) -> Transform:
    """`fit`, with `MISFIT` where that is nothing."""

    def fitted(column: Column) -> Column:
        values = fit(column)
        return values if UNSET not in values else [MISFIT if value is UNSET else value for value in values]

    return fitted


def misfit_where(says: Callable[[Any], bool]) -> Transform:
    """A column, with `MISFIT` where that is said of a value; a column of nothing has none."""

    def fit(column: Column) -> Column:
        if {*map(type, column)} <= _NOTHING:
            return column
        return [MISFIT if says(value) else value for value in column]

    return fit


def at(places: Sequence[int], columns: Mapping[str, Column]) -> dict[str, Column]:
    """The rows at these places."""
    return {name: [column[place] for place in places] for name, column in columns.items()}


def misfits_in(*columns: Column) -> set[int]:
    """The places of those in any of the columns."""
    odd = [column for column in columns if MISFIT in column]
    return {place for column in odd for place, value in enumerate(column) if value is MISFIT}
