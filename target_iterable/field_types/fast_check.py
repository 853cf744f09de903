"""Whether values surely fit the fields that they go to, as far as that can be seen at a glance: by their classes."""

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
"""By the type of a field: of what classes values surely fit, unless they are null. Texts must be looked at for dates.

An array fits where its items do, and the members of an object are fields of their own.
"""

_New: TypeAlias = Callable[[str], frozenset[type] | None]
"""From the path of a field without a type to the classes of what may be in it; None if somebody else must say."""


def report_unknown(_path: str) -> None:
    """For scopes whose fields without a type are to be noted, and not here."""
    return


def accept_any(_path: str) -> frozenset[type]:
    """For scopes whose fields without a type take whatever comes."""
    return ANY_CLASS


def all_valid(sure: Mapping[str, frozenset[type]], new: _New, fields: Mapping[str, Any], prefix: str = "") -> bool:
    """Whether each value is of a class that is `sure` for its path, or for which `new` is."""
    for name, value in fields.items():
        if value is not None:
            path = prefix + name
            classes = sure.get(path) or new(path)
            if classes is None:
                return False
            # Nearly all values are as plain as that, and a call for each would take longer than all the rest.
            is_plain = (class_ := value.__class__) in classes and class_ is not dict
            if not is_plain and not is_valid(sure, new, classes, path, value):
                return False
    return True


def is_valid(sure: Mapping[str, frozenset[type]], new: _New, classes: frozenset[type], path: str, value: Any) -> bool:
    """Whether one value, or each of an array, is of one of the `classes`, or is no value."""
    class_ = value.__class__
    if class_ is list:
        kinds = {*map(type, value)}
        is_plain = kinds <= classes and dict not in kinds
        return is_plain or all(is_valid(sure, new, classes, path, item) for item in value)
    if class_ not in classes:
        is_date = classes is _DATES and class_ is str and timestamps.text_to_iterable(value) == value
        return is_date or value is None or value is UNSET
    return class_ is not dict or all_valid(sure, new, value, f"{path}.")
