"""Lines decoded straight into their columns, and records made of them without looking at each field.

What can be known before a line comes is worked out once: which fields are columns and of which types, which
go to `dataFields`, which dotted ones are keys of which object. It is all in a type that the decoder fills and in
types for the record. Lines that are in any way out of the ordinary are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType, defstruct

from tap_iterable.export.lines import nested
from tap_iterable.records import MISFIT, RECORD_ID, REST, Shape

Line = msgspec.Struct
"""The fields of a line. They are in the order of their names, so an encoder writes them as `record_id` wants them."""
TypedRecord = msgspec.Struct


class RefusedLineError(ValueError):
    """A line whose record has to be made in another way."""


class LineType:
    """Makes records of lines that have certain fields; each may be absent.

    Args:
        shape: says which fields are columns, and what their values may be.
        others: the fields without a column.
        number: makes a float of its text.
    """

    def __init__(self, shape: Shape, others: Collection[str], number: Callable[[str], float]) -> None:
        columns = shape.columns
        self._attributes = {name: f"f{place}" for place, name in enumerate(sorted({*columns, *others}))}
        self._decode = msgspec.json.Decoder(self._line(shape), float_hook=number).decode
        self._values = _getter(self._attributes[name] for name in columns)
        self._record = defstruct(
            "Record",
            [*(_field(self._attributes[name], name) for name in columns), *map(_field, _ADDED, _ADDED)],
            gc=False,
        )
        fits = ((self._attributes[name], fit) for name, (_, fit) in columns.items())
        self._fits = tuple((attribute, fit) for attribute, fit in fits if fit is not None)
        places = nested({name: self._attributes[name] for name in others})
        self._rest = _maker({name: place for name, place in places.items() if name not in columns})
        self._objects = tuple(
            (self._attributes[name], _maker(place)) for name, place in places.items() if name in columns
        )

    def lines(self, block: Iterable[bytes]) -> list[Line]:
        """The lines, decoded.

        Raises:
            msgspec.MsgspecError: if one of them has other fields or values.
        """
        return list(map(self._decode, block))

    def attribute(self, name: str) -> str:
        """What the field of this name is called in lines."""
        return self._attributes[name]

    def records(self, lines: Iterable[Line]) -> Iterator[TypedRecord]:
        """The record of each line.

        Raises:
            RefusedLineError: if one depends on more than is known of the lines' type.
        """
        make, values, rest, fits, objects = self._record, self._values, self._rest, self._fits, self._objects
        for line in lines:
            record = make(*values(line), rest(line) or {})
            for attribute, fit in fits:
                value = getattr(record, attribute)
                if value is not UNSET and value is not None:
                    fitted = fit(value)
                    if fitted is MISFIT:
                        raise RefusedLineError
                    setattr(record, attribute, fitted)
            for attribute, branch in objects:
                if (made := branch(line)) is not UNSET:
                    if getattr(record, attribute) is not UNSET:
                        raise RefusedLineError
                    setattr(record, attribute, made)
            yield record

    def _line(self, shape: Shape) -> type[Line]:
        fields = [
            _field(attribute, name, shape.columns[name][0] if name in shape.columns else Any)
            for name, attribute in self._attributes.items()
        ]
        return defstruct("Line", fields, forbid_unknown_fields=True, gc=False)


class LineTypes:
    """The type that fits the lines of one stream best: it learns the names of fields without a column.

    Args:
        shape: says which fields are columns, and what their values may be.
        number: makes a float of its text.
    """

    def __init__(self, shape: Shape, number: Callable[[str], float]) -> None:
        self._shape = shape
        self._number = number
        self._others: set[str] = set()
        self._patience = _PATIENCE if len(shape.columns) <= _MOST else 0
        self._type: LineType | None = None

    def current(self) -> LineType:
        """The type to try.

        Raises:
            RefusedLineError: if lines were so different that trying any does not pay.
        """
        if self._patience <= 0:
            raise RefusedLineError
        self._patience -= 1
        if self._type is None:
            self._type = LineType(self._shape, self._others, self._number)
        return self._type

    def fitted(self) -> None:
        """The type that was tried was the right one for its block."""
        self._patience = min(self._patience + _GAIN, _PATIENCE)

    def learn(self, names: Iterable[str]) -> None:
        """Lines with fields of these names were not of the type that was tried."""
        for name in sorted(set(names) - self._others - self._shape.columns.keys()):
            if len(self._shape.columns) + len(self._others) < _MOST and self._is_plain(name):
                self._others.add(name)
                self._type = None

    def _is_plain(self, name: str) -> bool:
        """Whether the place of a field's value depends on nothing but its name."""
        if name == REST or _NOT_IN_NAMES.intersection(name) or not name.isprintable():
            return False
        root, *_ = name.split(".")
        if root == REST or (root in self._shape.columns and not self._shape.takes_objects(root)):
            return "." not in name
        return not any(_within(name, other) or _within(other, name) for other in self._others)


_MOST: Final = 200
"""Fields that a type knows at most. Each costs time for every line, so more are slow for lines that have few."""
_PATIENCE: Final = 50
"""Blocks in a row that may be of another type until none is tried any more."""
_GAIN: Final = 3
_NOT_IN_NAMES: Final = frozenset('\\"')
"""What a name must not have for the library to take it, beside what cannot be printed."""
_ADDED: Final = (REST, RECORD_ID)

Maker = Callable[[Line], msgspec.Struct | UnsetType]
Place = str | Mapping[str, Any]
"""The attribute of a line that holds a value, or an object of places."""


def _maker(places: Mapping[str, Place]) -> Maker:
    """What makes an object of fields of a line, without those that are absent; UNSET if all of them are."""
    leaves = {key: place for key, place in places.items() if isinstance(place, str)}
    branches = {key: place for key, place in places.items() if not isinstance(place, str)}
    keys = [*leaves, *branches]
    make = defstruct("Object", [_field(f"f{place}", key) for place, key in enumerate(keys)], gc=False)
    values, nothing = _getter(leaves.values()), (UNSET,) * len(keys)
    makers = [_maker(branch) for branch in branches.values()]

    def made(line: Line) -> msgspec.Struct | UnsetType:
        found = values(line)
        for maker in makers:
            found += (maker(line),)
        return UNSET if found == nothing else make(*found)

    return made


def _field(attribute: str, name: str, kind: Any = Any) -> tuple[str, Any, Any]:
    return attribute, kind if kind is Any else kind | None | UnsetType, msgspec.field(default=UNSET, name=name)


def _getter(attributes: Iterable[str]) -> Callable[[Line], tuple[Any, ...]]:
    names = tuple(attributes)
    if len(names) > 1:
        return attrgetter(*names)
    return lambda line: tuple(getattr(line, name) for name in names)


def _within(name: str, other: str) -> bool:
    return name.startswith(f"{other}.")
