"""What was found, as a table for a terminal and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from iterable_webhooks.verification.comparison import Counts, EventCounts, total
from iterable_webhooks.verification.period import Period, hour_text

_HEAD: Final = ("event", "hour", "exported", "received", "missing in store", "missing in export")
_TOTAL: Final = "total"


def as_table(found: Sequence[EventCounts]) -> str:
    """A line for each event name and hour, one for each name, and one for all."""
    rows = [_HEAD, *_rows(found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def as_json(found: Sequence[EventCounts], period: Period) -> str:
    """The same as one object: `since`, `until`, `events` with their `hours`, and `total`."""
    events = [
        {
            "eventName": one.event_name,
            **_members(one.total),
            "hours": [{"hour": hour_text(hour), **_members(counts)} for hour, counts in one.hours.items()],
        }
        for one in found
    ]
    return json.dumps(
        {
            "since": period.since.isoformat(),
            "until": period.until.isoformat(),
            "events": events,
            "total": _members(_sum(found)),
        }
    )


def is_store_complete(found: Sequence[EventCounts]) -> bool:
    """Whether the store has all that the export has."""
    return not _sum(found).missing_in_store


def _rows(found: Sequence[EventCounts]) -> Iterator[tuple[str, ...]]:
    for one in found:
        for hour, counts in one.hours.items():
            yield (one.event_name, hour_text(hour), *_texts(counts))
        yield (one.event_name, _TOTAL, *_texts(one.total))
    yield ("all", _TOTAL, *_texts(_sum(found)))


def _sum(found: Sequence[EventCounts]) -> Counts:
    return total(one.total for one in found)


def _texts(counts: Counts) -> Iterator[str]:
    return (f"{count:,}" for count in counts)


def _members(counts: Counts) -> dict[str, Any]:
    names = ("exported", "received", "missingInStore", "missingInExport")
    return dict(zip(names, counts, strict=True))


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    texts, numbers = row[:2], row[2:]
    left = [text.ljust(width) for text, width in zip(texts, widths, strict=False)]
    right = [number.rjust(width) for number, width in zip(numbers, widths[2:], strict=True)]
    return "  ".join([*left, *right])
