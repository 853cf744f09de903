"""Names by which a mirror knows the records of one stream."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from iterable_api.errors import IterableError
from target_iterable.core.operation import Operation
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.delivery.errors import operations_not_built
from target_iterable.objects.base.base import Outcome
from target_iterable.objects.base.mirrored_object import MirroredObject
from target_iterable.records.column_mapping import ColumnMapping

Names: TypeAlias = Sequence[str] | None


class RecordNames:
    """Finds the names of records.

    Args:
        object_: object of the stream.
        columns: column mapping without date conversion: an invalid date must not prevent that a record is identified.
        key: key properties.
        stream: name of the stream.
    """

    def __init__(self, object_: MirroredObject, columns: ColumnMapping, key: Sequence[str], stream: str) -> None:
        self._object = object_
        self._columns = columns
        self._key = key
        self._stream = stream

    def of_all(
        self, outcomes: Sequence[Outcome], records: Callable[[], Sequence[Mapping[str, Any]]]
    ) -> Sequence[Names]:
        """Return the names of records with these outcomes: by their operation, or else by the record itself.

        Raises:
            DeliveryFailedError: if a needed look-up in Iterable fails.
        """
        rows = [outcome for outcome in outcomes if isinstance(outcome, Operation)]
        of_rows = self._object.names_of(rows)
        if of_rows is None:
            return list(map(self.of_record, records()))
        if len(of_rows) == len(outcomes):
            return of_rows
        found = iter(of_rows)
        pairs = zip(outcomes, records(), strict=True)
        return [next(found) if isinstance(made, Operation) else self.of_record(record) for made, record in pairs]

    def of_record(self, record: Mapping[str, Any]) -> Names:
        """Return the names of a record; None if it has none.

        Raises:
            DeliveryFailedError: if a needed look-up in Iterable fails.
        """
        try:
            return self._object.names(self._columns.row(record), [record.get(column) for column in self._key])
        except (RecordRejectedError, RecursionError):
            return None
        except IterableError as error:
            raise operations_not_built(self._stream, error) from error
