"""All streams of events, in the shape that the setting `event_shape` asks for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from singer_sdk import Tap

from iterable_api.events.peer_event_names import PEER_NAMES, PeerNames
from iterable_api.facts.data_types import EVENTS, unknown_data_type
from iterable_api.facts.webhook_events import WEBHOOK_EVENTS
from iterable_api.http.client import IterableClient
from tap_iterable.event_shapes.project_names import ProjectNames
from tap_iterable.event_streams.custom_data_types import CustomEventStream
from tap_iterable.event_streams.exports import EventStream
from tap_iterable.event_streams.heap_events import HeapEventsStream
from tap_iterable.event_streams.segment_events import SegmentExportStream, TracksStream, segment_tables
from tap_iterable.stream_types.base import IterableStream
from tap_iterable.stream_types.resource_stream import RESOURCES, resource_rows
from tap_iterable.streams.campaigns import campaigns
from tap_iterable.streams.journeys import journeys
from tap_iterable.streams.templates import templates

_logger: Final = logging.getLogger(__name__)


def event_streams(tap: Tap, client: IterableClient) -> Sequence[IterableStream]:
    """The streams of events."""
    return _SHAPES[tap.config["event_shape"]](tap, client)


# Webhook streams bring a database library with them, which takes long to load: only those who have a store pay.


def _as_iterable_has_them(tap: Tap, client: IterableClient) -> Sequence[IterableStream]:
    received: Sequence[IterableStream] = ()
    if tap.config.get("webhook_store"):
        from tap_iterable.event_streams.webhooks import webhook_streams  # noqa: PLC0415

        received = webhook_streams(tap, client)
    return [
        *(EventStream(tap, client, data_type) for data_type in EVENTS),
        *received,
        *(CustomEventStream(tap, client, unknown_data_type(name)) for name in tap.config["extra_data_types"]),
    ]


def _as_segment_has_them(tap: Tap, client: IterableClient) -> Sequence[IterableStream]:
    _log_left_out("Segment", lambda names: names.segment)
    names, tracks, tables = _project_names(client), TracksStream(tap, client), segment_tables(tap)
    received: Sequence[IterableStream] = ()
    if tap.config.get("webhook_store"):
        from tap_iterable.event_streams.segment_webhooks import SegmentWebhookStream  # noqa: PLC0415

        carried = [table for table in tables if table.data_type.name in WEBHOOK_EVENTS]
        received = [SegmentWebhookStream(tap, client, table, names, tracks) for table in carried]
    return [tracks, *(SegmentExportStream(tap, client, table, names, tracks) for table in tables), *received]


def _as_heap_has_them(tap: Tap, client: IterableClient) -> Sequence[IterableStream]:
    _log_left_out("Heap", lambda names: names.heap)
    names = _project_names(client)
    received: Sequence[IterableStream] = ()
    if tap.config.get("webhook_store"):
        from tap_iterable.event_streams.heap_webhooks import HeapWebhookStream  # noqa: PLC0415

        received = [HeapWebhookStream(tap, client, names)]
    return [HeapEventsStream(tap, client, names), *received]


_SHAPES: Final[Mapping[str, Callable[[Tap, IterableClient], Sequence[IterableStream]]]] = {
    "iterable": _as_iterable_has_them,
    "segment": _as_segment_has_them,
    "heap": _as_heap_has_them,
}


def _project_names(client: IterableClient) -> ProjectNames:
    message_types = next(resource for resource in RESOURCES if resource.stream == "message_types")
    return ProjectNames(
        campaigns=lambda: campaigns(client),
        templates=lambda: templates(client),
        journeys=lambda: journeys(client),
        message_types=lambda: resource_rows(client, message_types),
    )


def _log_left_out(system: str, name: Callable[[PeerNames], str | None]) -> None:
    known = {data_type for data_type, names in PEER_NAMES.items() if name(names) is not None}
    left_out = sorted(data_type.stream for data_type in EVENTS if data_type.name not in known)
    _logger.info(
        "`event_shape`: %s has no name for these events, so they are left out: %s", system, ", ".join(left_out)
    )
