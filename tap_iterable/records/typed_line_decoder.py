"""Lines decoded straight into columns, and records made of the columns without a step in Python for each field.

The mapping of fields is computed once, before the lines come: which fields are columns and of which types, which go
to `dataFields`, which dotted ones are keys of which object. It is built into a type that the decoder fills, into types
of records, and into functions that make the columns of records from the columns of lines. Unusual lines are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import UNSET

from iterable_api.events.event_key import EventKeyMaker
from tap_iterable.records.column_types import (
    ColumnIndex,
    Line,
    Maker,
    UnfittingLineError,
    columns_of,
    either,
    fitted,
    objects,
    struct,
)
from tap_iterable.records.line_parsing import nested
from tap_iterable.records.record_block import RecordBlock
from tap_iterable.records.record_shape import EVENT_KEY, NUMBER_AS_TEXT, RECORD_ID, REST, TEXT, ColumnType, RecordShape

TypedRecord = msgspec.Struct


class TypedLineDecoder:
    """Makes records of lines that have certain fields; each may be absent.

    Args:
        columns: the fields that are columns of the record, with what their values may be.
        others: the fields without a column.
        number: makes a finite float of its text.
    """

    def __init__(
        self, columns: Mapping[str, ColumnType], others: Collection[str], number: Callable[[str], float]
    ) -> None:
        names = sorted({*columns, *others})  # in this order an encoder writes them as `record_id` wants them
        self._indices = {name: index for index, name in enumerate(names)}
        self._column_attributes = [self.attribute(name) for name in names if name.partition(".")[0] in columns]
        kinds = {name: column.kind for name, column in columns.items()}
        line = struct("Line", names, kinds, forbid_unknown_fields=True)
        self._decode = msgspec.json.Decoder(line, float_hook=number).decode
        self._record = struct("Record", [*columns, REST, RECORD_ID, EVENT_KEY], {})
        indices = nested({name: self._indices[name] for name in sorted(others)})
        self._makers = [self._maker(name, column, indices.pop(name, None)) for name, column in columns.items()]
        self._makers.append(objects(indices, {}))
        self._names = (*columns, REST)

    def lines(self, block: Iterable[bytes]) -> list[Line]:
        """The lines, decoded.

        Raises:
            msgspec.MsgspecError: if one of them has other fields or values.
        """
        return list(map(self._decode, block))

    def attribute(self, name: str) -> str:
        """The attribute of lines that holds the field of this name."""
        return f"f{self._indices[name]}"

    def has_column(self, line: Line) -> bool:
        """Whether a line has a field that is a column, or a part of one."""
        return any(getattr(line, attribute) is not UNSET for attribute in self._column_attributes)

    def records(
        self, lines: Iterable[Line], ids: Sequence[str] = (), keys: EventKeyMaker | None = None
    ) -> Sequence[TypedRecord]:
        """The record of each line.

        Raises:
            UnfittingLineError: if the record of one depends on more than the type of the lines.
        """
        columns = columns_of(lines)
        if not columns:
            return []
        made = [make(columns) for make in self._makers]
        block = dict(zip(self._names, made, strict=True))
        if ids:
            block[RECORD_ID] = ids
        if keys:
            block[EVENT_KEY] = keys.keys(block.__getitem__, len(ids))
        return RecordBlock(self._record, block)

    def _maker(self, name: str, column: ColumnType, parts: ColumnIndex | None) -> Maker:
        """The function that makes the column of this name, also of fields with dotted names."""
        field = fitted(self._indices[name], column)
        return field if parts is None or isinstance(parts, int) else either(field, objects(parts))


class AdaptiveDecoder:
    """Gives the typed decoder for the lines of one stream: it learns fields from lines that its decoder refused.

    Args:
        shape: which fields are columns, and what their values may be.
        number: makes a float of its text.
    """

    def __init__(self, shape: RecordShape, number: Callable[[str], float]) -> None:
        self._shape = shape
        self._number = number
        self._columns = dict(shape.columns)
        self._others: set[str] = set()
        self._attempts_left = _MAX_ATTEMPTS if len(shape.columns) <= _MAX_FIELDS else 0
        self._decoder: TypedLineDecoder | None = None

    def current(self) -> TypedLineDecoder:
        """The decoder to try.

        Raises:
            UnfittingLineError: if so many blocks were refused that trying does not pay.
        """
        if self._attempts_left <= 0:
            raise UnfittingLineError
        self._attempts_left -= 1
        if self._decoder is None:
            self._decoder = TypedLineDecoder(self._columns, self._others, self._number)
        return self._decoder

    def on_success(self) -> None:
        """Count a block that the decoder has read."""
        self._attempts_left = min(self._attempts_left + _ATTEMPTS_PER_SUCCESS, _MAX_ATTEMPTS)

    def learn(self, rows: Collection[Mapping[str, Any]]) -> bool:
        """Take over names without a column, and text columns that hold numbers; whether there were new ones.

        Args:
            rows: the fields of the lines of a refused block.
        """
        known = self._decoder
        for name in sorted({name for row in rows for name in row} - self._others - self._columns.keys()):
            if len(self._columns) + len(self._others) < _MAX_FIELDS and self._is_plain(name):
                self._others.add(name)
                self._decoder = None
        for name in [name for name, column in self._columns.items() if column is TEXT]:
            if any(type(row.get(name)) is int for row in rows):
                self._columns[name] = NUMBER_AS_TEXT
                self._decoder = None
        return self._decoder is not known

    def _is_plain(self, name: str) -> bool:
        """Whether the place of a field's value depends on nothing but its name."""
        if name == REST or _NOT_IN_NAMES.intersection(name) or not name.isprintable():
            return False
        root, *_ = name.split(".")
        if root == REST or (root in self._columns and not self._shape.takes_objects(root)):
            return "." not in name
        return not any(_within(name, other) or _within(other, name) for other in self._others)


_MAX_FIELDS: Final = 200
"""Fields that a decoder knows. Each costs time for every line, so more of them are slow for lines that have few."""
_MAX_ATTEMPTS: Final = 50
"""Blocks in a row that may be refused until no decoder is tried any more."""
_ATTEMPTS_PER_SUCCESS: Final = 3
_NOT_IN_NAMES: Final = frozenset('\\"')
"""Characters that msgspec does not take in the name of a field, beside those that cannot be printed."""


def _within(name: str, other: str) -> bool:
    return name.startswith(f"{other}.")
