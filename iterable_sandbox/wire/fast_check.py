"""Fast type check of the data fields of many rows, column by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Final

from iterable_sandbox.wire import dates

ALWAYS_VALID: Final = frozenset({(str, "string"), (int, "long"), (int, "double"), (float, "double"), (bool, "boolean")})
"""(Python class, field type) of values that fit their field and are stored unchanged, whatever they hold."""

GEO: Final = "_geo_location"
"""Suffix of the names of fields that hold coordinates."""

_MANY_SHAPES: Final = 16
"""Distinct tuples of field names above which rows are grouped only if each tuple has enough rows."""
_MIN_ROWS_PER_SHAPE: Final = 4
"""Rows per tuple of field names, on average, from which the check by column is faster than the check by row."""

Rows = Sequence[Mapping[str, Any]]


def all_valid(rows: Rows, types: Mapping[str, str], prefix: str = "") -> bool:
    """Whether all fields of all rows are known, fit their types and are stored unchanged.

    False means that the rows must be checked one by one: some value may not fit, or the rows have too many distinct
    tuples of field names for this check.
    """
    shapes: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        shapes.setdefault((*row,), []).append(row)
    if len(shapes) > _MANY_SHAPES and len(shapes) * _MIN_ROWS_PER_SHAPE > len(rows):
        return False
    return all(
        _column_is_valid(column, f"{prefix}{name}", types, nested=bool(prefix))
        for names, alike in shapes.items()
        for name, column in zip(names, zip(*[row.values() for row in alike], strict=True), strict=True)
    )


def _column_is_valid(column: Sequence[Any], path: str, types: Mapping[str, str], *, nested: bool) -> bool:
    """Whether the values of one field, or the items of its arrays, are valid. Null is valid at the top level only."""
    if None in column:
        if nested:
            return False
        column = [value for value in column if value is not None]
    classes = {*map(type, column)}
    if classes == {list}:
        column = [item for item in chain.from_iterable(column) if item is not None]
        classes = {*map(type, column)}
    expected = types.get(path, "")
    if classes == {dict}:
        return expected == "object" and not path.endswith(GEO) and all_valid(column, types, f"{path}.")
    if expected == "date":
        return classes <= {str} and all(dates.is_date(text) and dates.stored_form(text) == text for text in {*column})
    return all((class_, expected) in ALWAYS_VALID for class_ in classes)
