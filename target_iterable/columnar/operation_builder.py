"""From columns to operations, for all records of a block together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from itertools import repeat
from typing import Any, Final

import msgspec
from msgspec import UNSET, defstruct

from iterable_api.facts.limits import MAX_BODY_BYTES
from target_iterable.columnar.columns import Column, attempt
from target_iterable.columnar.field_fitting import GROUP, VERSION
from target_iterable.columnar.record_block import Draft, RecordBlock
from target_iterable.core.operation import NO_NAMES, Endpoint, Name, Operation
from target_iterable.core.rejection import RejectReason

PART: Final = "part"
_MAX_TYPES: Final = 1000


class OperationBuilder(ABC):
    """Makes the operations of an object, step by step, each step for all records of a block.

    The first step that rejects a record gives the reason.

    Attributes:
        fields_path: see `Operation`.
        max_sure_bytes: the size of a part up to which a row surely fits into a request.
    """

    fields_path: tuple[str, ...] = ("dataFields",)
    max_sure_bytes = MAX_BODY_BYTES // 2

    def operations(self, block: RecordBlock) -> list[Operation | RejectReason]:
        """Return the operation of each record, or the reason for which it is rejected.

        Raises:
            IterableError: if Iterable does not tell what must be known.
        """
        draft = Draft(block)
        if draft:
            self._prepare(draft)
        rows = self._rows(draft) if draft else []
        if not draft.rejects:
            return rows
        found: dict[int, Operation | RejectReason] = {**dict(zip(draft.places, rows, strict=True)), **draft.rejects}
        return [found[place] for place in range(len(block))]

    @abstractmethod
    def _prepare(self, draft: Draft) -> None:
        """Put `GROUP`, `VERSION` and `PART` into the heads, and all that the other methods need; see `fit_types`."""

    @abstractmethod
    def _names(self, draft: Draft) -> Iterable[tuple[Name, ...]]:
        """Return all names of each record."""

    @abstractmethod
    def _endpoints(self, draft: Draft) -> Iterable[Endpoint]:
        """Return the endpoint of each record."""

    def _only_for(self, draft: Draft) -> Iterable[frozenset[Name]]:
        """Return the users for whom each record is meant only if they exist."""
        del draft
        return repeat(NO_NAMES)

    def _rows(self, draft: Draft) -> list[Operation | RejectReason]:
        parts, groups = draft.heads[PART], draft.heads[GROUP]
        rows: list[Operation | RejectReason] = list(
            map(
                Operation,
                self._endpoints(draft),
                parts,
                self._names(draft),
                [group.envelope for group in groups],
                self._only_for(draft),
                [group.type_scope for group in groups],
                repeat(None),
                repeat(self.fields_path),
                draft.heads[VERSION],
                [group.event_name for group in groups],
                [group.dedup_scope for group in groups],
            )
        )
        if max(map(len, parts)) <= self.max_sure_bytes:
            return rows
        return [attempt(_size_checked, row) for row in rows]


def _size_checked(row: Operation) -> Operation:
    row.check_size()
    return row


@lru_cache(_MAX_TYPES)
def structs(members: tuple[str, ...]) -> type[msgspec.Struct]:
    """Return a type of objects that are encoded with these members, in this order, without those that are `UNSET`."""
    fields = [(f"f{place}", Any, msgspec.field(name=name, default=UNSET)) for place, name in enumerate(members)]
    return defstruct("Struct", fields, gc=False)


def struct_column(columns: Mapping[str, Iterable[Any]]) -> Column:
    """Return an object for each record with these members; there is one member at least, and one with an end."""
    return list(map(structs(tuple(columns)), *columns.values()))


def without_any(columns: Collection[Column]) -> Collection[int]:
    """Return the places of records that have none of these."""
    if not all(UNSET in column for column in columns):
        return ()
    return {place for place, row in enumerate(zip(*columns, strict=True)) if {*map(id, row)} == {id(UNSET)}}
