"""From a stored webhook to a record: the export's names and types, and the columns of the store.

A webhook is `{"email": …, "userId": …, "eventName": …, "dataFields": {…}}`. Fields of `dataFields` and of the envelope
become one row, as the export has it. Values come in more forms than there: ids as texts of digits, for example.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final

import msgspec

from iterable_api.facts import timestamps
from iterable_api.facts.event_keys import EVENT_KEYS
from iterable_webhooks.store.events import StoredEvent
from tap_iterable.records.event_key import EventKeyMaker
from tap_iterable.records.line_parsing import ID_BYTES, fields_of, nested, record_id
from tap_iterable.records.record_shape import EVENT_KEY, RECORD_ID, REST, Record, RecordShape, Schema
from tap_iterable.schemas.webhook_schemas import PROJECT, RECEIVED_AT, STORE_COLUMNS, STORE_POSITION

_DOCUMENT_ID: Final = "esDocumentId"
_DATED_BY: Final = "createdAt"
_MESSAGE: Final = "messageId"
_MOST_DIGITS: Final = 18
"""A text of so many digits is a whole number of 64 bits."""
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
        row = {name: _number(value) if name in self._whole else value for name, value in _row(body).items()}
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


def _row(body: Mapping[str, Any]) -> Record:
    """The fields of an event: those of `dataFields` and of the envelope, whose value counts where both have one."""
    data = body.get(REST)
    row: Record = dict(data) if isinstance(data, dict) else {} if data is None else {REST: data}
    for name, value in body.items():
        if name == REST or (value is None and name in row):
            continue
        if row.get(name, value) not in (None, value):
            row[f"{REST}.{name}"] = row[name]
        row[name] = value
    return row


def _number(value: object) -> object:
    """The whole number that a text of digits names; any other value as it is."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS:
        return int(value)
    return value
