"""The sink of every stream: turns records into operations, and leaves the rest to the delivery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Protocol

from singer_sdk import Target
from singer_sdk.exceptions import InvalidInputLine
from singer_sdk.sinks import BatchSink

from iterable_api.errors import IterableError
from target_iterable.columnar.operation_builder import BuilderContext
from target_iterable.columnar.record_decoder import RecordType, UnusualStreamError
from target_iterable.columnar_path import ColumnarPath
from target_iterable.config.route import REJECT, SKIP, WRITE, Route
from target_iterable.config.router import Router
from target_iterable.core.json_encoding import exact
from target_iterable.core.operation import Operation
from target_iterable.core.rejection import (
    RecordAlreadyWrittenError,
    RecordRejectedError,
    RecordSkippedError,
    RejectReason,
)
from target_iterable.delivery.errors import operations_not_built
from target_iterable.delivery.run_delivery import RunDelivery
from target_iterable.field_types.registry import FieldTypes
from target_iterable.objects.base.mirrored_object import MirroredObject
from target_iterable.objects.registry import OBJECTS, Destination
from target_iterable.project.project import Project
from target_iterable.records.column_mapping import ColumnMapping, Row
from target_iterable.records.deletion_marks import DeletionMarks
from target_iterable.records.duplicate_fields import DuplicateFields
from target_iterable.reporting.deleted_rows import REJECTED, REMOVED, SKIPPED, WRITTEN
from target_iterable.schemas.validation import RecordValidator
from target_iterable.singer_reader import SingerReader

_TOO_DEEP: Final = RejectReason("tooDeep", "it has objects or arrays in too many others")


class _Names(Protocol):
    """See `MirroredObject.names`."""

    def __call__(self, row: Row, key: Sequence[Any], *, create: bool = True) -> Sequence[str]: ...


class SinkTarget(Target):
    """What a sink needs of the target that makes it."""

    routing: Router
    project: Project
    deliveries: RunDelivery
    reader: SingerReader


class IterableSink(BatchSink):
    """A stream on its way to the object that its route names."""

    def __init__(
        self, target: SinkTarget, stream_name: str, schema: dict[str, Any], key_properties: Sequence[str] | None
    ) -> None:
        super().__init__(target, stream_name, schema, key_properties)
        route = target.routing.route(stream_name)
        target.routing.mark_seen(stream_name, schema.get("properties", {}))
        if any(not name.strip() and name not in route.fields for name in schema.get("properties", {})):
            self.logger.warning(
                "A column of the stream %r has no name, and is left out: name it in `fields`.", stream_name
            )
        self.delivery = target.deliveries.for_stream(stream_name)
        self._columns = ColumnMapping(
            schema, route.fields, route.defaults, nest=route.dots_nest, selection=route.selection
        )
        self._object = OBJECTS[route.object](
            Destination(
                target.project,
                self.config,
                stream_name,
                route,
                self._columns.key(self.key_properties),
                _cleared(schema, route),
                self._columns.schemas,
                DuplicateFields(stream_name, self.delivery.counts.duplicate_fields, rejects=self._rejects_duplicates),
            )
        )
        self._names: _Names | None = None
        if isinstance(self._object, MirroredObject) and self.delivery.mirror.is_active:
            self.delivery.mirror.make_removal = self._object.removal
            self._names = self._object.names
        # Dates that are none must not keep a record from being recognised.
        self._plain = ColumnMapping({}, route.fields, route.defaults, nest=route.dots_nest, selection=route.selection)
        self._tombstones = DeletionMarks(schema.get("properties", {}))
        self._on_deleted = route.on_deleted
        self._deliver = target.deliveries.deliver
        self._reader = target.reader
        self._validation = RecordValidator(self.schema) if self.validate_schema else None
        self._key = tuple(self.key_properties)
        self._is_mapped = bool(self.config.get("stream_maps"))
        self.lane = self._straight(target.project.fields.types, route)

    def _straight(self, types: FieldTypes, route: Route) -> ColumnarPath | None:
        """The way for ordinary records, if the stream is one that may have such."""
        moves = self._columns.moves
        if moves is None or self._names is not None:
            return None
        marks = self._tombstones.marks
        try:
            type_ = RecordType(self.stream_name, RecordValidator(self.original_schema).schema, self._key, marks)
            recipe = self._object.recipe(BuilderContext(moves, types, clears=route.nulls_clear))
        except (UnusualStreamError, InvalidInputLine):
            return None  # without `validate_records`, any schema will do
        return ColumnarPath(type_, recipe, self._key, self.delivery, self.tally_record_read)

    @property
    def _rejects_duplicates(self) -> bool:
        return bool(self.config["on_duplicate_field"] == "reject")

    def get_validator(self) -> None:
        """None for the SDK, which ends the run at an invalid record and logs its values; see `process_record`."""

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        """Turn the record into an operation, or reject it."""
        del context
        source = self._reader.source
        mark = self._mark_in(record)
        is_there = mark is None or self._on_deleted == WRITE
        names: Sequence[str] = ()
        if not is_there:
            self.delivery.mirror.count_tombstone()
        try:
            if self._names is not None and is_there:
                names = self._named(self._names, record)
            operation = self.operation(record) if is_there else self._removal(record, mark)
            self.delivery.add(operation, source)
            if mark is not None:
                self.delivery.expect_deleted(operation, WRITTEN if is_there else REMOVED)
            if self._names is not None and is_there:
                self.delivery.mirror.record_row(operation, names, self._version)
        except RecordSkippedError:
            self.delivery.skip()
            self._not_sent(names, mark, SKIPPED)
        except RecordAlreadyWrittenError:
            self.delivery.count_already_written()
            self._not_sent(names, mark, WRITTEN)
        except RecordRejectedError as error:
            self.delivery.reject(error.reject_reason, source)
            self._not_sent(names, mark, REJECTED)
        except RecursionError:
            self.delivery.reject(_TOO_DEEP, source)
            self._not_sent(names, mark, REJECTED)
        except IterableError as error:
            raise operations_not_built(self.stream_name, error) from error

    def _mark_in(self, record: Mapping[str, Any]) -> str | None:
        """The column that says that the source has deleted the row, if one does; a stream map may have dropped it."""
        mark = self._tombstones.mark_in(record)
        return self._tombstones.mark_in(self._reader.record) if mark is None and self._is_mapped else mark

    def _not_sent(self, names: Sequence[str], mark: str | None, verdict: str) -> None:
        """Note that a record has come of which nothing is to be sent."""
        if mark is None or self._on_deleted == WRITE:
            self.delivery.mirror.record_seen(names, self._version)
        if mark is not None:
            self.delivery.count_deleted(verdict)

    def _removal(self, record: Mapping[str, Any], mark: str | None) -> Operation:
        """What the route says of a row that the source has deleted. It may hold nothing but the key.

        Raises:
            RecordRejectedError, RecordSkippedError: if nothing is to be removed.
            IterableError: if Iterable does not say what must be known.
        """
        if self._on_deleted == SKIP:
            raise RecordSkippedError
        if self._on_deleted == REJECT:
            reason = f"{mark!r} says that the source has deleted its row; set `on_deleted` of the route"
            raise RecordRejectedError("deletedRow", reason, mark)
        row, key = exact(self._plain.row(record)), exact([record.get(column) for column in self._key])
        names = self._names(dict(row), key, create=False) if self._names is not None else ()
        operation = self._object.removal_of(row, key)
        if self._names is not None:
            if not self.delivery.mirror.may_remove(names):
                raise RecordSkippedError
            self.delivery.mirror.record_removal(operation, names)
        return operation

    def operation(self, record: dict[str, Any]) -> Operation:
        """What the record asks for.

        Raises:
            RecordRejectedError: if Iterable could not take it.
            RecordSkippedError, RecordAlreadyWrittenError: if there is nothing to send.
            IterableError: if Iterable does not say what must be known.
        """
        self._refuse_what_the_sdk_would(record)
        key = [record[column] for column in self._key]
        row = self._columns.row(record)
        if self._is_mapped or not self._reader.is_exact:
            row, key = exact(row), exact(key)
        return self._object.operation(row, key)

    def process_batch(self, context: dict[str, Any]) -> None:
        """Send what waits, of this stream and of all others: state is about all of them."""
        del context
        self.record_counter_metric.increment(self.current_size)
        self._deliver()

    @property
    def is_full(self) -> bool:
        """Never: the target knows when it is time to send, and then moves state, too."""
        return False

    def _refuse_what_the_sdk_would(self, record: dict[str, Any]) -> None:
        if self._validation is not None:
            self._validation.refuse_if_invalid(record)
        for column in self._key:
            if column not in record:
                raise RecordRejectedError("missingKey", f"the key property {column!r} is missing", column)

    @property
    def process_activate_version_messages(self) -> bool:
        """Only what is mirrored is removed because a newer version of a stream lacks it."""
        return self._names is not None and super().process_activate_version_messages

    def activate_version(self, new_version: int) -> None:
        """Deliver what waits, then remove what has left the source, if all of the version has been read."""
        if self.delivery.mirror.is_complete_at(new_version):
            self._deliver()
            self.delivery.remove_missing(new_version, lambda: self._reader.stopped)

    @property
    def _version(self) -> int | None:
        """The SDK does not hand it on."""
        return self._reader.version

    def _named(self, names: _Names, record: dict[str, Any]) -> Sequence[str]:
        """What the record is about, for those who must know when it leaves the source."""
        try:
            return names(self._plain.row(record), [record.get(column) for column in self.key_properties])
        except (RecordRejectedError, RecursionError):
            self.delivery.mirror.count_unnamed()
            return ()


def _cleared(schema: Mapping[str, Any], route: Route) -> Row:
    """A row with null for each column, unless two of them have one name: then no record is taken anyway."""
    with suppress(RecordRejectedError):
        columns = ColumnMapping({}, route.fields, nest=route.dots_nest, selection=route.selection)
        return columns.row(dict.fromkeys(schema.get("properties", {})))
    return {}
