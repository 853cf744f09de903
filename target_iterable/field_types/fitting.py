"""Which values fit the field of a type: what is documented, and what Iterable has shown in this run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

ScopedPath: TypeAlias = tuple[str, str]
"""A scope, and the dotted path of a field in it."""

_FITS: Final[Mapping[str, frozenset[str]]] = {
    "string": frozenset({"string"}),
    "date": frozenset({"date", "string"}),
    "long": frozenset({"long", "double"}),
    "double": frozenset({"double"}),
    "boolean": frozenset({"boolean"}),
    "geo_location": frozenset({"geo_location", "object"}),
    "object": frozenset({"object"}),
}
"""By what a value is: the types of fields that it fits. Whole numbers go into decimals, dates into texts."""

_DOUBTFUL: Final = frozenset({("long", "string"), ("double", "string"), ("boolean", "string"), ("long", "date")})
"""A value of a type, in a field of another: not documented to fit, nor not to. Refused only where Iterable did so."""

TYPES: Final = frozenset().union(*_FITS.values())
_DECIMAL_INTO_LONG: Final = ("double", "long")


class TypeFitting:
    """What fits, by place. Threads may share it."""

    def __init__(self) -> None:
        self._refused: set[tuple[ScopedPath, str, str]] = set()
        self._whole: set[ScopedPath] = set()

    def fits(self, place: ScopedPath, type_: str, expected: str) -> bool:
        """Whether a value of one type may go into a field of another, as far as that is known."""
        if expected in _FITS[type_] or expected not in TYPES:
            return True
        if (type_, expected) == _DECIMAL_INTO_LONG:
            return place not in self._whole
        return (type_, expected) in _DOUBTFUL and (place, type_, expected) not in self._refused

    def refuse(self, place: ScopedPath, incoming: Iterable[str], expected: str) -> None:
        """Learn that Iterable has refused values that could have been of the `incoming` types; of any, if of none."""
        types = TYPES.intersection(incoming)
        self._refused |= {(place, type_, expected) for type_ in types or TYPES}
        if expected == "long" and "double" in types:
            self._whole.add(place)

    def require_whole_numbers(self, place: ScopedPath) -> None:
        """Take it that the field holds whole numbers only."""
        self._whole.add(place)
