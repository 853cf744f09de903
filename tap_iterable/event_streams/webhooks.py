"""Events that a receiver of system webhooks has stored: minutes old, where the export is hours late at times.

The store is read and never changed but for the mark of what was read, and Iterable is asked nothing. Webhooks can get
lost; the export streams hold the same events, under the same `eventKey`, and repair that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from singer_sdk import Tap
from singer_sdk.helpers.types import Context

from iterable_api.facts.data_types import EVENTS, DataType, unknown_data_type
from iterable_api.facts.webhook_events import WEBHOOK_EVENTS
from iterable_api.http.client import IterableClient
from iterable_webhooks.store.errors import WebhookStoreMissingError
from iterable_webhooks.store.events import BEGINNING, NO_NAME, Position, StoredEvent
from iterable_webhooks.store.reader import StoreReader
from tap_iterable.input.state import VALUE
from tap_iterable.records.line_decoding import DATED_BY
from tap_iterable.records.line_parsing import MalformedLineError
from tap_iterable.records.malformed_lines import MalformedLines
from tap_iterable.records.record_shape import Record
from tap_iterable.records.webhook_rows import WebhookDecoder
from tap_iterable.reporting.read_counts import ReadCounts
from tap_iterable.schemas.webhook_schemas import STORE_POSITION, webhook_schema
from tap_iterable.stream_types.batched_stream import BatchedStream, Block
from tap_iterable.stream_types.checkpointed_stream import CheckpointedStream

_PREFIX: Final = "webhook_"
_UNNAMED: Final = "unnamed"
_STORE_ID: Final = "store_id"
_NOT_OF_A_NAME: Final = re.compile(r"[^a-z0-9]+")


class WebhookStream(CheckpointedStream, BatchedStream):
    """The stored events of one kind.

    Args:
        tap: whose settings name the store.
        client: not used.
        stream: the stream's name, without `webhook_`.
        decoders: what makes records, by the event names that are read.
        schema: the JSON Schema of the records.

    Attributes:
        dated_by: the column that says when an event happened.
    """

    primary_keys = ("recordId",)
    replication_key = STORE_POSITION
    endpoints = ()
    cost = "no request"
    dated_by = DATED_BY

    def __init__(
        self,
        tap: Tap,
        client: IterableClient,
        stream: str,
        decoders: Mapping[str, WebhookDecoder],
        schema: dict[str, Any],
    ) -> None:
        self.name = f"{_PREFIX}{stream}"
        super().__init__(tap, client, schema)
        self._decoders = decoders
        self.counts = ReadCounts(malformed=0)
        self._malformed = MalformedLines(
            Path(self.config["malformed_directory"]) / f"{self.name}.ndjson", self.config["max_malformed_percent"]
        )

    def blocks(self, context: Context | None) -> Iterator[Block]:  # noqa: ARG002 (streams of other kinds use it)
        """Events in the order of storing; the bookmark moves behind each block."""
        with StoreReader(self.config["webhook_store"]) as reader, self._malformed.counted(self.name):
            store = reader.store_id
            self._mark_read(reader, store)
            start = self._start(store)
            if start is BEGINNING and self.latest_state.get(VALUE) is not None:
                self.logger.warning(
                    "The bookmark of %s is of another store: this one is read from its start", self.name
                )
            for batch in reader.read(start, [*self._decoders], self.config.get("webhook_project")):
                records = list(self.records(batch.events))
                if self.traffic.is_recorded:
                    self.counts.see(record.get(self.dated_by) for record in records)
                yield records
                self.update_state(
                    replication_key=self.replication_key, replication_key_value=batch.read_to, **{_STORE_ID: store}
                )

    def records(self, events: Iterable[StoredEvent]) -> Iterator[Record]:
        """The records of events; bodies that cannot be read are kept apart."""
        for event in events:
            try:
                yield self._decoders[event.event_name].record(event)
            except MalformedLineError:
                self._malformed.add(event.body)
                self.counts.add_malformed(1)

    def _start(self, store: str) -> Position:
        """Up to where the state says that the store was read."""
        state = self.latest_state
        is_of_store = self.replication_method != "FULL_TABLE" and state.get(_STORE_ID) == store
        return Position(state[VALUE]) if is_of_store else BEGINNING

    def _mark_read(self, reader: StoreReader, store: str) -> None:
        """Tell the store, before the first of the streams begins, what all of them have handed on in earlier runs.

        So the receiver removes nothing by `--keep-days` that one of the selected streams has not read.
        """
        streams = [stream for stream in self.tap.streams.values() if isinstance(stream, WebhookStream)]
        selected = [stream for stream in streams if stream.selected]
        if selected and self is selected[0]:
            reader.mark_read(self.config["webhook_reader"], min(stream._start(store) for stream in selected))  # noqa: SLF001 (the same class)


def webhook_streams(tap: Tap, client: IterableClient) -> list[WebhookStream]:
    """A stream for each event that webhooks carry, and for each other name that has arrived in the store.

    Raises:
        WebhookStoreError: if the store cannot be used. One that is not there yet has no names.
    """
    known = [(data_type, [data_type.name]) for data_type in EVENTS if data_type.name in WEBHOOK_EVENTS]
    others: dict[str, list[str]] = {}
    for name in _arrived(tap.config["webhook_store"], tap.config.get("webhook_project")):
        if name not in WEBHOOK_EVENTS:
            others.setdefault(_stream_name(name), []).append(name)
    unknown = [(replace(unknown_data_type(stream), stream=stream), names) for stream, names in others.items()]
    return [_stream(tap, client, data_type, names) for data_type, names in (*known, *unknown)]


def _stream(tap: Tap, client: IterableClient, data_type: DataType, names: Sequence[str]) -> WebhookStream:
    decoder = decoder_of(data_type)
    return WebhookStream(tap, client, data_type.stream, dict.fromkeys(names, decoder), webhook_schema(data_type))


def decoder_of(data_type: DataType) -> WebhookDecoder:
    """Return the decoder for the webhooks of a data type."""
    return WebhookDecoder(webhook_schema(data_type), data_type.name)


def _arrived(store: str, project: str | None) -> list[str]:
    try:
        with StoreReader(store) as reader:
            return reader.event_names(project)
    except WebhookStoreMissingError:
        return []


def _stream_name(name: str) -> str:
    """The name of a stream for an event name that is not known. Names that give one stream are read together."""
    stream = _NOT_OF_A_NAME.sub("_", unknown_data_type(name).stream).strip("_") if name != NO_NAME else ""
    return stream or _UNNAMED
