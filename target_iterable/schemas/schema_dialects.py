"""Dialects of JSON Schema: those of all taps become the one that records are validated by."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

_EXCLUSIVE_BOUNDS: Final = {"exclusiveMaximum": "maximum", "exclusiveMinimum": "minimum"}


def normalise_schema(schema: Any) -> Any:
    """`schema` with exclusive bounds as in draft 6 and later, where draft 4 has them as booleans; without `multipleOf`.

    Database taps write `multipleOf: 1e-38` for the number of digits of a column. Iterable does not care, and dividing a
    decimal by it fails.
    """
    if isinstance(schema, list):
        return [normalise_schema(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    normalised = {name: normalise_schema(part) for name, part in schema.items() if not _is_left_out(name, part)}
    for exclusive, bound in _EXCLUSIVE_BOUNDS.items():
        if isinstance(normalised.get(exclusive), bool) and normalised.pop(exclusive) and bound in normalised:
            normalised[exclusive] = normalised.pop(bound)
    return normalised


def _is_left_out(name: str, part: Any) -> bool:
    """Whether the keyword is dropped. A column may have its name, too; then `part` is a schema."""
    return (name == "multipleOf" and isinstance(part, int | float | Decimal)) or (
        name == "$schema" and isinstance(part, str)
    )
