"""Records made in one step: what has to be done to the lines of one layout is found out once.

The lines of a stream come in few layouts, that is in few combinations of field names and types of values. For
each the rules of `records` and of nested names are asked once; what they say is kept as a short list of steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tap_iterable.export.lines import nested
from tap_iterable.records import MISFIT, REST, Fit, Record, Shape, merged

Branch = tuple[tuple[str, Any], ...]
"""An object to be made of dotted fields: its keys, each with the field whose value it gets, or with a branch."""

_MOST: Final = 2000
"""Layouts that are kept. A stream with more of them has lines of its own kind each, and remembering does not pay."""


@dataclass(frozen=True)
class _Layout:
    """What is to be done to the fields of a line.

    Attributes:
        floats: fields whose numbers are to be checked.
        rest: fields without a column.
        fits: columns whose values are looked at one by one.
        columns: columns to be made of dotted fields.
        others: objects to be made of dotted fields that have no column.
    """

    floats: tuple[str, ...]
    rest: tuple[str, ...]
    fits: tuple[tuple[str, Fit], ...]
    columns: Branch
    others: Branch

    def apply(self, fields: Record, check: Callable[[float], object]) -> Record:
        # Loops and no comprehensions: as functions of their own these would take half of the time here.
        for name in self.floats:
            check(fields[name])
        pop = fields.pop
        rest: Record = {}
        for name in self.rest:
            rest[name] = pop(name)
        for name, branch in self.others:
            rest[name] = _grown(branch, pop)
        for name, branch in self.columns:
            fields[name] = _grown(branch, pop)
        for name, fit in self.fits:
            value = fit(fields[name])
            if value is MISFIT:
                rest[name] = pop(name)
            else:
                fields[name] = value
        fields[REST] = merged(rest) if REST in rest else rest
        return fields


class Layouts:
    """Makes the records of one stream out of fields that were decoded quickly.

    Args:
        shape: says what the record of a line is. This class only says it sooner.
        check: raises an exception for a number that must not be among the fields.
    """

    def __init__(self, shape: Shape, check: Callable[[float], object]) -> None:
        self._shape = shape
        self._check = check
        self._known: dict[tuple[object, ...], _Layout | None] = {}

    def record(self, fields: Record) -> Record:
        """The record of a line, made of `fields` themselves. No number in them is wider than 64 bits."""
        signature = (*fields, *map(type, fields.values()))
        try:
            layout = self._known[signature]
        except KeyError:
            layout = self._learn(signature, fields)
        if layout is not None:
            return layout.apply(fields, self._check)
        for value in fields.values():
            if isinstance(value, float):
                self._check(value)
        return self._shape.record(nested(fields))

    def _learn(self, signature: tuple[object, ...], fields: Record) -> _Layout | None:
        if len(self._known) >= _MOST:
            return None
        layout = self._known[signature] = None if _depends_on_values(fields) else self._layout(fields)
        return layout

    def _layout(self, fields: Record) -> _Layout:
        # Where each value goes is told by a line whose values are the names of its fields.
        places = nested({name: name for name in fields})
        single = [name for name, place in places.items() if isinstance(place, str)]
        made = [(name, _branch(place)) for name, place in places.items() if isinstance(place, dict)]
        shape = self._shape
        fits = ((name, shape.fit(name, type(fields[name]))) for name in single if shape.has_column(name))
        return _Layout(
            floats=tuple(name for name, value in fields.items() if isinstance(value, float)),
            rest=tuple(name for name in single if not shape.has_column(name)),
            fits=tuple((name, fit) for name, fit in fits if fit is not None),
            columns=tuple((name, branch) for name, branch in made if shape.takes_objects(name)),
            others=tuple((name, branch) for name, branch in made if not shape.takes_objects(name)),
        )


def _depends_on_values(fields: Mapping[str, object]) -> bool:
    """Whether a dotted field belongs into an object that the line has besides, and which may have it already."""
    objects = {name for name, value in fields.items() if isinstance(value, dict)}
    return any("." in name and not objects.isdisjoint(_prefixes(name)) for name in fields)


def _prefixes(name: str) -> list[str]:
    steps = name.split(".")
    return [".".join(steps[:count]) for count in range(1, len(steps))]


def _branch(place: Mapping[str, Any]) -> Branch:
    return tuple((key, below if isinstance(below, str) else _branch(below)) for key, below in place.items())


def _grown(branch: Branch, pop: Callable[[str], Any]) -> Record:
    made: Record = {}
    for key, below in branch:
        made[key] = pop(below) if below.__class__ is str else _grown(below, pop)
    return made
