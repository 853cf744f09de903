"""From a stored webhook to a record: the export's names and types, and the columns of the store."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

import msgspec

from iterable_api.events.event_key import EventKeyMaker
from iterable_api.events.webhook_fields import webhook_fields, whole_number
from iterable_api.facts import timestamps
from iterable_api.facts.event_keys import EVENT_KEYS
from iterable_webhooks.store.events import StoredEvent
from tap_iterable.records.line_parsing import ID_BYTES, fields_of, nested, record_id
from tap_iterable.records.record_shape import EVENT_KEY, RECORD_ID, Record, RecordShape, Schema
from tap_iterable.schemas.webhook_schemas import PROJECT, RECEIVED_AT, STORE_COLUMNS, STORE_POSITION

_DOCUMENT_ID: Final = "esDocumentId"
_DATED_BY: Final = "createdAt"
_MESSAGE: Final = "messageId"
_encode: Final = msgspec.json.encode


class WebhookDecoder:
    """Makes the records of one webhook stream.

    Args:
        schema: the stream's JSON Schema.
        event_name: the name of its events.
    """

    def __init__(self, schema: Schema, event_name: str) -> None:
        columns = {name: column for name, column in schema["properties"].items() if name not in STORE_COLUMNS}
        self._shape = RecordShape({"properties": columns})
        self._whole = {name for name, column in columns.items() if "integer" in column["type"]}
        self._event_keys = EventKeyMaker(event_name) if event_name in EVENT_KEYS else None

    def record(self, event: StoredEvent) -> Record:
        """The record of an event.

        Raises:
            MalformedLineError: if its body cannot be read, as it is nested too deeply.
        """
        body = fields_of(event.body)
        row = {
            name: whole_number(value) if name in self._whole else value for name, value in webhook_fields(body).items()
        }
        record = self._shape.record(nested(row))
        return {
            **record,
            RECEIVED_AT: timestamps.to_rfc3339(event.received_at),
            STORE_POSITION: event.position,
            PROJECT: event.project,
            **self._keys_of(event, body, record),
        }

    def _keys_of(self, event: StoredEvent, body: Record, record: Record) -> Record:
        """`recordId` and `eventKey`.

        A second delivery of an event has the same fields of its key, and the same id in Iterable where one is sent. An
        event with too little to go by is known by all that was sent.
        """
        event_key = {EVENT_KEY: self._event_keys.key(record)} if self._event_keys else {}
        if event_key and (record.get(_DATED_BY) or record.get(_MESSAGE)):
            known_by = [event_key[EVENT_KEY], record.get(_DOCUMENT_ID)]
        else:
            known_by = [record_id(event.event_name, body)]
        row_id = blake2b(_encode([event.project, *known_by]), digest_size=ID_BYTES).hexdigest()
        return {RECORD_ID: row_id, **event_key}
