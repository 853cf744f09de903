"""Base class of objects: the routes that an object allows, and how its rows become operations."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, TypeAlias

from target_iterable.columnar.columns import attempt
from target_iterable.columnar.record_block import RecordBlock
from target_iterable.config.route import ObjectSpec, Route
from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import IdempotencyKey, Name, Operation
from target_iterable.core.rejection import (
    RecordAlreadyWrittenError,
    RecordRejectedError,
    RecordSkippedError,
    RejectReason,
)
from target_iterable.project.project import Project
from target_iterable.records.column_mapping import Row, pop_object
from target_iterable.records.duplicate_fields import DuplicateFields
from target_iterable.records.field_names import refuse_separator
from target_iterable.records.ids import key_text
from target_iterable.records.key_form import KeyColumn, KeyForm
from target_iterable.records.user_identity import IdentityRule
from target_iterable.schemas.schema_types import Schemas


class OperationGroup(NamedTuple):
    """Results of a record that says several things, each of which counts as a record of its own."""

    outcomes: Sequence[Outcome]

    @staticmethod
    def of(outcomes: Sequence[Outcome]) -> Outcome:
        """Return the outcome of a record that says what has these outcomes: unchanged if it says nothing."""
        if not outcomes:
            return RecordSkippedError()
        return outcomes[0] if len(outcomes) == 1 else OperationGroup(outcomes)


Outcome: TypeAlias = Operation | RejectReason | RecordSkippedError | RecordAlreadyWrittenError | OperationGroup
"""Result of building a record: an operation, several, or the reason why there is none."""


@dataclass(frozen=True)
class Destination:
    """Settings and schema of one stream, for its object.

    Attributes:
        settings: settings of the target.
        key_columns: key columns of the stream.
        cleared: a row with null for each column of the stream.
        schemas: field -> its JSON Schema.
        duplicates: policy for fields that a record has twice.
    """

    project: Project
    settings: Mapping[str, Any]
    stream: str
    route: Route
    key_columns: Sequence[KeyColumn] = ()
    cleared: Row = field(default_factory=dict)
    schemas: Schemas = field(default_factory=dict)
    duplicates: DuplicateFields = field(default_factory=DuplicateFields)

    def of(self, object_: str, mode: str, **options: Any) -> Destination:
        """Return this destination for another object, of which an object is composed."""
        return replace(self, route=replace(self.route, object=object_, mode=mode, options=options))


class IterableObject(ABC):
    """Base of all objects. A subclass defines its route options, an example record, and how rows become operations.

    Its docstring is part of the documentation: what the object is, and one line per column.
    """

    spec: ClassVar[ObjectSpec]
    takes_blocks: ClassVar[bool] = False
    """Whether many records are made faster together, and it does no harm to make them a little early."""
    reads_lines: ClassVar[bool] = False
    """Whether columns are taken straight from the lines of the input; see `BlockReader`."""
    example: ClassVar[Mapping[str, Any]]

    def __init__(self, to: Destination) -> None:
        self.project = to.project
        self.settings = to.settings
        self.stream = to.stream
        self.route = to.route
        self.key_properties = [column.name for column in to.key_columns]
        self.key_form = KeyForm(to.key_columns)
        self.cleared = to.cleared
        self.schemas = to.schemas
        self.duplicates = to.duplicates
        self.identities = IdentityRule(self.project.type, self.route.identify_by)
        self._left_out: set[str] = set()

    @abstractmethod
    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """Build the operation of one row, which may be modified. `key` holds the values of the key properties.

        Raises:
            RecordRejectedError: if Iterable would not accept it.
        """

    def operations(self, block: RecordBlock) -> list[Outcome]:
        """Return the outcome of each record of a block: its operation, or why nothing is sent.

        Raises:
            IterableError: if a needed look-up in Iterable fails.
        """
        return [self._outcome(row, key) for row, key in zip(block.records(), block.keys, strict=True)]

    def _outcome(self, row: Row, key: Sequence[Any]) -> Outcome:
        try:
            outcome: Outcome = attempt(self.operation, row, key)
        except (RecordSkippedError, RecordAlreadyWrittenError) as reason:
            return reason
        return outcome

    def removal_of(self, row: Row, key: Sequence[Any]) -> Operation:
        """Build the operation that removes what a row, now deleted in its source, had written to Iterable.

        Only for modes that `spec` marks as able to remove.

        Raises:
            RecordRejectedError: if the row does not identify it, or it cannot be removed.
        """
        raise NotImplementedError

    def fields(self, row: Row, member: str) -> Row:
        """Return what is left of `row`, and the members of its object `member`, as fields; the route decides on nulls.

        Raises:
            RecordRejectedError: see `flatten_member` and `refuse_separator`.
        """
        fields = self.duplicates.flattened(pop_object(row, member), row, member, clears=self.route.nulls_clear)
        refuse_separator(fields)
        return fields

    def flatten_member(self, row: Row, member: str) -> Row:
        """Return `row` with the members of its object `member` as fields of their own.

        Raises:
            RecordRejectedError: see `pop_object` and `DuplicateFields`.
        """
        return self.duplicates.merged(pop_object(row, member), row, member) if member in row else row

    def idempotency_key(self, key: Sequence[Any], names: Collection[Name] = ()) -> IdempotencyKey:
        """Return the idempotency key of a record: the stream's key, or else `names`.

        Raises:
            RecordRejectedError: if a value of the key is null, or there is neither.
        """
        if None in key or not (key or names):
            raise RecordRejectedError("missingKey", "its key is empty, so a repetition could not be recognised")
        values: Sequence[Any] = self.key_form.of(key) or sorted(names)
        formerly = [value if (text := key_text(value)) is None else text for value in key] or values
        return IdempotencyKey(f"{self.spec.name} of {self.stream}", dumps(values).decode(), dumps(formerly).decode())

    @cached_property
    def makes_placeholders(self) -> bool:
        """Whether a record without an address may create a user in an email-based project."""
        return bool(
            self.settings["placeholder_users"] if self.route.placeholder_users is None else self.route.placeholder_users
        )

    @cached_property
    def create_new_fields(self) -> dict[str, bool]:
        """Return the member `createNewFields` of a body; empty if the project decides."""
        setting = self.settings["create_new_fields"]
        return {} if setting == "project" else {"createNewFields": setting == "true"}

    def pop_id(self, row: Row, column: str, key: Sequence[Any]) -> Any:
        """Remove and return the column of `row`, or else its single key property."""
        if column in row or len(key) != 1:
            return row.pop(column, None)
        row.pop(self.route.fields.get(self.key_properties[0]) or self.key_properties[0], None)
        return key[0]

    def leave_out(self, row: Row) -> None:
        """Log, once for each, the remaining columns of `row`: Iterable has no member for them."""
        new = row.keys() - self._left_out
        if new:
            self._left_out |= new
            logging.getLogger(f"target-iterable.{self.stream}").info(
                "%s in mode %s have no place for the columns %s: they are left out.",
                self.spec.name,
                self.route.mode,
                ", ".join(map(repr, sorted(new))),
            )
