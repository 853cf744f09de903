"""Heap's events: one stream that reads every event that Heap knows, each with a bookmark of its own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from singer_sdk import Tap
from singer_sdk.helpers.types import Context

from iterable_api.facts.data_types import EVENTS, DataType
from iterable_api.http.client import IterableClient
from tap_iterable.event_shapes.heap import HEAP_EVENTS, KEY, SCHEMA, TIME, is_known, row
from tap_iterable.event_shapes.project_names import ProjectNames
from tap_iterable.event_streams.exports import PATH, EventStream, ExportStream
from tap_iterable.export.job_api import FILES, START
from tap_iterable.reporting.read_counts import ReadCounts
from tap_iterable.stream_types.batched_stream import BatchedStream, Block, as_dict

_EVENT: Final = "event"
"""The member of a partition's context that names the event."""


class _Source(EventStream):
    """The events of one data type. Its state is a partition of the state of `heap_events`."""

    def __init__(self, owner: HeapEventsStream, data_type: DataType) -> None:
        self._owner = owner
        super().__init__(owner.tap, owner.client, data_type)
        self.counts = owner.counts
        self.replication_key = TIME

    @property
    def stream_state(self) -> dict[str, Any]:
        """The part of the state that is about this data type."""
        return self._owner.get_context_state({_EVENT: self.name})

    def _count_left(self, windows: int) -> None:
        """Leave it open: the windows of one data type say little about all of them."""

    def _unread_streams(self) -> list[ExportStream]:
        return self._owner.sources_from(self)


class HeapEventsStream(BatchedStream):
    """All events under Heap's names."""

    name = HEAP_EVENTS
    primary_keys = (KEY,)
    replication_key = TIME
    endpoints = (PATH, START, FILES)
    cost = f"1 request per window for each of {sum(map(is_known, EVENTS))} data types, or 1 job and a request per page"

    def __init__(self, tap: Tap, client: IterableClient, names: ProjectNames) -> None:
        super().__init__(tap, client, SCHEMA)
        self._names = names
        self.counts = ReadCounts(windows=0, jobs=0, malformed=0)
        self._sources: list[ExportStream] = []

    def blocks(self, context: Context | None) -> Iterator[Block]:
        """Rows of one data type after the other; the bookmark of each moves by itself."""
        self._sources = [_Source(self, data_type) for data_type in EVENTS if is_known(data_type)]
        for source in self._sources:
            make = partial(row, source.data_type, names=self._names)
            for block in source.blocks(context):
                yield [make(as_dict(record)) for record in block]

    def move_state(self) -> None:
        """See `IterableStream`."""
        for source in self._sources:
            source.move_state()

    def sources_from(self, source: ExportStream) -> list[ExportStream]:
        """A source and those behind it, whose jobs run while it is read."""
        return self._sources[self._sources.index(source) :]
