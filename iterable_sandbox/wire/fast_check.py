"""Data fields of many rows, looked at column by column: whether they are of the kind that needs no closer look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Final

from iterable_sandbox.wire import dates

ALWAYS_VALID: Final = frozenset({(str, "string"), (int, "long"), (int, "double"), (float, "double"), (bool, "boolean")})
"""Values that fit their field, and are kept as they are, whatever they hold."""

GEO: Final = "_geo_location"
"""How fields end whose objects are places."""

_MANY_SHAPES: Final = 16
_MIN_ROWS_PER_SHAPE: Final = 4
"""Many shapes of rows must have at least so many rows each, for columns to be worth while."""

Rows = Sequence[Mapping[str, Any]]


def all_valid(rows: Rows, types: Mapping[str, str], prefix: str = "") -> bool:
    """Whether all fields of all rows are known, fit their types, and are kept as they are.

    If not, some row needs a closer look, or there are nearly as many shapes of rows as rows.
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
    """Whether the values of one field are plain, or the items of its arrays. Null is, but for a field of an object."""
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
