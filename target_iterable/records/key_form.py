"""Normal form of the keys of streams: equal for all spellings of a key."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from target_iterable.records.normal_form import fraction_of_second, moment, normal, number_text

_CREATED_AT: Final = "createdAt"
FIRST_MILLISECONDS: Final = 10**11
"""Unix times from here on are milliseconds: as seconds it would be the year 5138."""


@dataclass(frozen=True)
class KeyColumn:
    """A column of a stream's key.

    Attributes:
        name: of the column.
        field: the field that gets its value; None if Iterable does not store it.
        is_date: whether the schema calls it a date.
    """

    name: str
    field: str | None = None
    is_date: bool = False

    @property
    def is_moment(self) -> bool:
        """Whether its values are points in time, which Iterable stores to the second."""
        return self.is_date or self.field == _CREATED_AT


class KeyForm:
    """The normal form of the keys of one stream, independent of the order of the key columns.

    Args:
        columns: the key columns, in the order of the values in a key.
        lost: fields whose values Iterable does not store.
    """

    def __init__(self, columns: Sequence[KeyColumn], lost: Collection[str] = ()) -> None:
        self._columns = sorted(enumerate(columns), key=lambda indexed: indexed[1].name)
        self._lost = {column.name for column in columns if column.field is None or column.field in lost}
        self._unstored = [(index, it) for index, it in self._columns if it.is_moment or it.name in self._lost]

    def of(self, key: Sequence[Any]) -> list[Any]:
        """The values of a key in normal form, sorted by the names of their columns."""
        return [_value(column, key[index]) for index, column in self._columns]

    @property
    def is_stored(self) -> bool:
        """Whether Iterable stores all of each key with its record."""
        return not self._unstored

    def unstored(self, key: Sequence[Any]) -> list[list[Any]]:
        """The parts of a key that Iterable does not store with the record, as pairs of column and lost value.

        Two records may differ in nothing else. Empty values are left out: they distinguish nothing.
        """
        parts = [[column.name, self._part(column, key[index])] for index, column in self._unstored]
        return [part for part in parts if part[1] not in (None, "")]

    def _part(self, column: KeyColumn, value: Any) -> Any:
        return _value(column, value) if column.name in self._lost else _below_seconds(value)


def _value(column: KeyColumn, value: Any) -> Any:
    return moment(value) if column.is_moment and isinstance(value, str) else normal(value)


def _below_seconds(value: Any) -> str:
    """The part of a time that is lost where only seconds are stored; empty for whole seconds."""
    if isinstance(value, str):
        return fraction_of_second(value)
    if not isinstance(value, int | float | Decimal):
        return ""
    number = Decimal(value)
    unit = 1000 if abs(number) >= FIRST_MILLISECONDS else 1
    return number_text(value) if number % unit else ""
