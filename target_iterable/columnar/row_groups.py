"""Row groups: values that many operations share, and how the group of a record is found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import repeat
from operator import attrgetter
from types import NoneType
from typing import Any, Final

from msgspec import UNSET

from target_iterable.columnar.columns import Column, TypedColumn, attempt, classes_in, map_values, may_lack
from target_iterable.core.operation import EMPTY_ENVELOPE, Envelope

_MAX_REMEMBERED: Final = 20_000
"""Groups, such as lists and catalogs. Each takes some 700 bytes."""
_PLAIN: Final = frozenset({str, int, NoneType})


@dataclass(frozen=True, slots=True, eq=False)
class RowGroup:
    """Values that many operations share; see `Operation`. Compared by identity, which is faster."""

    envelope: Envelope = EMPTY_ENVELOPE
    type_scope: str = ""
    dedup_scope: str = ""
    event_name: str = ""


def of_groups(groups: Sequence[RowGroup], name: str) -> Iterable[Any]:
    """Return an attribute of the group of each record; without end if all have the same group."""
    if groups.count(groups[0]) == len(groups):
        return repeat(getattr(groups[0], name))
    return map(attrgetter(name), groups)


class Grouping:
    """Finds the group of each record by the values of some columns.

    Args:
        make: makes the group for values, which are None where absent. It may reject them, and may ask Iterable. Groups
            are cached; rejections are not, since another stream may create what is missing.
    """

    def __init__(self, make: Callable[..., RowGroup]) -> None:
        self._make = make
        self._remembered = lru_cache(_MAX_REMEMBERED, typed=True)(make)

    def groups(self, count: int, *columns: Column | None) -> Column:
        """Return the group or the reject reason of each of `count` records."""
        if not count:
            return []
        if len(columns) == 1 and isinstance(column := columns[0], TypedColumn) and column.classes == {str}:
            return [*column.each(partial(map_values, self._remembered))]
        given = [[None] * count if column is None else _present(column) for column in columns]
        if not given:
            return [attempt(self._remembered)] * count
        if all(classes_in(column) <= _PLAIN for column in given):
            return map_values(self._remembered, *given)
        return [attempt(self._of, *values) for values in zip(*given, strict=True)]

    def _of(self, *values: Any) -> RowGroup:
        return self._remembered(*values) if {*map(type, values)} <= _PLAIN else self._make(*values)


def _present(column: Column) -> Column:
    return [None if value is UNSET else value for value in column] if may_lack(column) else column
