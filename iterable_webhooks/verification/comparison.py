"""Comparison of the events of one name, by their keys. The keys are in a file, so memory does not grow with them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Final, NamedTuple

from iterable_webhooks.verification.period import KeyedEvent, Period

_EXPORTED: Final = 0
_RECEIVED: Final = 1
_NUMBER: Final = (
    "SELECT seconds / 3600, count(*) FROM events WHERE side = ? AND seconds >= ? AND seconds < ? GROUP BY 1"
)
_NUMBER_MISSING: Final = """
    SELECT seconds / 3600, count(DISTINCT key) FROM events
    WHERE side = ? AND seconds >= ? AND seconds < ?
    AND NOT EXISTS (SELECT 1 FROM events AS other WHERE other.side = 1 - events.side AND other.key = events.key)
    GROUP BY 1
"""


class Counts(NamedTuple):
    """Numbers of events.

    Attributes:
        exported: rows of the export.
        received: deliveries in the store; one that came twice counts twice.
        missing_in_store: keys that the export has and the store lacks.
        missing_in_export: keys that the store has and the export lacks.
    """

    exported: int = 0
    received: int = 0
    missing_in_store: int = 0
    missing_in_export: int = 0

    def plus(self, other: Counts) -> Counts:
        """The sums."""
        return Counts(*map(sum, zip(self, other, strict=True)))


@dataclass(frozen=True)
class EventCounts:
    """What was counted of one event name.

    Attributes:
        hours: by hour, which is Unix seconds by 3,600; hours without an event are left out.
    """

    event_name: str
    hours: Mapping[int, Counts]

    @property
    def total(self) -> Counts:
        """The sums of all hours."""
        return total(self.hours.values())


def total(counts: Iterable[Counts]) -> Counts:
    """The sums of all."""
    return reduce(Counts.plus, counts, Counts())


class ComparedKeys:
    """The keys of the events of one name on both sides, in a temporary file that is gone when this is closed.

    Raises:
        sqlite3.Error: if the file cannot be written. So does every method.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("")
        self._database.execute("CREATE TABLE events (side INTEGER NOT NULL, key BLOB NOT NULL, seconds INTEGER)")

    def put_exported(self, events: Iterable[KeyedEvent]) -> None:
        """Take the events of the export in place of those that are there."""
        self._put(_EXPORTED, events)

    def put_received(self, events: Iterable[KeyedEvent]) -> None:
        """Take the events of the store in place of those that are there."""
        self._put(_RECEIVED, events)

    def counts(self, period: Period) -> Mapping[int, Counts]:
        """The counts of each hour of the period in which there was an event.

        An event whose time differs on both sides is missing on neither.
        """
        self._database.execute("CREATE INDEX IF NOT EXISTS by_key ON events (side, key)")
        columns = [
            self._by_hour(_NUMBER, _EXPORTED, period),
            self._by_hour(_NUMBER, _RECEIVED, period),
            self._by_hour(_NUMBER_MISSING, _EXPORTED, period),
            self._by_hour(_NUMBER_MISSING, _RECEIVED, period),
        ]
        hours = sorted(set().union(*columns))
        return {hour: Counts(*(column.get(hour, 0) for column in columns)) for hour in hours}

    def close(self) -> None:
        """Remove the file."""
        self._database.close()

    def _put(self, side: int, events: Iterable[KeyedEvent]) -> None:
        with self._database:
            self._database.execute("DELETE FROM events WHERE side = ?", (side,))
            rows = ((side, event.key, event.seconds) for event in events)
            self._database.executemany("INSERT INTO events VALUES (?, ?, ?)", rows)

    def _by_hour(self, statement: str, side: int, period: Period) -> dict[int, int]:
        return dict(self._database.execute(statement, (side, period.seconds.start, period.seconds.stop)))
