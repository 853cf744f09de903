"""The events of a store, as they are compared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from iterable_api.events.event_key import EventKeyMaker
from iterable_api.events.webhook_fields import webhook_fields
from iterable_webhooks.store.reader import StoreReader
from iterable_webhooks.verification.period import HOUR, KeyedEvent, Period, seconds_of

_CLOCKS_DIFFER: Final = HOUR
"""By how much the clocks of receivers may be behind Iterable's, and behind each other."""


def received_events(reader: StoreReader, event_name: str, project: str | None, period: Period) -> Iterator[KeyedEvent]:
    """The events of one name that may be of a period: each delivery, and also those from after it.

    No event is delivered before it happens, so what was received before the period is not read.

    Raises:
        WebhookStoreError: if the store cannot be used.
    """
    keys = EventKeyMaker(event_name)
    start = reader.position_before(period.since - _CLOCKS_DIFFER)
    for batch in reader.read(start, [event_name], project):
        for event in batch.events:
            try:
                body = json.loads(event.body)
                key = keys.key_of_webhook(body)
            except (ValueError, RecursionError):
                continue  # no receiver stores such a body, but for one that is nested too deeply
            yield KeyedEvent(bytes.fromhex(key), seconds_of(webhook_fields(body).get("createdAt")))
