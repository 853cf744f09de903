"""Segment's tables: one stream for each event that Segment knows, and `tracks` with all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from singer_sdk import Tap
from singer_sdk.helpers.types import Context

from iterable_api.events.peer_event_names import PEER_NAMES
from iterable_api.facts.data_types import EVENTS
from iterable_api.http.client import IterableClient
from tap_iterable.event_shapes.project_names import ProjectNames
from tap_iterable.event_shapes.segment import KEY, TIMESTAMP, TRACKS, TRACKS_SCHEMA, SegmentTable, track
from tap_iterable.event_streams.exports import EventStream, ExportStream
from tap_iterable.records.record_shape import Record, RecordShape
from tap_iterable.records.singer_messages import MessageWriter
from tap_iterable.schemas.event_schemas import event_schema
from tap_iterable.stream_types.batched_stream import BatchedStream, Block, as_dict


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
        if not any(isinstance(stream, SegmentRows) and stream.selected for stream in self.tap.streams.values()):
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


class SegmentRows:
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


class SegmentExportStream(SegmentRows, EventStream):
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


def segment_tables(tap: Tap) -> list[SegmentTable]:
    """The tables of all events that Segment knows."""
    return [SegmentTable(one, tap.plugin_version) for one in EVENTS if one.name in PEER_NAMES]
