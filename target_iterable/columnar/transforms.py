"""Conversions of columns to the values that Iterable expects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from operator import methodcaller
from types import NoneType
from typing import Any, Final

from msgspec import UNSET, UnsetType

from iterable_api.facts import timestamps
from iterable_api.facts.identity import are_valid_user_ids, valid_emails
from iterable_api.facts.limits import MAX_EVENT_ID_BYTES
from target_iterable.columnar.columns import Column, Transform, TypedColumn, attempt, classes_in, map_values
from target_iterable.core.json_encoding import dumps, dumps_all
from target_iterable.records.column_mapping import EMPTY
from target_iterable.records.normal_form import NORMAL, normal
from target_iterable.records.numbers import WHOLE_LIMIT
from target_iterable.records.user_identity import EMAIL, USER_ID, identifier_text
from target_iterable.records.value_conversion import Conversion, JsonConversion, TextConversion

_TIME: Final = "createdAt"
"""The attribute of events that is a moment."""
_MAX_REMEMBERED: Final = 10_000
_WIDEST: Final = 4
"""Bytes that a character takes at most."""
_ONLY_TEXTS: Final = frozenset({str})
_SPARSE_TEXTS: Final = frozenset({str, NoneType, UnsetType})
"""Of these none equals one of another type, so what is remembered of one is never taken for another."""


def converted(conversion: Conversion) -> Transform:
    """Return the transform of a column whose values are converted by its schema."""
    if isinstance(conversion, JsonConversion):
        # Whoever gets an object may modify it, so no two records may share one.
        return _once_each(partial(map_values, conversion))
    one_by_one = _remembering(conversion)
    if not isinstance(conversion, TextConversion):
        return one_by_one
    together = _together(conversion.read_all, one_by_one)
    return _typed(methodcaller("dates"), together) if conversion.is_of_dates else together


def attribute(name: str, read: Callable[[str, Any], Any]) -> Transform:
    """Return the transform of an event attribute: `read` of each value; empty values are absent."""
    fit = _remembering(lambda value: UNSET if value is UNSET or value in EMPTY else read(name, value))
    if name == _TIME:
        together = _together(timestamps.texts_to_epoch_seconds, fit)
        return _typed(
            methodcaller("seconds"), lambda column: [UNSET if value is None else value for value in together(column)]
        )
    stays = _STAYING.get(name)
    return fit if stays is None else lambda column: column if stays(column) else fit(column)


def valid_identifiers(kind: str, column: Column) -> Column | None:
    """Return the identifiers of a column in Iterable's form if all are valid as they are; else None."""
    return _VALID[kind](column)


def identifier_texts(kind: str, column: Column) -> Column:
    """Return the identifiers of a column in Iterable's form, or reject reasons; empty ones are absent."""
    return map_values(lambda value: UNSET if value is UNSET else identifier_text(kind, value) or UNSET, column)


def normal_values(column: Column) -> Column:
    """Return the normal form of each value, `UNSET` where it is empty."""
    types = {*classes_in(column)}
    if types <= _TEXTS:
        return column
    if len(types) == 1 and types.isdisjoint(_HOLLOW):
        return map_values(NORMAL[types.pop()], column)
    values = map_values(normal, column)
    return [UNSET if value is None or value == {} else value for value in values]


def encoded(values: Column) -> Column:
    """Return the JSON of each value."""
    try:
        if isinstance(values, TypedColumn):
            return values.encoded()
        return dumps_all(values)
    except (UnicodeEncodeError, RecursionError):
        return [attempt(dumps, value) for value in values]


def encoded_as_members(names: Column, values: Column, most: int) -> Column | None:
    """Return the JSON of each value as a member of an object, `"name":value`.

    None if that takes a look at each value, or if one of the members has more than `most` bytes.
    """
    if not isinstance(values, TypedColumn):
        return None
    try:
        return values.encoded_as_members(names, most)
    except (UnicodeEncodeError, RecursionError):
        return None


def _once_each(transform: Transform) -> Transform:
    """Return the transform that looks at equal values once, where the column makes that easy."""
    return lambda column: column.each(transform) if isinstance(column, TypedColumn) else transform(column)


def _typed(of_typed: Callable[[TypedColumn], Column | None], otherwise: Transform) -> Transform:
    """Return the transform that asks the column itself, if it is typed, before it looks at the values."""

    def transform(column: Column) -> Column:
        found = of_typed(column) if isinstance(column, TypedColumn) else None
        return otherwise(column) if found is None else found

    return transform


def _remembering(read: Callable[[Any], Any]) -> Transform:
    """Return the transform that maps `read` over a column, with a cache for texts: dates repeat often."""
    remembered = lru_cache(_MAX_REMEMBERED)(partial(attempt, read))
    return lambda column: (
        list(map(remembered, column)) if classes_in(column) <= _SPARSE_TEXTS else map_values(read, column)
    )


def _together(read_all: Callable[[Sequence[str]], Column | None], one_by_one: Transform) -> Transform:
    """Return the transform that reads the texts of a column together if that is possible; what is absent stays."""

    def read(column: Column) -> Column:
        types = classes_in(column)
        if types == _ONLY_TEXTS:
            return read_all(column) or one_by_one(column)
        if str not in types or not types <= _SPARSE_TEXTS:
            return one_by_one(column)
        if (found := read_all([value for value in column if value.__class__ is str])) is None:
            return one_by_one(column)
        values = iter(found)
        return [next(values) if value.__class__ is str else value for value in column]

    return read


def _are_ids(column: Column) -> bool:
    return classes_in(column) == {str} and "" not in column and _WIDEST * max(map(len, column)) <= MAX_EVENT_ID_BYTES


def _are_whole(column: Column) -> bool:
    return classes_in(column) == {int} and min(column) >= 0 and max(column) < WHOLE_LIMIT


_STAYING: Final[Mapping[str, Callable[[Column], bool]]] = {
    "id": _are_ids,
    "campaignId": _are_whole,
    "templateId": _are_whole,
}
"""By attribute: whether all values of a column are surely such as they should be."""


def _emails(column: Column) -> Column | None:
    return valid_emails(column) if classes_in(column) == {str} else None


def _user_ids(column: Column) -> Column | None:
    types = classes_in(column)
    texts = list(map(str, column)) if types == {int} else column
    return texts if types <= {str, int} and len(types) == 1 and are_valid_user_ids(texts) else None


_VALID: Final[Mapping[str, Callable[[Column], Column | None]]] = {EMAIL: _emails, USER_ID: _user_ids}
"""By kind: the identifiers of a column in which all values are valid; else None."""
_TEXTS: Final = frozenset({str, UnsetType})
"""The types of what is its own normal form."""
_HOLLOW: Final = frozenset({NoneType, dict})
"""The types of what may be nothing in the normal form."""
