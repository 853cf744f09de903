"""The sink of every stream: turns records into operations and passes them to the delivery."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import groupby, repeat
from operator import attrgetter
from typing import Any

from singer_sdk import Target
from singer_sdk.exceptions import InvalidInputLine
from singer_sdk.sinks import BatchSink

from iterable_api.errors import IterableError
from target_iterable.columnar.block_reader import BlockReader, InputRecord, ReadRecords
from target_iterable.columnar.columns import attempt
from target_iterable.columnar.record_block import rows_of
from target_iterable.columnar.record_decoder import TypedRecords
from target_iterable.columnar_path import Prepared, PreparedRecord, are_operations, parts_of, version_in
from target_iterable.config.router import Router
from target_iterable.core.operation import Operation
from target_iterable.core.rejection import RecordSkippedError, RejectReason
from target_iterable.core.source import Source
from target_iterable.deleted_rows import DeletedRowHandler, NamesOf
from target_iterable.delivery.errors import operations_not_built
from target_iterable.delivery.run_delivery import RunDelivery
from target_iterable.objects.base.base import Outcome
from target_iterable.objects.base.mirrored_object import MirroredObject
from target_iterable.objects.registry import OBJECTS, Destination
from target_iterable.project.project import Project
from target_iterable.record_names import RecordNames
from target_iterable.records.deletion_marks import DeletionMarks
from target_iterable.records.duplicate_fields import DuplicateFields
from target_iterable.reporting.deleted_rows import REJECTED, REMOVED, SKIPPED, WRITTEN
from target_iterable.schemas.validation import RecordValidator
from target_iterable.singer_reader import SingerReader


class SinkTarget(Target):
    """The parts of the target that its sinks use."""

    routing: Router
    project: Project
    deliveries: RunDelivery
    reader: SingerReader


class IterableSink(BatchSink):
    """A stream on its way to the object that its route names.

    Attributes:
        records: reads its records.
    """

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
        self._columns = route.columns(schema)
        rejects = self.config["on_duplicate_field"] == "reject"
        self._object = OBJECTS[route.object](
            Destination(
                target.project,
                self.config,
                stream_name,
                route,
                self._columns.key(self.key_properties),
                route.cleared(schema),
                self._columns.schemas,
                DuplicateFields(stream_name, self.delivery.counts.duplicate_fields, rejects=rejects),
            )
        )
        self._names: RecordNames | None = None
        names_of: NamesOf | None = None
        if isinstance(self._object, MirroredObject) and self.delivery.mirror.is_active:
            self.delivery.mirror.make_removal, names_of = self._object.removal, self._object.names
            self._names = RecordNames(self._object, route.columns({}), self.key_properties, stream_name)
        marks = DeletionMarks(schema.get("properties", {}))
        self._deliver = target.deliveries.deliver
        self._reader = target.reader
        self._key = tuple(self.key_properties)
        self._is_mapped = bool(self.config.get("stream_maps"))
        validator = RecordValidator(self.schema) if self.validate_schema else None
        self.records = BlockReader(self._columns, validator, self._key)
        self._deleted_rows = DeletedRowHandler(
            self._object,
            route.columns({}),
            self._key,
            marks,
            names=names_of,
            mirror=self.delivery.mirror,
            is_mapped=self._is_mapped,
        )
        if self._object.reads_lines:
            # Without `validate_records`, any schema is accepted.
            with suppress(InvalidInputLine):
                kept = RecordValidator(self.original_schema).schema
                self.records.expect_lines(stream_name, kept, marks)

    @property
    def takes_blocks(self) -> bool:
        """Whether operations are built by the block, which is a little before they are delivered."""
        return self._object.takes_blocks

    def get_validator(self) -> None:
        """Return None: the SDK would end the run at an invalid record and log its values; see `process_record`."""

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        """Build and buffer the operation of one record, or reject it."""
        del context
        reader = self._reader
        given = InputRecord(record, reader.record, reader.version, is_exact=reader.is_exact)
        (prepared,) = self.prepare([given])
        self.deliver(prepared, reader.source)

    def reject(self, reason: RejectReason, source: Source) -> None:
        """Reject a record that cannot be read."""
        self.tally_record_read()
        self.deliver(PreparedRecord(reason, None), source)

    @property
    def rows_until_flush(self) -> int:
        """See `StreamDelivery`."""
        return self.delivery.rows_until_flush

    def prepare_typed(self, typed: TypedRecords) -> list[Prepared]:
        """Return the outcome of each record that was read from a line.

        Raises:
            DeliveryFailedError: if a needed look-up in Iterable fails.
        """
        outcomes = self._outcomes(self.records.fields_of(typed), len(typed.places))
        if self._names is None:
            return [*outcomes]
        names = self._names.of_all(outcomes, lambda: rows_of(typed.columns, len(outcomes)))
        return list(map(PreparedRecord, outcomes, names, repeat(None), map(version_in, typed.versions)))

    def prepare(self, records: Sequence[InputRecord]) -> list[Prepared]:
        """Return the outcome of each decoded record.

        Raises:
            DeliveryFailedError: if a needed look-up in Iterable fails.
        """
        marks = list(map(self._deleted_rows.mark_in, records))
        if self._names is None and not any(marks):
            return [*self._outcomes(self.records.fields_of_records(records, is_mapped=self._is_mapped), len(records))]
        gone = [mark is not None and not self._deleted_rows.is_written for mark in marks]
        live = [record for record, is_gone in zip(records, gone, strict=True) if not is_gone]
        read = self.records.fields_of_records(live, is_mapped=self._is_mapped)
        made = self._outcomes(read, len(live))
        names = repeat(()) if self._names is None else self._names.of_all(made, lambda: [it.record for it in live])
        outcomes = zip(made, names, strict=False)
        prepared: list[Prepared] = []
        for record, mark, is_gone in zip(records, marks, gone, strict=True):
            if is_gone:
                prepared.append(PreparedRecord(None, (), mark, record.version, record.record))
                continue
            outcome, named = next(outcomes)
            is_plain = mark is None and self._names is None
            prepared.append(outcome if is_plain else PreparedRecord(outcome, named, mark, record.version))
        return prepared

    def _outcomes(self, read: ReadRecords, count: int) -> list[Outcome]:
        """Return the outcomes of `count` records, in their order."""
        try:
            made = self._object.operations(read.block) if read.places else []
        except IterableError as error:
            raise operations_not_built(self.stream_name, error) from error
        if not read.rejects:
            return made
        found: dict[int, Outcome] = {**dict(zip(read.places, made, strict=True)), **read.rejects}
        return [found[place] for place in range(count)]

    def deliver_all(self, prepared: Sequence[Prepared], sources: Sequence[Source]) -> None:
        """Buffer prepared records in their order."""
        self.tally_record_read(len(prepared))
        if are_operations(prepared):
            for plain, source in zip(prepared, sources, strict=True):
                plain.source = source
            self.delivery.add_all(prepared)
            return
        rows, mirrored = list[Operation](), list[PreparedRecord]()
        for row, source in zip(prepared, sources, strict=True):
            if row.__class__ is Operation:
                row.source = source
                rows.append(row)
            elif isinstance(row, PreparedRecord) and (operation := row.operation) is not None:
                operation.source = source
                mirrored.append(row)
            else:
                self._add(rows, mirrored)
                self.deliver(row, source)
        self._add(rows, mirrored)

    def _add(self, rows: list[Operation], mirrored: list[PreparedRecord]) -> None:
        """Buffer operations, either of records of a mirrored stream, or of another one."""
        if rows:
            self.delivery.add_all(rows)
            rows.clear()
        for version, some in groupby(mirrored, attrgetter("version")):
            outcomes, names, *_ = map(list, zip(*some, strict=True))
            self.delivery.add_all(outcomes)
            self.delivery.mirror.record_rows(outcomes, names, version)
        mirrored.clear()

    def deliver(self, prepared: Prepared, source: Source) -> None:
        """Buffer one prepared record.

        Raises:
            DeliveryFailedError: if a look-up in Iterable fails that its removal needs.
        """
        if parts := parts_of(prepared):
            for part in parts:
                self.deliver(part, source)
            return
        outcome = attempt(self.delivery.add, prepared, source) if isinstance(prepared, Operation) else prepared
        if outcome is not None:
            self._finish(outcome if isinstance(outcome, PreparedRecord) else PreparedRecord(outcome), source)

    def _finish(self, row: PreparedRecord, source: Source) -> None:
        """Buffer a record that is not just an operation."""
        mirror = self.delivery.mirror
        if row.is_gone:
            mirror.count_tombstone()
        elif row.names is None:
            mirror.count_unnamed()
        outcome = attempt(self._settled, row)
        if isinstance(outcome, Operation):
            outcome = attempt(self.delivery.add, outcome, source) or outcome
        if not isinstance(outcome, Operation):
            self._not_sent(row, outcome, source)
            return
        if row.mark is not None:
            self.delivery.expect_deleted(outcome, REMOVED if row.is_gone else WRITTEN)
        if self._names is not None and not row.is_gone:
            mirror.record_rows([outcome], [row.names or ()], row.version)

    def _not_sent(self, row: PreparedRecord, outcome: Outcome, source: Source) -> None:
        """Count a record for which nothing is sent."""
        verdict = WRITTEN
        match outcome:
            case RejectReason():
                self.delivery.reject(outcome, source)
                verdict = REJECTED
            case RecordSkippedError():
                self.delivery.skip()
                verdict = SKIPPED
            case _:
                self.delivery.count_already_written()
        if not row.is_gone:
            self.delivery.mirror.record_seen(row.names or (), row.version)
        if row.mark is not None:
            self.delivery.count_deleted(verdict)

    def _settled(self, row: PreparedRecord) -> Outcome:
        """Return the outcome of a record, when all records before it are buffered."""
        if row.outcome is not None:
            return row.outcome
        try:
            return self._deleted_rows.removal(row.record or {}, row.mark)
        except RecordSkippedError as reason:
            return reason
        except IterableError as error:
            raise operations_not_built(self.stream_name, error) from error

    def process_batch(self, context: dict[str, Any]) -> None:
        """Send the buffers of all streams, since state covers all of them."""
        del context
        self.record_counter_metric.increment(self.current_size)
        self._deliver()

    @property
    def is_full(self) -> bool:
        """Return False: the target itself decides when to send and to move state."""
        return False

    @property
    def process_activate_version_messages(self) -> bool:
        """Whether a new version removes records: only of mirrored streams."""
        return self._names is not None and super().process_activate_version_messages

    def activate_version(self, new_version: int) -> None:
        """Send the buffers, then remove what the source no longer has, if the whole version was read."""
        if self.delivery.mirror.is_complete_at(new_version):
            self._deliver()
            self.delivery.remove_missing(new_version, lambda: self._reader.stopped)
