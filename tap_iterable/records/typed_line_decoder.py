"""Lines decoded straight into their columns, and records made of them without looking at each field.

What can be known before a line comes is worked out once: which fields are columns and of which types, which
go to `dataFields`, which dotted ones are keys of which object. It is all in a type that the decoder fills, in
types for the record, and in what makes the columns of the one from those of the other. Lines that are in any way
out of the ordinary are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from itertools import repeat
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from iterable_api.events.event_key import EventKeyMaker
from tap_iterable.records.column_types import (
    Line,
    Maker,
    Place,
    UnfittingLineError,
    columns_of,
    either,
    fitted,
    objects,
    struct,
)
from tap_iterable.records.line_parsing import nested
from tap_iterable.records.record_shape import EVENT_KEY, RECORD_ID, REST, RecordShape

TypedRecord = msgspec.Struct


class LineType:
    """Makes records of lines that have certain fields; each may be absent.

    Args:
        shape: says which fields are columns, and what their values may be.
        others: the fields without a column.
        number: makes a finite float of its text.
    """

    def __init__(self, shape: RecordShape, others: Collection[str], number: Callable[[str], float]) -> None:
        names = sorted({*shape.columns, *others})  # in this order an encoder writes them as `record_id` wants them
        self._places = {name: place for place, name in enumerate(names)}
        self._of_columns = [self.attribute(name) for name in names if name.partition(".")[0] in shape.columns]
        kinds = {name: column.kind for name, column in shape.columns.items()}
        line = struct("Line", names, kinds, forbid_unknown_fields=True)
        self._decode = msgspec.json.Decoder(line, float_hook=number).decode
        self._record = struct("Record", [*shape.columns, REST, RECORD_ID, EVENT_KEY], {})
        places = nested({name: self._places[name] for name in sorted(others)})
        self._makers = [self._maker(shape, name, places.pop(name, None)) for name in shape.columns]
        self._makers.append(objects(places, {}))
        self._order = {name: place for place, name in enumerate(shape.columns)}

    def lines(self, block: Iterable[bytes]) -> list[Line]:
        """The lines, decoded.

        Raises:
            msgspec.MsgspecError: if one of them has other fields or values.
        """
        return list(map(self._decode, block))

    def attribute(self, name: str) -> str:
        """What the field of this name is called in lines."""
        return f"f{self._places[name]}"

    def has_column(self, line: Line) -> bool:
        """Whether a line has a field that is a column, or a part of one."""
        return any(getattr(line, attribute) is not UNSET for attribute in self._of_columns)

    def records(
        self, lines: Iterable[Line], ids: Iterable[str | UnsetType], keys: EventKeyMaker | None = None
    ) -> list[TypedRecord]:
        """The record of each line.

        Raises:
            RefusedLineError: if one depends on more than is known of the lines' type.
        """
        columns = columns_of(lines)
        if not columns:
            return []
        made = [make(columns) for make in self._makers]
        event_keys = keys.keys(lambda name: made[self._order[name]], len(columns[0])) if keys else repeat(UNSET)
        return list(map(self._record, *made, ids, event_keys))

    def _maker(self, shape: RecordShape, name: str, parts: Place | None) -> Maker:
        """What makes the column of this name, of fields with dotted names, too."""
        field = fitted(self._places[name], shape.columns[name])
        return field if parts is None or isinstance(parts, int) else either(field, objects(parts))


class LineTypes:
    """The type that fits the lines of one stream best: it learns the names of fields without a column.

    Args:
        shape: says which fields are columns, and what their values may be.
        number: makes a float of its text.
    """

    def __init__(self, shape: RecordShape, number: Callable[[str], float]) -> None:
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
            raise UnfittingLineError
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


def _within(name: str, other: str) -> bool:
    return name.startswith(f"{other}.")
