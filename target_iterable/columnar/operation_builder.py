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
from target_iterable.columnar.columns import Column, TypedColumn, attempt, may_lack
from target_iterable.columnar.field_fitting import GROUP, VERSION
from target_iterable.columnar.record_block import Draft, RecordBlock
from target_iterable.columnar.row_groups import of_groups
from target_iterable.core.operation import NO_NAMES, Endpoint, Name, Operation
from target_iterable.core.rejection import RejectReason

PART: Final = "part"
_MAX_TYPES: Final = 1000


class OperationBuilder(ABC):
    """Builds the operations of an object. Each step runs for all records of a block.

    The first step that rejects a record determines the reject reason.

    Attributes:
        fields_path: see `Operation`.
        max_sure_bytes: parts up to this size fit into a request without a check of the whole row.
    """

    fields_path: tuple[str, ...] = ("dataFields",)
    max_sure_bytes = MAX_BODY_BYTES // 2

    def operations(self, block: RecordBlock) -> list[Operation | RejectReason]:
        """Return the operation or the reject reason of each record.

        Raises:
            IterableError: if a needed look-up in Iterable fails.
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
        """Add the heads `GROUP`, `VERSION` and `PART`, and those that the other methods use; see `fit_types`."""

    @abstractmethod
    def _names(self, draft: Draft) -> Iterable[tuple[Name, ...]]:
        """Return all names of each record."""

    @abstractmethod
    def _endpoints(self, draft: Draft) -> Iterable[Endpoint]:
        """Return the endpoint of each record."""

    def _only_for(self, draft: Draft) -> Iterable[frozenset[Name]]:
        """Return, for each record, the users who must exist for it to be sent."""
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
                of_groups(groups, "envelope"),
                self._only_for(draft),
                of_groups(groups, "type_scope"),
                repeat(None),
                repeat(self.fields_path),
                draft.heads[VERSION],
                of_groups(groups, "event_name"),
                of_groups(groups, "dedup_scope"),
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
    """Return a struct type with these members in this order; members that are `UNSET` are not encoded."""
    fields = [(f"f{place}", Any, msgspec.field(name=name, default=UNSET)) for place, name in enumerate(members)]
    return defstruct("Struct", fields, gc=False)


def struct_column(columns: Mapping[str, Iterable[Any]]) -> Column:
    """Return a struct for each record; none without columns. At least one of the columns must be finite."""
    for column in columns.values():
        if isinstance(column, TypedColumn):
            return column.struct(columns)
    return list(map(structs(tuple(columns)), *columns.values())) if columns else []


def without_any(columns: Collection[Column]) -> Collection[int]:
    """Return the indexes of records for which all these columns are `UNSET`."""
    if not all(map(may_lack, columns)):
        return ()
    return {place for place, row in enumerate(zip(*columns, strict=True)) if {*map(id, row)} == {id(UNSET)}}
