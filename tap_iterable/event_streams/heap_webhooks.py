"""Heap's events, read from the store of webhooks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from singer_sdk import Tap

from iterable_api.facts.data_types import EVENTS
from iterable_api.facts.webhook_events import WEBHOOK_EVENTS
from iterable_api.http.client import IterableClient
from iterable_webhooks.store.events import StoredEvent
from tap_iterable.event_shapes.heap import HEAP_EVENTS, KEY, SCHEMA, TIME, is_known, row
from tap_iterable.event_shapes.project_names import ProjectNames
from tap_iterable.event_streams.webhooks import WebhookStream, decoder_of
from tap_iterable.records.record_shape import Record
from tap_iterable.schemas.webhook_schemas import STORE_COLUMNS


class HeapWebhookStream(WebhookStream):
    """The events of webhooks under Heap's names."""

    dated_by = TIME

    def __init__(self, tap: Tap, client: IterableClient, names: ProjectNames) -> None:
        self._names = names
        self._types = {one.name: one for one in EVENTS if is_known(one) and one.name in WEBHOOK_EVENTS}
        decoders = {name: decoder_of(data_type) for name, data_type in self._types.items()}
        super().__init__(tap, client, HEAP_EVENTS, decoders, _WITH_STORE)
        self.primary_keys = (KEY,)

    def records(self, events: Iterable[StoredEvent]) -> Iterator[Record]:
        """The rows of events, with their places in the store."""
        for event in events:
            for record in super().records([event]):
                of_store = {column: record.pop(column) for column in STORE_COLUMNS}
                yield {**row(self._types[event.event_name], record, names=self._names), **of_store}


_WITH_STORE: Final = {**SCHEMA, "properties": {**SCHEMA["properties"], **STORE_COLUMNS}}
