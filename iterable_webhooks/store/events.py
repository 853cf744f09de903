"""Rows of the store, as they are appended and as they are read."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple, NewType

Position = NewType("Position", int)
"""The place of an event in the order of storing. Positions begin with 1, have no gaps, and are never used again."""

BEGINNING: Final = Position(0)
"""The position before the first event."""

NO_NAME: Final = ""
"""The event name of a body without a usable `eventName`."""


class Delivery(NamedTuple):
    """One JSON object that was received.

    Attributes:
        received_at: microseconds since 1970, UTC, by the clock of the receiver.
        project: the name of the project in the receiver's settings.
        event_name: `eventName` of the body, or `NO_NAME`.
        body: the bytes as they were received.
    """

    received_at: int
    project: str
    event_name: str
    body: bytes


class MalformedBody(NamedTuple):
    """One body that was received and is no JSON object; see `Delivery`.

    Attributes:
        reason: what is wrong with it, without a part of the body.
    """

    received_at: int
    project: str
    reason: str
    body: bytes


class StoredEvent(NamedTuple):
    """One delivery as the store has it.

    Attributes:
        received_at: in UTC. It may run backwards from one event to the next where receivers have different clocks.
        body: the bytes as they were received: a JSON object in UTF-8.
    """

    position: Position
    received_at: datetime
    project: str
    event_name: str
    body: bytes


class EventBatch(NamedTuple):
    """Events in the order of storing.

    Attributes:
        events: none if no event up to `read_to` has the names and the project that were asked for.
        read_to: where to read on. Up to it nothing is left to read.
    """

    events: list[StoredEvent]
    read_to: Position
