"""Segment's tables, read from the store of webhooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from singer_sdk import Tap
from singer_sdk.helpers.types import Context

from iterable_api.http.client import IterableClient
from tap_iterable.event_shapes.project_names import ProjectNames
from tap_iterable.event_shapes.segment import KEY, SegmentTable
from tap_iterable.event_streams.segment_events import SegmentRows, TracksStream
from tap_iterable.event_streams.webhooks import WebhookStream, decoder_of
from tap_iterable.records.record_shape import Record
from tap_iterable.schemas.webhook_schemas import STORE_COLUMNS
from tap_iterable.stream_types.batched_stream import Block


class SegmentWebhookStream(SegmentRows, WebhookStream):
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
