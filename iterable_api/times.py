"""Iterable's date formats, in and out.

Iterable writes `2021-07-01 18:00:44 +00:00` in users and exports, epoch milliseconds in metadata, and
now and then something odd (`+0000`, `2025-12-19T22:43:34.134105.000Z`). It reads Unix seconds in
`createdAt` of events, and `yyyy-MM-dd HH:mm:ss` (UTC) in the ranges of an export.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_TIMESTAMP: Final = re.compile(
    r"""(?P<date>\d{4}-\d{2}-\d{2})
        [T ](?P<time>\d{2}:\d{2}:\d{2})
        (?:\.(?P<fraction>\d{1,9}))?(?:\.\d+)?
        \s?(?P<zone>Z|[+-]\d{2}:?\d{2})?""",
    re.VERBOSE,
)


def parse(text: str) -> datetime | None:
    """The moment that `text` names, in UTC, or None if it is not a timestamp with a time of day.

    A timestamp without a zone is UTC, as everywhere at Iterable.
    """
    match = _TIMESTAMP.fullmatch(text.strip())
    if match is None:
        return None
    zone = (match["zone"] or "Z").replace("Z", "+00:00")
    fraction = (match["fraction"] or "0")[:6].ljust(6, "0")
    try:
        return datetime.fromisoformat(f"{match['date']}T{match['time']}.{fraction}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def to_rfc3339(moment: datetime) -> str:
    """UTC with microseconds, always of one length, so that text sorts as time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def from_epoch_ms(milliseconds: int) -> datetime:
    """The moment of an epoch in milliseconds, as metadata endpoints write it."""
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)


def to_epoch_seconds(moment: datetime) -> int:
    """Unix seconds, as `createdAt` of events and purchases wants them."""
    return int(moment.timestamp())


def to_iterable(moment: datetime) -> str:
    """`2021-07-01 18:00:44 +00:00`: how Iterable writes a date, and always reads one as a date."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S +00:00")


def to_export_bound(moment: datetime) -> str:
    """`2021-07-01 18:00:44` in UTC, for the range of an export; the seconds are whole."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
