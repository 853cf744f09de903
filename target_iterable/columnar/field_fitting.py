"""Fits the data fields of a block to the types that the project's fields have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, Final, TypeAlias

from msgspec import UNSET

from target_iterable.columnar.columns import TOO_DEEP, Column, TypedColumn, attempt, classes_in, map_values
from target_iterable.columnar.record_block import Draft
from target_iterable.core.operation import UNCHECKED
from target_iterable.field_types.decimal_fields import DecimalFields
from target_iterable.field_types.registry import USERS, FieldTypes
from target_iterable.records.column_mapping import Row

GROUP: Final = "row group"
"""The column with the `RowGroup` of each record."""
VERSION: Final = "version of types"
"""The column with the version of the types that all fields of a record surely fit; `UNCHECKED` if that is not sure."""
Coerce: TypeAlias = Callable[[str, Row], Row]
"""Takes a scope and fields, and returns the fields as near to their types as that loses nothing."""
_MAY_LACK_POINTS: Final = frozenset({int, Decimal, dict, list})
"""Classes of values that are, or hold, numbers which may be sent without a point."""


def add_points(draft: Draft, types: FieldTypes, decimals: DecimalFields) -> None:
    """Give whole numbers a point where their field holds decimals, or will; see `DecimalFields`."""
    if not decimals.names:
        return
    if draft.rows is not None:
        draft.rows = map_values(decimals.widened, _known(draft, types), draft.rows)
        draft.reject(draft.rows)
        return
    names = [name for name in decimals.names & draft.fields.keys() if _may_lack_points(draft.fields[name])]
    known = _known(draft, types) if names else []
    for name in names:
        draft.fields[name] = map_values(decimals.widened_value, known, [name] * len(draft), draft.fields[name])
    for name in names:
        draft.reject(draft.fields[name])


def _known(draft: Draft, types: FieldTypes) -> list[Mapping[str, str]]:
    """Return the known types of each record."""
    return [types.types_of(group.type_scope) for group in draft.heads[GROUP]]


def _may_lack_points(column: Column) -> bool:
    is_known = isinstance(column, TypedColumn) and column.has_points
    return not is_known and not _MAY_LACK_POINTS.isdisjoint(classes_in(column))


def fit_types(draft: Draft, types: FieldTypes, coerce: Coerce | None) -> None:
    """Add the head `VERSION`, and coerce the values that may not fit their field."""
    scopes = [group.type_scope for group in draft.heads[GROUP]]
    versions: list[int] = [types.version] * len(draft)
    draft.heads[VERSION] = versions
    changed: set[str] = set()
    for scope in {*scopes}:
        if scope == USERS or types.types_of(scope):
            is_only = scopes.count(scope) == len(scopes)
            places = range(len(scopes)) if is_only else [at for at, other in enumerate(scopes) if other == scope]
            fitting = _Fitting(scope, places, types, coerce, versions)
            if draft.rows is not None:
                fitting.fit_rows(draft.rows)
            else:
                changed |= {name for name in draft.fields if fitting.fit_field(draft.fields, name)}
    if draft.rows is not None:
        draft.reject(draft.rows)
    for name in changed:
        draft.reject(draft.fields[name])


class _Fitting:
    """Fits the records of one scope, which are at some places of the block."""

    def __init__(
        self, scope: str, places: Sequence[int], types: FieldTypes, coerce: Coerce | None, versions: list[int]
    ) -> None:
        self._scope = scope
        self._places = places
        self._types = types
        self._coerce = coerce
        self._versions = versions

    def fit_rows(self, rows: list[Row]) -> None:
        """Fit the fields of each record."""
        find = partial(self._types.rows_to_check, self._scope)
        for place in self._unsure(find, rows):
            if self._coerce is not None and rows[place].__class__ is dict:
                rows[place] = attempt(self._coerce, self._scope, rows[place])

    def fit_field(self, fields: dict[str, Column], name: str) -> bool:
        """Fit one field of all records; return whether any value may have changed."""
        if isinstance(given := fields[name], TypedColumn) and self._takes(name, given.samples):
            return False
        column = [*given]
        unsure = self._unsure(partial(self._types.values_to_check, self._scope, name), column)
        if not unsure:
            return False
        fields[name] = column
        if (coerce := self._coerce) is not None:

            def coerced(value: object) -> object:
                return coerce(self._scope, {name: value})[name]

            for place in unsure:
                if column[place] is not UNSET and column[place] is not TOO_DEEP:
                    column[place] = attempt(coerced, column[place])
        return True

    def _takes(self, name: str, samples: Sequence[Any]) -> bool:
        """Whether a field surely takes these values."""
        try:
            return not self._types.values_to_check(self._scope, name, samples)
        except RecursionError:
            return False

    def _unsure(self, find: Callable[[Sequence[Any]], Sequence[int]], values: list[Any]) -> list[int]:
        """Return the places of values that may not fit by `find`; mark them unchecked, and reject what is too deep."""
        some = values if len(self._places) == len(values) else [values[place] for place in self._places]
        try:
            unsure = [self._places[found] for found in find(some)]
        except RecursionError:
            checks = {place: attempt(find, [values[place]]) for place in self._places}
            unsure = [place for place, found in checks.items() if found]
            for place in unsure:
                values[place] = TOO_DEEP if checks[place] is TOO_DEEP else values[place]
        for place in unsure:
            self._versions[place] = UNCHECKED
        return unsure
