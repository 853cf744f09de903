"""Schemas as all taps write them, in the one dialect of JSON Schema that records are checked by."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

_BOUNDS: Final = {"exclusiveMaximum": "maximum", "exclusiveMinimum": "minimum"}


def normalise_schema(schema: Any) -> Any:
    """`schema` with the bounds of draft 4 as later drafts have them, and without `multipleOf`.

    Database taps say by `multipleOf: 1e-38` how many digits a column has. Nothing at Iterable depends on that, and
    decimals end before such quotients do.
    """
    if isinstance(schema, list):
        return [normalise_schema(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: normalise_schema(part) for name, part in schema.items() if not _is_left_out(name, part)}
    for exclusive, bound in _BOUNDS.items():
        if isinstance(made.get(exclusive), bool) and made.pop(exclusive) and bound in made:
            made[exclusive] = made.pop(bound)
    return made


def _is_left_out(name: str, part: Any) -> bool:
    """Columns may have these names, too; then the part is a schema."""
    return (name == "multipleOf" and isinstance(part, int | float | Decimal)) or (
        name == "$schema" and isinstance(part, str)
    )
