"""Objects whose operations are built column by column, for a block of records together."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from target_iterable.columnar.operation_builder import OperationBuilder
from target_iterable.columnar.record_block import RecordBlock
from target_iterable.columnar.user_builder import FieldOptions
from target_iterable.core.operation import Operation
from target_iterable.core.rejection import RecordRejectedError, RejectReason
from target_iterable.objects.base.base import IterableObject, Outcome
from target_iterable.records.column_mapping import Row


class BlockObject(IterableObject):
    """An object that makes operations of many records together; a record alone is a block of one."""

    takes_blocks: ClassVar[bool] = True

    @abstractmethod
    def operations(self, block: RecordBlock) -> list[Outcome]:
        """See `IterableObject`."""

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """See `IterableObject`."""
        (outcome,) = self.operations(RecordBlock([tuple(key)], rows=[row]))
        if isinstance(outcome, RejectReason):
            raise RecordRejectedError(outcome.code, outcome.reason, outcome.field)
        if not isinstance(outcome, Operation):
            raise outcome
        return outcome


class ColumnarObject(BlockObject):
    """An object of which there may be millions: an operation builder makes the operations of a block."""

    reads_lines: ClassVar[bool] = True

    @property
    @abstractmethod
    def builder(self) -> OperationBuilder:
        """The builder of the operations of this stream."""

    @cached_property
    def field_options(self) -> FieldOptions:
        """How data fields are read, as the route says."""
        return FieldOptions(self.duplicates, self.route.nulls_clear)

    def operations(self, block: RecordBlock) -> list[Outcome]:
        """See `IterableObject`."""
        return [*self.builder.operations(block)]
