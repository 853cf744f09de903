"""Structs and lists: Arrow types of objects and arrays whose members the JSON Schema names, and the values for them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
from msgspec import UNSET

from tap_iterable.batch_files.arrow_values import MICROSECONDS, MISFITS, MOMENT, json_text
from tap_iterable.records.parquet import PLAIN, has_nested_type, is_list, is_moment, kind_of
from tap_iterable.records.record_shape import DATES, MAX_DATE_CHARACTERS


class Nested(ABC):
    """A type, and what becomes of values on their way into it.

    Attributes:
        type: the type of Arrow.
    """

    type: pa.DataType

    @abstractmethod
    def converted(self, value: Any) -> Any:
        """What `pyarrow.array` takes for a value that is not None; one of MISFITS if it does not fit."""

    def split(self, value: Any) -> tuple[Any, Any]:
        """What fits of a value, and what does not; UNSET for nothing."""
        return (value, UNSET) if value is None or self._fits(value) else (UNSET, value)

    def array(self, values: list[Any]) -> pa.Array:
        """The array of values, of which some are None; one of MISFITS if one of them does not fit."""
        return pa.array([None if value is None else self.converted(value) for value in values], self.type)

    def _fits(self, value: object) -> bool:
        try:
            self.array([value])
        except MISFITS:
            return False
        return True


class _Plain(Nested):
    def __init__(self, type_: pa.DataType, *classes: type) -> None:
        self.type = type_
        self._classes = classes

    def converted(self, value: Any) -> Any:
        if type(value) not in self._classes:
            raise TypeError
        return value


class _Moment(Nested):
    """A date in any of Iterable's spellings: within objects, they are as Iterable sent them."""

    type = MOMENT

    def converted(self, value: Any) -> int | None:
        date = DATES[value] if isinstance(value, str) and len(value) <= MAX_DATE_CHARACTERS else None
        if not isinstance(date, str):
            raise TypeError
        return MICROSECONDS[date]


class _Text(Nested):
    """What has no type of its own is JSON text."""

    type = pa.string()

    def converted(self, value: Any) -> str:
        return json_text(value)


class _List(Nested):
    def __init__(self, item: Nested) -> None:
        self._item = item
        self.type = pa.list_(item.type)

    def converted(self, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise TypeError
        return [None if item is None else self._item.converted(item) for item in value]


class _Struct(Nested):
    def __init__(self, members: Mapping[str, Nested]) -> None:
        self._members = members
        self.type = pa.struct([pa.field(name, member.type) for name, member in members.items()])

    def converted(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or value.keys() - self._members.keys():
            raise ValueError
        return {
            name: None if member is None else self._members[name].converted(member) for name, member in value.items()
        }

    def split(self, value: Any) -> tuple[Any, Any]:
        """Members that have no place are what does not fit; those that have one stay."""
        if not isinstance(value, dict):
            return super().split(value)
        parts = {
            name: self._members[name].split(member) if name in self._members else (UNSET, member)
            for name, member in value.items()
        }
        kept, rest = ({name: part[side] for name, part in parts.items() if part[side] is not UNSET} for side in (0, 1))
        return kept, rest or UNSET


_PLAIN_TYPES: Final[Mapping[str, Nested]] = {
    "boolean": _Plain(pa.bool_(), bool),
    "integer": _Plain(pa.int64(), int),
    "number": _Plain(pa.float64(), float, int),
    "string": _Plain(pa.string(), str),
}


def nested_type(column: Mapping[str, Any]) -> Nested:
    """The type of a column, and of its members or items in turn."""
    if is_moment(column):
        return _Moment()
    if (kind := kind_of(column)) in PLAIN:
        return _PLAIN_TYPES[kind]
    if is_list(column):
        return _List(nested_type(column["items"]))
    if has_nested_type(column):
        return _Struct({name: nested_type(member) for name, member in column["properties"].items()})
    return _Text()
