"""Lists and catalogs to delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from target_iterable.config.route import ObjectSpec
from target_iterable.core.operation import Envelope, Name, Operation, single_row_endpoint
from target_iterable.core.rejection import RecordRejectedError, RecordSkippedError
from target_iterable.objects.base.base import IterableObject
from target_iterable.objects.content.catalog_items import checked_catalog
from target_iterable.project.lists import UNKNOWN_NAME
from target_iterable.records.column_mapping import EMPTY, Row
from target_iterable.records.ids import id_number, needed_text
from target_iterable.requests.bulk_response import all_written

_ACTION: Final = "delete"
_DELETE_LIST: Final = single_row_endpoint("/api/lists/{listId}", all_written, "DELETE", removes=_ACTION)
_DELETE_CATALOG: Final = single_row_endpoint("/api/catalogs/{catalogName}", all_written, "DELETE", removes=_ACTION)


class ListDeletions(IterableObject):
    """Static lists to delete. Their members stay users.

    Once for each key of the stream, or for each list if the stream has no key: a list that is created again under the
    name stays. A list that does not exist counts as unchanged. Fill lists of the same names in other runs.

    name: the name of the list. It is not deleted if another list has the name, too.
    listId: its id, instead of the name.
    """

    spec = ObjectSpec(
        "list_deletions",
        streams=("list_deletions",),
        modes=(_ACTION,),
        describes_state=False,
        concerns_users=False,
        once_per_key=True,
        permission="allow_destructive",
    )
    example: ClassVar[Mapping[str, Any]] = {"name": "Press"}

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """Delete one list."""
        id_, name = row.pop("listId", None), row.pop("name", None)
        self.leave_out(row)
        if id_ in EMPTY:
            named: Name = ("list", needed_text("name", name))
            number = self._id_of(named[1])
        else:
            number = id_number("listId", id_)
            named = ("listId", str(number))
            if not self.project.lists.has(number):
                raise RecordSkippedError
        return Operation(
            endpoint=_DELETE_LIST,
            part=b"",
            names=tuple({named, ("listId", str(number))}),
            envelope=Envelope.of(listId=str(number)),
            idempotency_key=self.idempotency_key(key, [named]),
        )

    def _id_of(self, name: str) -> int:
        try:
            return self.project.lists.id_of(name, create=False)
        except RecordRejectedError as error:
            if error.code == UNKNOWN_NAME:
                raise RecordSkippedError from None
            raise


class CatalogDeletions(IterableObject):
    """Catalogs to delete, with their items, the types of their fields and their collections.

    Once for each key of the stream, or for each catalog if the stream has no key: a catalog that is created again under
    the name stays. A catalog that does not exist counts as unchanged. Fill catalogs of the same names in other runs.

    name: the name of the catalog. Upper and lower case are the same.
    """

    spec = ObjectSpec(
        "catalog_deletions",
        streams=("catalog_deletions",),
        modes=(_ACTION,),
        describes_state=False,
        concerns_users=False,
        once_per_key=True,
        permission="allow_destructive",
    )
    example: ClassVar[Mapping[str, Any]] = {"name": "Seasonal"}

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """Delete one catalog."""
        name = checked_catalog(row.pop("name", None))
        self.leave_out(row)
        if not self.project.catalogs.has(name):
            raise RecordSkippedError
        spelt = self.project.catalogs.spelt(name)
        named: Name = ("catalog", spelt)
        return Operation(
            endpoint=_DELETE_CATALOG,
            part=b"",
            names=(named,),
            envelope=Envelope.of(catalogName=spelt),
            idempotency_key=self.idempotency_key(key, [named]),
        )
