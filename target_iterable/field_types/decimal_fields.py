"""Numbers with a point for fields that may hold fractions, so that Iterable keeps the fields as decimals.

The first value gives a new field its type for ever: a 5 makes a field of whole numbers, and a later 2.5 does not fit it
any more. Sources write 5 for a decimal without a fraction, so the schema has to say what the column is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from target_iterable.schemas.schema_types import Schemas, paths_of_fractions

_TAKING: Final = (None, "double")
"""Types of fields that get a point, None if the type is unknown. Whether a field of whole numbers takes 5.0 is not
documented, and a text field would get another text. Where Iterable has a decimal already, 5 is as good; but a row must
not look changed only because the type has become known."""
_PLAIN: Final = frozenset("-0123456789")


class DecimalFields:
    """The fields of a stream that may hold fractions, by its schema.

    Args:
        schemas: field -> its JSON Schema.
        members: names of objects, from the outside, whose members are fields of their own.

    Attributes:
        names: names of fields that are, or hold, such fields.
    """

    def __init__(self, schemas: Schemas, members: Sequence[str] = ()) -> None:
        paths = paths_of_fractions(schemas)
        for member in members:
            paths = {path.removeprefix(f"{member}.") for path in paths}
        self._paths = paths
        self.names = frozenset(paths | {path.partition(".")[0] for path in paths})

    def widened(self, types: Mapping[str, str], fields: dict[str, Any]) -> dict[str, Any]:
        """Return `fields` with a point in whole numbers, where their field takes it by its type in `types`."""
        if self.names.isdisjoint(fields):
            return fields
        changed = {name: self.widened_value(types, name, fields[name]) for name in self.names.intersection(fields)}
        return {**fields, **changed}

    def widened_value(self, types: Mapping[str, str], path: str, value: Any) -> Any:
        """Return the value of the field at `path`, as `widened` does."""
        if isinstance(value, list):
            return [self.widened_value(types, path, item) for item in value]
        if isinstance(value, dict):
            return {name: self.widened_value(types, f"{path}.{name}", member) for name, member in value.items()}
        return _with_point(value) if path in self._paths and types.get(path) in _TAKING else value


NO_DECIMALS: Final = DecimalFields({})
"""For streams of which no field may hold fractions."""


def _with_point(value: Any) -> Any:
    """Return `value` with a point if it is a whole number that would be sent without one."""
    if value.__class__ is not int and value.__class__ is not Decimal:
        return value
    text = str(value)
    return Decimal(f"{text}.0") if _PLAIN.issuperset(text) else value
