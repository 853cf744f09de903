"""The keys of streams, in one form whatever spells them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from target_iterable.records.normal_form import fraction_of_second, moment, normal, number_text

_CREATED_AT: Final = "createdAt"
FIRST_MILLISECONDS: Final = 10**11
"""From here on a number is milliseconds: as seconds it would be the year 5138."""


@dataclass(frozen=True)
class KeyColumn:
    """A column of a stream's key.

    Attributes:
        field: where its value goes; None if it is not stored.
        is_date: whether the schema says so.
    """

    name: str
    field: str | None = None
    is_date: bool = False

    @property
    def is_moment(self) -> bool:
        """Whether Iterable stores its values to the second."""
        return self.is_date or self.field == _CREATED_AT


class KeyForm:
    """The normal form of the keys of one stream, in whatever order its columns are named.

    Args:
        columns: those of the key, in the order of its values.
        lost: fields that are not stored either.
    """

    def __init__(self, columns: Sequence[KeyColumn], lost: Collection[str] = ()) -> None:
        self._columns = sorted(enumerate(columns), key=lambda placed: placed[1].name)
        self._lost = {column.name for column in columns if column.field is None or column.field in lost}
        self._unkept = [(place, it) for place, it in self._columns if it.is_moment or it.name in self._lost]

    def of(self, key: Sequence[Any]) -> list[Any]:
        """The values of a key, sorted by the names of its columns."""
        return [_value(column, key[place]) for place, column in self._columns]

    @property
    def is_stored(self) -> bool:
        """Whether Iterable stores all of each key with its record."""
        return not self._unkept

    def unkept(self, key: Sequence[Any]) -> list[list[Any]]:
        """What of a key Iterable does not store with its record: names of columns with what is lost of their values.

        Two records may differ in nothing else. Values that are empty tell nothing apart.
        """
        parts = [[column.name, self._part(column, key[place])] for place, column in self._unkept]
        return [part for part in parts if part[1] not in (None, "")]

    def _part(self, column: KeyColumn, value: Any) -> Any:
        return _value(column, value) if column.name in self._lost else _below_seconds(value)


def _value(column: KeyColumn, value: Any) -> Any:
    return moment(value) if column.is_moment and isinstance(value, str) else normal(value)


def _below_seconds(value: Any) -> str:
    """What is cut off where only seconds are stored; empty for whole seconds."""
    if isinstance(value, str):
        return fraction_of_second(value)
    if not isinstance(value, int | float | Decimal):
        return ""
    number = Decimal(value)
    unit = 1000 if abs(number) >= FIRST_MILLISECONDS else 1
    return number_text(value) if number % unit else ""
