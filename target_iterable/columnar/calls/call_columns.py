"""Calls of a block that have the same form, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from types import NoneType
from typing import Final

from msgspec import UNSET, UnsetType

from target_iterable.columnar.columns import Column, classes_in
from target_iterable.columnar.record_block import Draft, RecordBlock
from target_iterable.columnar.record_decoder import is_struct_name
from target_iterable.records.column_mapping import EMPTY, Row
from target_iterable.segment.call import CONTEXT, CONTEXT_PATHS, DEVICE, TRAITS, Call, part_of_context

NOTHING: Final = (UNSET, *EMPTY)
"""Values that count as missing."""
SUBJECT: Final = "subject"
USER_ID: Final = "user_id"
MESSAGE_ID: Final = "message_id"
MOMENT: Final = "moment"
IS_ANONYMOUS: Final = "is_anonymous"
_UNKNOWN: Final = "unknown_members"
_MOST_CELLS: Final = 2
"""Cells of columns for each member of an object, at most: an empty one costs time, too."""
_USED: Final = {name: f"{name} in context" for name in CONTEXT_PATHS}


class CallColumns(Draft):
    """Calls of one type, all of them raw, or all rows of a warehouse.

    The data fields are the traits or properties. The heads have the names of the attributes of `Call`; the context is
    in a head of its own, and so are its columns in a warehouse.

    Attributes:
        type: a key of `SHAPES`.
    """

    def __init__(self, type_: str, block: RecordBlock, places: Sequence[int]) -> None:
        super().__init__(block)
        self.places = places
        self.type = type_

    def used(self, name: str) -> Column | None:
        """Return the values of a part of the context, see `CONTEXT_PATHS`; None if no call has it."""
        return self.heads.get(_USED[name])

    def put_used(self, name: str, column: Column) -> None:
        """Set the values of a part of the context."""
        self.heads[_USED[name]] = column

    def put_unknown(self, column: Column) -> None:
        """Set the names of the unknown members of each call."""
        self.heads[_UNKNOWN] = column

    def unknown(self, at: Sequence[int]) -> set[str]:
        """Return the unknown members of some calls."""
        column = self.heads.get(_UNKNOWN)
        return set() if column is None else set().union(*(column[place] for place in at))

    def call(self, at: int) -> Call:
        """Return one call."""
        context = self.heads.get(CONTEXT)
        whole = {} if context is None else context[at]
        flat = {name: column[at] for name, column in self.heads.items() if name.startswith(f"{CONTEXT}_")}
        flat = {name: value for name, value in flat.items() if value is not UNSET}
        attributes = {name: self.heads[name][at] for name in (SUBJECT, USER_ID, MESSAGE_ID, MOMENT, IS_ANONYMOUS)}
        return Call(
            self.type,
            self.row(at),
            **attributes,
            context=self.context(at),
            context_traits=part_of_context(whole, flat, TRAITS),
            device=part_of_context(whole, flat, DEVICE),
            unknown_members=frozenset(self.unknown([at])),
        )

    def context(self, at: int) -> dict[str, object]:
        """Return the used parts of the context of a call."""
        values = ((name, column[at]) for name in _USED if (column := self.used(name)) is not None)
        return {name: value for name, value in values if value not in NOTHING}


def columns_of(objects: Sequence[Row]) -> dict[str, Column] | None:
    """Return the members of objects as columns; None if they have too little in common, another order, or odd names."""
    shapes = {*map(tuple, objects)}
    names = max(shapes, key=len, default=())
    if not all(map(is_struct_name, names)):
        return None
    if len(shapes) == 1:
        return dict(zip(names, map(list, zip(*map(dict.values, objects), strict=True)), strict=True))
    is_sparse = len(names) * len(objects) > _MOST_CELLS * sum(map(len, objects))
    if is_sparse or not all(_is_part(shape, names) for shape in shapes):
        return None
    return {name: [row.get(name, UNSET) for row in objects] for name in names}


def names_in(objects: Sequence[Row]) -> dict[str, None]:
    """Return the names of all members of objects."""
    return dict.fromkeys(chain.from_iterable({*map(tuple, objects)}))


def _is_part(names: Sequence[str], all_names: Sequence[str]) -> bool:
    """Whether some names are left when others are removed."""
    left = iter(all_names)
    return all(name in left for name in names)


def told(column: Column) -> list[bool]:
    """Return whether each value is something."""
    return [True] * len(column) if is_full(column) else [value not in NOTHING for value in column]


def is_full(column: Column) -> bool:
    """Whether no value is missing."""
    types = {*map(type, column)}
    return types.isdisjoint(_ABSENT) and not (str in types and "" in column)


def is_empty(column: Column) -> bool:
    """Whether no value is anything else than null."""
    return classes_in(column) <= _ABSENT


_ABSENT: Final = frozenset({NoneType, UnsetType})
