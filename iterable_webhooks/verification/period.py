"""The time that is compared, and the hours in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, Self

from iterable_api.facts import timestamps

HOUR: Final = timedelta(hours=1)
HOUR_SECONDS: Final = 3_600


class KeyedEvent(NamedTuple):
    """What is kept of an event to compare it.

    Attributes:
        key: its `eventKey`, as bytes.
        seconds: its `createdAt`, in Unix seconds; None if it has none.
    """

    key: bytes
    seconds: int | None


class Period(NamedTuple):
    """From `since`, inclusive, to `until`, exclusive, in UTC."""

    since: datetime
    until: datetime

    @classmethod
    def last_day(cls, now: datetime) -> Self:
        """The last 24 hours that are full."""
        until = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        return cls(until - 24 * HOUR, until)

    @property
    def seconds(self) -> range:
        """The Unix seconds of the period."""
        return range(timestamps.to_epoch_seconds(self.since), timestamps.to_epoch_seconds(self.until))


def seconds_of(created_at: Any) -> int | None:
    """The Unix seconds of a `createdAt`; None if it is no time."""
    if isinstance(created_at, str):
        return timestamps.text_to_epoch_seconds(created_at)
    return created_at // 1_000 if type(created_at) is int else None


def hour_text(hour: int) -> str:
    """The start of an hour, which is given as Unix seconds by 3,600, as `2026-11-28T13:00Z`."""
    return f"{datetime.fromtimestamp(hour * HOUR_SECONDS, UTC):%Y-%m-%dT%H:%MZ}"
