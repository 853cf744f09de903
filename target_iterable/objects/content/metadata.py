"""Values of metadata tables, which templates can look up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final

from iterable_api.facts.limits import MAX_METADATA_VALUE_BYTES
from target_iterable.config.route import MIRROR, REMOVE, ObjectSpec, Option
from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import Endpoint, Envelope, Operation, single_row_endpoint
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.objects.base.mirrored_object import MirroredObject, name, parts
from target_iterable.records.column_mapping import EMPTY, Row, pop_object
from target_iterable.records.ids import key_text, needed_text
from target_iterable.requests.bulk_response import all_written

_PUT: Final = single_row_endpoint("/api/metadata/{table}/{key}", all_written, "PUT")
_REMOVE: Final = replace(_PUT, method="DELETE", already_done=frozenset({404}), removes=REMOVE)


class Metadata(MirroredObject):
    """Values of metadata tables, which templates can look up. A value is replaced as a whole.

    table: letters and digits, unless the route has it. Upper and lower case are the same. Tables need not be created.
    key: letters and digits; by default the value of the key property, if there is exactly one.
    value: an object. Without this column, all other columns form the value.
    """

    spec = ObjectSpec(
        "metadata",
        streams=("metadata",),
        modes=("put", MIRROR),
        removal_actions=(REMOVE,),
        concerns_users=False,
        options={"table": Option(str, "the name of a table: letters and digits", r"[A-Za-z0-9]+")},
    )
    example: ClassVar[Mapping[str, Any]] = {"table": "shops", "key": "bern1", "value": {"city": "Bern", "open": True}}

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """Write one value. Iterable itself refuses invalid names of tables and keys."""
        column = row.pop("table", None)
        table = needed_text("table", self.route.options.get("table", column))
        entry = needed_text("key", key_text(self.pop_id(row, "key", key)))
        return _operation(_PUT, table, entry, dumps({"value": self._value(row)}))

    def names(self, row: Row, key: Sequence[Any], *, create: bool = True) -> Sequence[str]:
        """See `MirroredObject`. Tables need not be created."""
        del create
        table = self.route.options.get("table", row.pop("table", None))
        entry = key_text(self.pop_id(row, "key", key))
        return [name(table.lower(), entry)] if isinstance(table, str) and table and entry else []

    def removal(self, name_: str) -> Operation:
        """See `MirroredObject`."""
        return _operation(_REMOVE, *parts(name_))

    def _value(self, row: Row) -> Row:
        if "value" not in row:
            value = row
        elif row["value"] in EMPTY:
            raise RecordRejectedError("missingField", "`value` is empty", "value")
        else:
            value = pop_object(row, "value")
            self.leave_out(row)
        if len(dumps(value)) > MAX_METADATA_VALUE_BYTES:
            raise RecordRejectedError("valueTooLarge", f"the value is larger than {MAX_METADATA_VALUE_BYTES:,} bytes")
        return value


def _operation(endpoint: Endpoint, table: str, entry: str, part: bytes = b"") -> Operation:
    return Operation(
        endpoint=endpoint,
        part=part,
        names=(("key", f"{table.lower()}/{entry}"),),
        envelope=Envelope.of(table=table, key=entry),
        dedup_scope=f"metadata {table.lower()}",
    )
