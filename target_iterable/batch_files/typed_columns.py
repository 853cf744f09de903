"""Columns of Arrow that become what is sent without becoming values; see `TypedColumn`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

import pyarrow as pa
from msgspec import UNSET, UnsetType

from target_iterable.batch_files.arrow_columns import classes_of_array, copy_of, values_of, with_nulls
from target_iterable.batch_files.arrow_json import (
    Member,
    Texts,
    json_of,
    json_texts,
    longest,
    marked,
    named,
    objects,
    quoted,
    texts_of,
)
from target_iterable.batch_files.moments import are_writable, floored, iterable_texts
from target_iterable.columnar.columns import Column, Transform, TypedColumn
from target_iterable.columnar.operation_builder import structs
from target_iterable.records.column_mapping import without_nulls

_SAMPLES: Final[Mapping[type, Any]] = {str: "", int: 0, bool: True, Decimal: Decimal("0.5")}
"""By class: a value that fits a field only if all of the class do. An empty text is no date."""


class ArrowColumn(TypedColumn):
    """A column of which the JSON is made by Arrow.

    Attributes:
        null: what stands for a null: None, or `UNSET` once nulls are left out.
    """

    null: Any = None

    @abstractmethod
    def json(self) -> Texts:
        """Return the JSON of each value."""

    def encoded(self) -> list[Any]:
        """See `TypedColumn`."""
        found: list[Any] = marked(self.json()).to_pylist()
        return [UNSET if text is None else text for text in found] if None in found else found

    def encoded_as_members(self, names: Column, most: int) -> list[Any] | None:
        """See `TypedColumn`."""
        keys = names.json() if isinstance(names, ArrowColumn) else texts_of(names)
        found = named(keys, _member(self))
        return found.to_pylist() if longest(found) <= most else None

    def struct(self, columns: Mapping[str, Iterable[Any]]) -> Column:
        """See `TypedColumn`."""
        return Structs(columns, len(self))

    def each(self, transform: Transform) -> Column:
        """See `TypedColumn`."""
        return transform(self.values)

    def _with_nulls(self, texts: Texts) -> Texts:
        if self.null is UNSET or not texts.array.null_count:
            return texts
        return Texts(marked(texts).fill_null(json_of(None)))


class Scalars(ArrowColumn):
    """A column of texts, numbers or truths.

    Args:
        array: the values.
        class_: the class of each in Python.
        null: see `ArrowColumn`.
    """

    def __init__(self, array: pa.Array, class_: type, null: Any = None) -> None:
        self._array = array
        self._class = class_
        self.null = null
        self.classes = classes_of_array(array, class_, null)
        self.has_points = class_ is Decimal

    def __len__(self) -> int:
        return len(self._array)

    @property
    def samples(self) -> Sequence[Any]:
        """See `TypedColumn`."""
        return [_SAMPLES[self._class]] if self._class in self.classes else ()

    def _made(self) -> list[Any]:
        return with_nulls(self.null, list(values_of(self._array)), self._array)

    def json(self) -> Texts:
        """See `ArrowColumn`."""
        return self._with_nulls(json_texts(self._array))

    def without_nulls(self) -> Column:
        """See `TypedColumn`."""
        return Scalars(self._array, self._class, UNSET)

    def picked(self, places: Sequence[int]) -> Column:
        """See `TypedColumn`."""
        return Scalars(self._array.take(pa.array(places, pa.int64())), self._class, self.null)

    def each(self, transform: Transform) -> Column:
        """See `TypedColumn`."""
        if self._class is not str:
            return super().each(transform)
        distinct = self._array.dictionary_encode()
        return Distinct(distinct.indices, [*transform(distinct.dictionary.to_pylist())], self.null)


class Moments(ArrowColumn):
    """A column of timestamps, whose values are texts of RFC 3339."""

    def __init__(self, array: pa.Array) -> None:
        self._array = array
        self.classes = classes_of_array(array, str, None)

    def __len__(self) -> int:
        return len(self._array)

    def _made(self) -> list[Any]:
        return list(values_of(self._array))

    def json(self) -> Texts:
        """See `ArrowColumn`."""
        return texts_of(self.values)

    def without_nulls(self) -> Column:
        """See `TypedColumn`."""
        return with_nulls(UNSET, [*self.values], self._array)

    def picked(self, places: Sequence[int]) -> Column:
        """See `TypedColumn`."""
        return Moments(self._array.take(pa.array(places, pa.int64())))

    def dates(self) -> Column | None:
        """See `TypedColumn`."""
        seconds = floored(self._array)
        return Dates(seconds) if are_writable(seconds) else None


class Dates(ArrowColumn):
    """A column of moments in Iterable's format.

    Args:
        moments: these in Unix seconds.
        null: see `ArrowColumn`.
    """

    def __init__(self, moments: pa.Array, null: Any = None) -> None:
        self._moments = moments
        self.null = null
        self.classes = classes_of_array(moments, str, null)

    @cached_property
    def _texts(self) -> pa.Array:
        return iterable_texts(self._moments)

    def __len__(self) -> int:
        return len(self._moments)

    @property
    def samples(self) -> Sequence[Any]:
        """See `TypedColumn`."""
        found: list[str] = iterable_texts(self._moments.drop_null()[:1]).to_pylist()
        return found

    def _made(self) -> list[Any]:
        return with_nulls(self.null, self._texts.to_pylist(), self._texts)

    def json(self) -> Texts:
        """See `ArrowColumn`."""
        return self._with_nulls(quoted(self._texts))

    def without_nulls(self) -> Column:
        """See `TypedColumn`."""
        return Dates(self._moments, UNSET)

    def picked(self, places: Sequence[int]) -> Column:
        """See `TypedColumn`."""
        return Dates(self._moments.take(pa.array(places, pa.int64())), self.null)

    def seconds(self) -> Column:
        """See `TypedColumn`."""
        return Scalars(self._moments, int, UNSET)


class Distinct(ArrowColumn):
    """A column of values of any kind, each kept once.

    Args:
        indices: where the value of each record is among the distinct ones; null for a null.
        distinct: these, all of which some record has. They are never handed out.
        null: see `ArrowColumn`.
    """

    def __init__(self, indices: pa.Array, distinct: list[Any], null: Any) -> None:
        self._indices = indices
        self._distinct = distinct
        self.null = null
        self.classes = frozenset({*map(type, distinct)} | ({type(null)} if indices.null_count else set()))

    def __len__(self) -> int:
        return len(self._indices)

    @property
    def samples(self) -> Sequence[Any]:
        """See `TypedColumn`."""
        return self._distinct

    def _made(self) -> list[Any]:
        known, null = self._distinct, self.null
        if _MUTABLE.isdisjoint(self.classes) and not self._indices.null_count:
            return list(map(known.__getitem__, self._indices.to_pylist()))
        return [null if place is None else copy_of(known[place]) for place in self._indices.to_pylist()]

    def json(self) -> Texts:
        """See `ArrowColumn`."""
        return self._with_nulls(Texts(texts_of(self._distinct).array.take(self._indices)))

    def without_nulls(self) -> Column:
        """See `TypedColumn`."""
        return Distinct(self._indices, [UNSET if it is None else without_nulls(it) for it in self._distinct], UNSET)

    def picked(self, places: Sequence[int]) -> Column:
        """See `TypedColumn`."""
        found = self._indices.take(pa.array(places, pa.int64())).dictionary_encode()
        return Distinct(found.indices, [self._distinct[place] for place in found.dictionary.to_pylist()], self.null)

    def each(self, transform: Transform) -> Column:
        """See `TypedColumn`."""
        return Distinct(self._indices, [*transform([copy_of(value) for value in self._distinct])], self.null)


class Structs(ArrowColumn):
    """A column of objects.

    Args:
        columns: member -> its column, or the same value without end.
        count: how many records there are.
    """

    null = UNSET

    def __init__(self, columns: Mapping[str, Iterable[Any]], count: int) -> None:
        self._columns = columns
        self._count = count
        self._type = structs(tuple(columns))
        self.classes = frozenset({self._type})

    def __len__(self) -> int:
        return self._count

    def _made(self) -> list[Any]:
        return list(map(self._type, *self._columns.values()))

    def json(self) -> Texts:
        """See `ArrowColumn`."""
        return Texts(objects(self.members(), self._count))

    def members(self) -> Mapping[str, Member]:
        """Return the JSON of each member."""
        return {name: _member(column) for name, column in self._columns.items()}

    def without_nulls(self) -> Column:
        """See `TypedColumn`."""
        return self

    def picked(self, places: Sequence[int]) -> Column:
        """See `TypedColumn`."""
        return [self.values[place] for place in places]


def _member(column: Iterable[Any]) -> Member:
    match column:
        case Structs():
            return column.members()
        case ArrowColumn():
            return None if column.classes == _ABSENT else column.json()
        case Sequence():
            return None if column.count(UNSET) == len(column) else texts_of(column)
    return json_of(next(iter(column)))


_MUTABLE: Final = frozenset({dict, list})
_ABSENT: Final = frozenset({UnsetType})
