"""From columns to operations, for all records of a block together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

import msgspec
from msgspec import UNSET, defstruct

from iterable_api.facts.limits import MAX_BODY_BYTES
from target_iterable.columnar import object_columns as spreading
from target_iterable.columnar.fallback import MISFIT, Column, at, misfits_in
from target_iterable.columnar.record_decoder import UnusualStreamError
from target_iterable.columnar.row_groups import Grouping
from target_iterable.columnar.transforms import dates, without_null_values
from target_iterable.core.operation import NO_NAMES, Endpoint, Name, Operation
from target_iterable.field_types.registry import USERS, FieldTypes
from target_iterable.records.column_mapping import Move


@dataclass(frozen=True)
class BuilderContext:
    """What recipes of all objects stand on.

    Attributes:
        moves: where the columns of the stream go.
        types: those of the project's fields.
        clears: whether nulls are sent.
    """

    moves: Mapping[str, Move]
    types: FieldTypes
    clears: bool

    @property
    def fields(self) -> list[str]:
        """Where columns go."""
        return [move.field for move in self.moves.values()]


@dataclass(frozen=True)
class ColumnBatch:
    """Rows in the making, column by column.

    Attributes:
        keys: the values of the key properties, a tuple for each row.
        heads: what is no data field, as it is sent.
        data: the data fields.
        kinds: of what kind each row is.
        rows: in place of `data`, all data fields of each row, if they are not the same in all.
    """

    keys: Sequence[tuple[Any, ...]]
    heads: Mapping[str, Column]
    data: Mapping[str, Column]
    kinds: Column
    rows: Column | None = None

    def at(self, places: Sequence[int]) -> ColumnBatch:
        """The rows at these places."""
        keys, kinds = [self.keys[place] for place in places], [self.kinds[place] for place in places]
        rows = None if self.rows is None else [self.rows[place] for place in places]
        return ColumnBatch(keys, at(places, self.heads), at(places, self.data), kinds, rows)

    def misfits(self) -> set[int]:
        """The places of rows of which something is a misfit. Of the columns of data fields only dates can be."""
        return misfits_in(*self.heads.values(), self.kinds, self.rows or [])


class OperationBuilder(ABC):
    """How an object makes operations of records that are nothing out of the ordinary.

    It says of them just what `IterableObject.operation` says, and of all others nothing.

    Attributes:
        fields_path: see `Operation`.
        member: an object whose members are data fields, too.
        closed: the names of members that the object has to look at.
        most_bytes: whether a row can be sent whose part is larger is left to be found out.

    Raises:
        UnusualStreamError: if the stream lacks a column that says of what kind rows are.
    """

    fields_path: tuple[str, ...] = ("dataFields",)
    member: str = "dataFields"
    closed: Collection[str] = ()
    most_bytes = MAX_BODY_BYTES // 2

    def __init__(self, context: BuilderContext, endpoint: Endpoint, kinds: Grouping) -> None:
        if kinds.field is not None and kinds.field not in context.fields:
            raise UnusualStreamError
        self._context = context
        self._endpoint = endpoint
        self._kinds = kinds
        self._dates = {name: dates() for name, move in context.moves.items() if move.is_date}

    def operations(self, columns: Mapping[str, Column], keys: Sequence[tuple[Any, ...]]) -> list[Operation | None]:
        """One for each record, or None where that record has to be looked at by itself; there is one at least."""
        version = self._context.types.version
        dates_ = {name: fit(columns[name]) for name, fit in self._dates.items()}
        draft = self._draft({**columns, **dates_}, keys)
        odd = misfits_in(*dates_.values()) | draft.misfits() | self._unsure(draft) | {*self._odd(draft)}
        if not odd:
            return self._made(draft, version)
        made: list[Operation | None] = [None] * len(keys)
        places = [place for place in range(len(keys)) if place not in odd]
        if places:
            for place, row in zip(places, self._made(draft.at(places), version), strict=True):
                made[place] = row
        return made

    @abstractmethod
    def _heads(self, data: dict[str, Column], keys: Sequence[tuple[Any, ...]]) -> dict[str, Column]:
        """Take out of `data` what is no field, as it is sent."""

    @abstractmethod
    def _parts(self, draft: ColumnBatch) -> list[bytes]:
        """The part of each row."""

    @abstractmethod
    def _names(self, draft: ColumnBatch) -> Sequence[tuple[Name, ...]]:
        """Whom each row is about."""

    @abstractmethod
    def _odd(self, draft: ColumnBatch) -> Iterable[int]:
        """The places of rows that the object has to look at; there may be misfits among them."""

    def _draft(self, columns: Mapping[str, Column], keys: Sequence[tuple[Any, ...]]) -> ColumnBatch:
        data = {move.field: columns[name] for name, move in self._context.moves.items()}
        objects = spreading.objects(data.pop(self.member), self.closed) if self.member in data else None
        heads = self._heads(data, keys)
        kinds = self._kinds.group_of(heads, len(keys))
        if objects is not None:
            return ColumnBatch(keys, heads, {}, kinds, spreading.rows(objects, data, clears=self._context.clears))
        if not self._context.clears:
            data = {field: without_null_values(column) for field, column in data.items()}
        return ColumnBatch(keys, heads, data, kinds)

    def _unsure(self, draft: ColumnBatch) -> set[int]:
        """The places of rows with a value that may not fit its field."""
        types, unsure = self._context.types, set[int]()
        kinds = {*draft.kinds} - {MISFIT}
        for scope in {kind.type_scope for kind in kinds}:
            if scope == USERS or types.types_of(scope):
                members = {kind for kind in kinds if kind.type_scope == scope}
                places = [place for place, kind in enumerate(draft.kinds) if kind in members]
                some = draft if len(places) == len(draft.kinds) else draft.at(places)
                unsure.update(places[found] for found in self._unsure_in(scope, some))
        return unsure

    def _unsure_in(self, scope: str, draft: ColumnBatch) -> Iterable[int]:
        types = self._context.types
        if draft.rows is not None:
            return types.rows_to_check(scope, draft.rows)
        return chain.from_iterable(types.values_to_check(scope, field, column) for field, column in draft.data.items())

    def _made(self, draft: ColumnBatch, version: int) -> list[Operation | None]:
        parts, kinds = self._parts(draft), draft.kinds
        rows = map(
            Operation,
            repeat(self._endpoint),
            parts,
            self._names(draft),
            [kind.envelope for kind in kinds],
            repeat(NO_NAMES),
            [kind.type_scope for kind in kinds],
            repeat(None),
            repeat(self.fields_path),
            repeat(version),
            [kind.event_name for kind in kinds],
            [kind.dedup_scope for kind in kinds],
        )
        if max(map(len, parts)) <= self.most_bytes:
            return list(rows)
        return [row if len(part) <= self.most_bytes else None for row, part in zip(rows, parts, strict=True)]


def structs(members: Sequence[str]) -> type[msgspec.Struct]:
    """A type of objects that are encoded with these members, in this order, without those that are `UNSET`."""
    fields = [(f"f{place}", Any, msgspec.field(name=name, default=UNSET)) for place, name in enumerate(members)]
    return defstruct("Struct", fields, gc=False)
