"""The events of an export, as they are compared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from iterable_api.errors import IncompleteBodyError
from iterable_api.events.event_key import EventKeyMaker
from iterable_api.facts import timestamps
from iterable_api.facts.endpoints import facts_of
from iterable_api.http.client import IterableClient
from iterable_api.http.retries import NO_ANSWER
from iterable_api.http.stalling import is_framed
from iterable_webhooks.verification.period import KeyedEvent, Period, seconds_of

_PATH: Final = "/api/export/data.json"
_BLOCK_BYTES: Final = 1 << 18


def exported_events(client: IterableClient, event_name: str, period: Period) -> Iterator[KeyedEvent]:
    """The events of one name in a period, by one request, in no order.

    Raises:
        IncompleteBodyError: if the answer broke off, or if it holds something else than events, or ends with that.
        IterableError: see `IterableClient.stream`.
    """
    params = {
        "dataTypeName": event_name,
        "startDateTime": timestamps.to_export_bound(period.since),
        "endDateTime": timestamps.to_export_bound(period.until),
    }
    keys, is_event, found = EventKeyMaker(event_name), True, False
    for line in _lines(client, params):
        fields = _fields(line)
        seconds = seconds_of(fields.get("createdAt"))
        is_event = seconds is not None
        if is_event:
            found = True
            yield KeyedEvent(bytes.fromhex(keys.key_of_fields(fields)), seconds)
    if not is_event:
        has = "ends with a line that is no event" if found else "holds no event"
        raise IncompleteBodyError(f"{_PATH}: the answer for {event_name} {has}")


def seconds_of_requests(number: int) -> int:
    """For how many seconds at most the documented limit spreads so many exports."""
    (limit,) = facts_of("GET", _PATH).limits
    return round(number / limit.per_second)


def _lines(client: IterableClient, params: dict[str, str]) -> Iterator[bytes]:
    """The lines of an answer that are not blank. They are handled quickly, so Iterable needs not wait."""
    with client.stream(_PATH, params=params) as response:
        if not is_framed(response):
            raise IncompleteBodyError(f"{_PATH}: the answer has neither a length nor chunks")
        try:
            yield from filter(bytes.strip, response.iter_lines(_BLOCK_BYTES))
        except NO_ANSWER as error:
            raise IncompleteBodyError(f"{_PATH}: the answer broke off ({type(error).__name__})") from None


def _fields(line: bytes) -> dict[str, Any]:
    """The fields of a line; none if it is no object."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}
