"""Columns: one value for each record of a block, or the reason for which the record is rejected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeAlias

from target_iterable.core.rejection import RecordRejectedError, RejectReason

Column: TypeAlias = list[Any]
"""A value for each record: `UNSET` where a record has none, a `RejectReason` where it is rejected."""
Transform: TypeAlias = Callable[[Column], Column]
"""From the values of a column to what is sent of them."""

TOO_DEEP: Final = RejectReason("tooDeep", "it has objects or arrays in too many others")


def attempt(read: Callable[..., Any], *values: Any) -> Any:
    """Return `read(*values)`, or the reject reason that it raises."""
    try:
        return read(*values)
    except RecordRejectedError as error:
        return error.reject_reason
    except RecursionError:
        return TOO_DEEP


def map_values(read: Callable[..., Any], *columns: Column) -> Column:
    """Return `read` of each value, or the reject reason that it raises. `read` must have no side effects."""
    try:
        return list(map(read, *columns))
    except (RecordRejectedError, RecursionError):
        return list(map(partial(attempt, read), *columns))


def rejects_in(column: Column) -> Mapping[int, RejectReason]:
    """Return index -> reject reason for a column."""
    if RejectReason not in {*map(type, column)}:
        return {}
    return {place: value for place, value in enumerate(column) if value.__class__ is RejectReason}
