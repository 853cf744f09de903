"""Records whose row the source has deleted, and what the route wants done about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from target_iterable.columnar.block_reader import InputRecord
from target_iterable.config.route import REJECT, SKIP, WRITE
from target_iterable.core.json_encoding import exact
from target_iterable.core.operation import Operation
from target_iterable.core.rejection import RecordRejectedError, RecordSkippedError
from target_iterable.mirror.mirror import Mirror
from target_iterable.objects.base.base import IterableObject
from target_iterable.records.column_mapping import ColumnMapping, Row
from target_iterable.records.deletion_marks import DeletionMarks


class NamesOf(Protocol):
    """See `MirroredObject.names`."""

    def __call__(self, row: Row, key: Sequence[Any], *, create: bool = True) -> Sequence[str]:
        """Return the identifiers of a record."""


class DeletedRowHandler:
    """Recognises records of deleted rows in one stream, and builds the operations that remove what they wrote.

    Args:
        object_: object of the stream.
        columns: column mapping without date conversion, as such a row may hold only its key.
        key: key properties.
        marks: columns that mark a row as deleted.
        names: returns all identifiers of a record; None if the stream is not mirrored.
        mirror: mirror of the stream.
        is_mapped: whether stream maps may have dropped the mark.
    """

    def __init__(
        self,
        object_: IterableObject,
        columns: ColumnMapping,
        key: Sequence[str],
        marks: DeletionMarks,
        *,
        names: NamesOf | None,
        mirror: Mirror,
        is_mapped: bool,
    ) -> None:
        self._object = object_
        self._columns = columns
        self._key = key
        self._marks = marks
        self._names = names
        self._mirror = mirror
        self._is_mapped = is_mapped
        self._on_deleted = object_.route.on_deleted

    @property
    def is_written(self) -> bool:
        """Whether such records are written like all others."""
        return self._on_deleted == WRITE

    def mark_in(self, given: InputRecord) -> str | None:
        """Return the column that marks the row as deleted; None if none does."""
        mark = self._marks.mark_in(given.record)
        return self._marks.mark_in(given.original) if mark is None and self._is_mapped else mark

    def removal(self, record: Mapping[str, Any], mark: str | None) -> Operation:
        """Return the operation that removes what the deleted row had written to Iterable.

        Raises:
            RecordRejectedError, RecordSkippedError: if nothing is to be removed.
            IterableError: if a needed look-up in Iterable fails.
        """
        if self._on_deleted == SKIP:
            raise RecordSkippedError
        if self._on_deleted == REJECT:
            reason = f"{mark!r} says that the source has deleted its row; set `on_deleted` of the route"
            raise RecordRejectedError("deletedRow", reason, mark)
        row, key = exact(self._columns.row(record)), exact([record.get(column) for column in self._key])
        names = self._names(dict(row), key, create=False) if self._names is not None else ()
        operation = self._object.removal_of(row, key)
        if self._names is not None:
            if not self._mirror.may_remove(names):
                raise RecordSkippedError
            self._mirror.record_removal(operation, names)
        return operation
