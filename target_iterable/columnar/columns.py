"""Columns: one value for each record of a block, or the reason for which the record is rejected."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property, partial
from typing import Any, Final, TypeAlias, overload

from msgspec import UNSET, UnsetType

from target_iterable.core.rejection import RecordRejectedError, RejectReason

Column: TypeAlias = Sequence[Any]
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


def map_values(read: Callable[..., Any], *columns: Column) -> list[Any]:
    """Return `read` of each value, or the reject reason that it raises. `read` must have no side effects."""
    try:
        return list(map(read, *columns))
    except (RecordRejectedError, RecursionError):
        return list(map(partial(attempt, read), *columns))


def rejects_in(column: Column) -> Mapping[int, RejectReason]:
    """Return index -> reject reason for a column."""
    if RejectReason not in classes_in(column):
        return {}
    return {place: value for place, value in enumerate(column) if value.__class__ is RejectReason}


class TypedColumn(Sequence[Any]):
    """A column about which enough is known that most steps need no look at its values, which are made on demand.

    Attributes:
        classes: the classes of its values, and perhaps more.
        has_points: whether all its numbers are written with a point, or an exponent.
    """

    classes: frozenset[type]
    has_points: bool = False

    @cached_property
    def values(self) -> list[Any]:
        """The values. Whoever gets an object may modify it, so no two records share one."""
        return self._made()

    @property
    def samples(self) -> Sequence[Any]:
        """Values that stand for all: where a field takes these, it takes each of the column that is not null."""
        return self.values

    @abstractmethod
    def _made(self) -> list[Any]:
        """Make the values."""

    @abstractmethod
    def encoded(self) -> list[Any]:
        """Return the JSON of each value, `UNSET` where there is none."""

    @abstractmethod
    def encoded_as_members(self, names: Column, most: int) -> list[Any] | None:
        """Return the JSON of each value as a member of an object, `"name":value`. No record may lack its value.

        None if one has more than `most` bytes.
        """

    @abstractmethod
    def without_nulls(self) -> Column:
        """Return the column without nulls, at any depth."""

    @abstractmethod
    def picked(self, places: Sequence[int]) -> Column:
        """Return the values at some places."""

    @abstractmethod
    def each(self, transform: Transform) -> Column:
        """Return `transform` of the column, which looks at each value by itself, and only once at equal ones."""

    @abstractmethod
    def struct(self, columns: Mapping[str, Iterable[Any]]) -> Column:
        """Return an object for each record, with these members; see `struct_column`."""

    def dates(self) -> Column | None:
        """Return moments as texts in Iterable's format; None if the values are not known to be moments."""
        return None

    def seconds(self) -> Column | None:
        """Return moments as Unix seconds, `UNSET` for nulls; None if the values are not known to be moments."""
        return None

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values)

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> list[Any]: ...
    def __getitem__(self, place: int | slice) -> Any:
        return self.values[place]


def classes_in(column: Column) -> AbstractSet[type]:
    """Return the classes of the values; of a `TypedColumn`, perhaps more."""
    return column.classes if isinstance(column, TypedColumn) else {*map(type, column)}


def may_lack(column: Column) -> bool:
    """Whether some record may have no value."""
    return UnsetType in column.classes if isinstance(column, TypedColumn) else UNSET in column


def picked(column: Column, places: Sequence[int]) -> Column:
    """Return the values at some places."""
    return column.picked(places) if isinstance(column, TypedColumn) else [column[place] for place in places]
