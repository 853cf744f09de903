"""Fast check of values by their Python classes; values that it does not accept need a check by type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from types import NoneType
from typing import Any, Final, TypeAlias

from msgspec import UNSET

from iterable_api.facts import timestamps

ANY_CLASS: Final = frozenset({str, int, bool, Decimal, dict})
_DATES: Final = frozenset[type]({date})
CLASSES_OF: Final[Mapping[str, frozenset[type]]] = {
    "string": frozenset({str}),
    "date": _DATES,
    "long": frozenset({int}),
    "double": frozenset({int, Decimal}),
    "boolean": frozenset({bool}),
    "geo_location": frozenset({NoneType}),
    "object": frozenset({dict}),
}
"""Field type -> Python classes whose values fit it for certain. Null always fits; texts are checked for dates.

An array fits where its items do, and the members of an object are fields of their own.
"""

_UnknownFieldPolicy: TypeAlias = Callable[[str], frozenset[type] | None]
"""Function from the path of a field without a known type to the accepted classes; None to fail the check."""


def report_unknown(_path: str) -> None:
    """Fail the check at a field without a known type, so that the check by type records it."""
    return


def accept_any(_path: str) -> frozenset[type]:
    """Accept any value in a field without a known type."""
    return ANY_CLASS


def all_valid(
    classes_of: Mapping[str, frozenset[type]],
    classes_of_unknown: _UnknownFieldPolicy,
    fields: Mapping[str, Any],
    prefix: str = "",
) -> bool:
    """Whether each value is of a class that its field accepts.

    Args:
        classes_of: path of a field -> accepted classes.
        classes_of_unknown: policy for fields that are not in `classes_of`.
        fields: object with the values.
        prefix: dotted path of the object, with a dot at its end; empty for the outermost.
    """
    for name, value in fields.items():
        if value is not None:
            path = prefix + name
            classes = classes_of.get(path) or classes_of_unknown(path)
            if classes is None:
                return False
            # Nearly all values end here; a call for each would take longer than all the rest.
            is_plain = (class_ := value.__class__) in classes and class_ is not dict
            if not is_plain and not is_valid(classes_of, classes_of_unknown, classes, path, value):
                return False
    return True


def is_valid(
    classes_of: Mapping[str, frozenset[type]],
    classes_of_unknown: _UnknownFieldPolicy,
    classes: frozenset[type],
    path: str,
    value: Any,
) -> bool:
    """Whether one value, or each item of an array, is of one of the `classes`, or is null."""
    class_ = value.__class__
    if class_ is list:
        classes_of_items = {*map(type, value)}
        is_plain = classes_of_items <= classes and dict not in classes_of_items
        return is_plain or all(is_valid(classes_of, classes_of_unknown, classes, path, item) for item in value)
    if class_ not in classes:
        is_date = classes is _DATES and class_ is str and timestamps.text_to_iterable(value) == value
        return is_date or value is None or value is UNSET
    return class_ is not dict or all_valid(classes_of, classes_of_unknown, value, f"{path}.")
