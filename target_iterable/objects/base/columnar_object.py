"""Objects whose operations are built by the column, for a block of records."""

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
from target_iterable.field_types.decimal_fields import DecimalFields
from target_iterable.objects.base.base import IterableObject, OperationGroup, Outcome
from target_iterable.records.column_mapping import Row


class BlockObject(IterableObject):
    """Object that builds the operations of a block; a single record is a block of one."""

    takes_blocks: ClassVar[bool] = True

    @abstractmethod
    def operations(self, block: RecordBlock) -> list[Outcome]:
        """See `IterableObject`."""

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """See `IterableObject`."""
        (outcome,) = self.operations(RecordBlock([tuple(key)], rows=[row]))
        if isinstance(outcome, RejectReason):
            raise RecordRejectedError(outcome.code, outcome.reason, outcome.field)
        if isinstance(outcome, OperationGroup):
            raise TypeError(f"{self.spec.name} makes several operations of a record: see `operations`")
        if not isinstance(outcome, Operation):
            raise outcome
        return outcome


class ColumnarObject(BlockObject):
    """Object with an operation builder, for streams of millions of records."""

    reads_lines: ClassVar[bool] = True

    @property
    @abstractmethod
    def builder(self) -> OperationBuilder:
        """Operation builder of this stream."""

    @cached_property
    def field_options(self) -> FieldOptions:
        """Options of the data fields, from the route."""
        return FieldOptions(self.duplicates, self.route.nulls_clear, DecimalFields(self.schemas, ["dataFields"]))

    def operations(self, block: RecordBlock) -> list[Outcome]:
        """See `IterableObject`."""
        return [*self.builder.operations(block)]
