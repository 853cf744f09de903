"""Rules about which values fit the field of a type: documented ones, and those that Iterable has shown in this run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

ScopedPath: TypeAlias = tuple[str, str]
"""Scope of fields, and the dotted path of a field in it."""

_FITS: Final[Mapping[str, frozenset[str]]] = {
    "string": frozenset({"string"}),
    "date": frozenset({"date", "string"}),
    "long": frozenset({"long", "double"}),
    "double": frozenset({"double"}),
    "boolean": frozenset({"boolean"}),
    "geo_location": frozenset({"geo_location", "object"}),
    "object": frozenset({"object"}),
}
"""Type of a value -> types of fields that it fits. Whole numbers fit decimals, dates fit texts."""

_DOUBTFUL: Final = frozenset({("long", "string"), ("double", "string"), ("boolean", "string"), ("long", "date")})
"""Pairs of a value's type and a field's type that are undocumented. Refused only where Iterable has refused them."""

TYPES: Final = frozenset().union(*_FITS.values())
_DECIMAL_INTO_LONG: Final = ("double", "long")


class TypeFitting:
    """Fitting rules by field. Threads may share it."""

    def __init__(self) -> None:
        self._refused: set[tuple[ScopedPath, str, str]] = set()
        self._whole: set[ScopedPath] = set()

    def fits(self, scoped_path: ScopedPath, type_: str, expected: str) -> bool:
        """Whether a value of type `type_` fits a field of type `expected`, as far as known."""
        if expected in _FITS[type_] or expected not in TYPES:
            return True
        if (type_, expected) == _DECIMAL_INTO_LONG:
            return scoped_path not in self._whole
        return (type_, expected) in _DOUBTFUL and (scoped_path, type_, expected) not in self._refused

    def refuse(self, scoped_path: ScopedPath, incoming_types: Iterable[str], expected: str) -> None:
        """Record that Iterable has refused values of one of the `incoming_types`; of any type, if there are none."""
        types = TYPES.intersection(incoming_types)
        self._refused |= {(scoped_path, type_, expected) for type_ in types or TYPES}
        if expected == "long" and "double" in types:
            self._whole.add(scoped_path)

    def require_whole_numbers(self, scoped_path: ScopedPath) -> None:
        """Assume that the field takes whole numbers only, as nothing else explains the error."""
        self._whole.add(scoped_path)
