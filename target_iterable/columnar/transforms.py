"""How columns are spelt for Iterable: what the objects say of one value, said of all values of a column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import NoneType
from typing import Any, Final

from msgspec import UNSET, UnsetType

from iterable_api.facts.identity import is_valid_user_id, valid_emails
from iterable_api.facts.limits import MAX_EVENT_ID_BYTES
from target_iterable.columnar.fallback import Column, Transform, or_misfit
from target_iterable.records.column_mapping import EMPTY, format_date, without_nulls
from target_iterable.records.normal_form import NORMAL, normal
from target_iterable.records.numbers import WHOLE_LIMIT
from target_iterable.records.user_identity import EMAIL, USER_ID, identifier, identifier_text

_REMEMBERED: Final = 10_000
_WIDEST: Final = 4
"""Bytes that a character takes at most."""
_SPARSE_TEXTS: Final = frozenset({str, NoneType, UnsetType})
"""Of these none equals one of another type, so what is remembered of one is never taken for another."""


def dates() -> Transform:
    """The dates of a column whose schema says that they are some."""
    return _remembering(lambda value: format_date("", value) if isinstance(value, str) else value)


def attribute(name: str, read: Callable[[str, Any], Any]) -> Transform:
    """What `read` says of the values of a field that are not empty."""
    fit = _remembering(lambda value: UNSET if value is UNSET or value in EMPTY else read(name, value))
    stays = _STAYING.get(name)
    return fit if stays is None else lambda column: column if stays(column) else fit(column)


def as_it_is(column: Column) -> Column:
    """For what is looked at elsewhere."""
    return column


def identifiers(kind: str, *, checked: bool) -> Transform:
    """What `IdentityRule` says of one; an empty one is `UNSET`."""
    read = identifier if checked else identifier_text
    one = or_misfit(lambda value: UNSET if value is UNSET else read(kind, value) or UNSET)
    return lambda column: _USUAL[kind](column) or list(map(one, column))


def without_null_values(column: Column) -> Column:
    """A column without nulls, at any depth."""
    types = {*map(type, column)}
    if types.isdisjoint(_NULLS):
        return column
    return [UNSET if value is None else without_nulls(value) for value in column]


def normal_values(column: Column) -> Column:
    """A column in the normal form, `UNSET` where that is nothing."""
    types = {*map(type, column)}
    if types <= _TEXTS:
        return column
    if len(types) == 1 and types.isdisjoint(_HOLLOW):
        return list(map(NORMAL[types.pop()], column))
    return [UNSET if (found := normal(value)) is None or found == {} else found for value in column]


def _remembering(read: Callable[[Any], Any]) -> Transform:
    """`read`, value by value. What it has said of texts is remembered: dates come again and again."""
    one = or_misfit(read)
    quick = lru_cache(_REMEMBERED)(one)
    return lambda column: list(map(quick if {*map(type, column)} <= _SPARSE_TEXTS else one, column))


def _are_ids(column: Column) -> bool:
    return {*map(type, column)} == {str} and "" not in column and _WIDEST * max(map(len, column)) <= MAX_EVENT_ID_BYTES


def _are_whole(column: Column) -> bool:
    return {*map(type, column)} == {int} and min(column) >= 0 and max(column) < WHOLE_LIMIT


_STAYING: Final[Mapping[str, Callable[[Column], bool]]] = {
    "id": _are_ids,
    "campaignId": _are_whole,
    "templateId": _are_whole,
}
"""By attribute: whether all values of a column are surely such as they should be."""


def _emails(column: Column) -> Column | None:
    return valid_emails(column) if {*map(type, column)} == {str} else None


def _user_ids(column: Column) -> Column | None:
    types = {*map(type, column)}
    texts = list(map(str, column)) if types == {int} else column
    return texts if types <= {str, int} and len(types) == 1 and all(map(is_valid_user_id, texts)) else None


_USUAL: Final[Mapping[str, Callable[[Column], Column | None]]] = {EMAIL: _emails, USER_ID: _user_ids}
"""By kind: the identifiers of a column in which all values are usual ones; else None."""
_TEXTS: Final = frozenset({str, UnsetType})
"""The types of what is its own normal form."""
_HOLLOW: Final = frozenset({NoneType, dict})
"""The types of what may be nothing in the normal form."""
_NULLS: Final = frozenset({NoneType, dict, list})
"""The types of what may be or hold a null."""
