"""Segment's tables: one stream for each event that Segment knows, and `tracks` with all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

from singer_sdk import Tap
from singer_sdk.helpers.types import Context

from iterable_api.facts.data_types import EVENTS
from iterable_api.facts.peer_event_names import PEER_NAMES
from iterable_api.facts.webhook_events import WEBHOOK_EVENTS
from iterable_api.http.client import IterableClient
from tap_iterable.event_shapes.project_names import ProjectNames
from tap_iterable.event_shapes.segment import KEY, TIMESTAMP, TRACKS, TRACKS_SCHEMA, SegmentTable, track
from tap_iterable.records.record_shape import Record, RecordShape
from tap_iterable.records.singer_messages import MessageWriter
from tap_iterable.schemas.event_schemas import event_schema
from tap_iterable.schemas.webhook_schemas import STORE_COLUMNS
from tap_iterable.stream_types.base import IterableStream
from tap_iterable.stream_types.batched_stream import BatchedStream, Block, as_dict
from tap_iterable.streams.exports import EventStream, ExportStream
from tap_iterable.streams.webhooks import WebhookStream, decoder_of


class TracksStream(BatchedStream):
    """The rows of all tables of this run, with the columns that all have. It is filled while these are read."""

    name = TRACKS
    primary_keys = (KEY,)
    endpoints = ()
    cost = "no request"

    def __init__(self, tap: Tap, client: IterableClient) -> None:
        super().__init__(tap, client, dict(TRACKS_SCHEMA))
        self._is_described = False

    def blocks(self, context: Context | None) -> Iterator[Block]:
        """None: the tables that are read in this run hand over their rows, before or after its own turn."""
        del context
        if not any(isinstance(stream, _SegmentRows) and stream.selected for stream in self.tap.streams.values()):
            self.logger.warning("`%s` stays empty: it gets the rows of tables, and none of them is selected", self.name)
        yield from ()

    def add(self, rows: Sequence[Record]) -> None:
        """Write rows of a table.

        The SDK has no public way to write for another stream; `tests/tap/test_event_shapes.py` holds its private ones.
        """
        if not self.selected:
            return
        if not self._is_described:
            self._is_described = True
            self._write_schema_message()
        tracks = [track(row) for row in rows]
        writer = self.tap.message_writer
        if self.written_as_read and isinstance(writer, MessageWriter):
            writer.write_records(self.name, tracks, None)
        else:
            for record in tracks:
                self._write_record_message(record)


class _SegmentRows:
    """Turns the records of an event into rows of Segment's table, and hands them to `tracks`, too."""

    table: SegmentTable
    names: ProjectNames
    tracks: TracksStream

    def reshaped(self, blocks: Iterator[Block]) -> Iterator[Block]:
        """Rows of the table; `tracks` has each block before the bookmark moves behind it."""
        started = datetime.now(UTC)
        for block in blocks:
            rows = [self.shaped(as_dict(record), started) for record in block]
            yield rows
            self.tracks.add(rows)

    def shaped(self, record: Mapping[str, Any], started: datetime) -> Record:
        """The row of a record."""
        return self.table.row(record, self.names, started)


class SegmentExportStream(_SegmentRows, EventStream):
    """A table of Segment, read from the export."""

    def __init__(
        self, tap: Tap, client: IterableClient, table: SegmentTable, names: ProjectNames, tracks: TracksStream
    ) -> None:
        self.table, self.names, self.tracks = table, names, tracks
        ExportStream.__init__(self, tap, client, replace(table.data_type, stream=table.name), table.schema)
        self.primary_keys = (KEY,)
        self.replication_key = TIMESTAMP

    def blocks(self, context: Context | None) -> Iterator[Block]:
        """Rows of the table."""
        return self.reshaped(super().blocks(context))

    @cached_property
    def shape(self) -> RecordShape:
        """How records are made before they become rows."""
        return RecordShape(event_schema(self.table.data_type))


class SegmentWebhookStream(_SegmentRows, WebhookStream):
    """A table of Segment, read from the store of webhooks."""

    def __init__(
        self, tap: Tap, client: IterableClient, table: SegmentTable, names: ProjectNames, tracks: TracksStream
    ) -> None:
        self.table, self.names, self.tracks = table, names, tracks
        decoders = {table.data_type.name: decoder_of(table.data_type)}
        WebhookStream.__init__(self, tap, client, table.name, decoders, _with_store(table))
        self.primary_keys = (KEY,)

    def blocks(self, context: Context | None) -> Iterator[Block]:
        """Rows of the table."""
        return self.reshaped(super().blocks(context))

    def shaped(self, record: Mapping[str, Any], started: datetime) -> Record:
        """The row of a record, with its place in the store."""
        row = super().shaped(record, started)
        return {**row, **{column: record[column] for column in _OF_STORE}}


_OF_STORE: Final = tuple(column for column in STORE_COLUMNS if column != "receivedAt")


def _with_store(table: SegmentTable) -> dict[str, Any]:
    of_store = {column: STORE_COLUMNS[column] for column in _OF_STORE}
    return {**table.schema, "properties": {**table.schema["properties"], **of_store}}


def segment_streams(tap: Tap, client: IterableClient, names: ProjectNames, *, webhooks: bool) -> list[IterableStream]:
    """`tracks`, and the tables of all events that Segment knows: of the export and, if wanted, of webhooks."""
    tracks = TracksStream(tap, client)
    tables = [SegmentTable(one, tap.plugin_version) for one in EVENTS if one.name in PEER_NAMES]
    received = [table for table in tables if webhooks and table.data_type.name in WEBHOOK_EVENTS]
    return [
        tracks,
        *(SegmentExportStream(tap, client, table, names, tracks) for table in tables),
        *(SegmentWebhookStream(tap, client, table, names, tracks) for table in received),
    ]
