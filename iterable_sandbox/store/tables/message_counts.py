"""Counts of the events of campaigns, by data type."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from iterable_sandbox.store.sql.database import Database, Index

_PERSON: Final = "json_extract(body, '$.isBot') IS NOT 1"
_COUNTED: Final = f"""SELECT campaign, user % ?, type, count(*), count(DISTINCT user),
    count(*) FILTER (WHERE {_PERSON}), count(DISTINCT user) FILTER (WHERE {_PERSON}),
    total(CASE WHEN type = 'purchase' THEN json_extract(body, '$.total') END)
    FROM events WHERE campaign IN (SELECT value FROM json_each(?)) AND created_at >= ? AND created_at < ?
    GROUP BY 1, 2, 3"""  # noqa: S608 (constants)
_ALL_SECONDS: Final = (-(2**62), 2**62)


@dataclass(frozen=True)
class Count:
    """Counts of the events of one data type of a campaign.

    Attributes:
        total: number of events.
        unique: number of users.
        filtered: number of events without bots.
        unique_filtered: number of users without bots.
        revenue: sum of the totals of purchases.
    """

    total: int = 0
    unique: int = 0
    filtered: int = 0
    unique_filtered: int = 0
    revenue: float = 0


CountsByType = dict[str, Count]
"""Data type -> count."""


def count_messages(
    database: Database, campaigns: Iterable[int], start: int | None, end: int | None, *, variants: int = 1
) -> dict[tuple[int, int], CountsByType]:
    """Count the events of campaigns in `start` <= time < `end` (epoch seconds), by (campaign, variant).

    The variant of a user is fixed: the row id modulo the number of variants.
    """
    window = (_ALL_SECONDS[0] if start is None else start, _ALL_SECONDS[1] if end is None else end)
    database.ensure_index(Index.EVENTS_BY_CAMPAIGN)
    found: dict[tuple[int, int], CountsByType] = {}
    for campaign, variant, type_, *numbers in database.rows(_COUNTED, (variants, str([*campaigns]), *window)):
        found.setdefault((campaign, variant), {})[type_] = Count(*numbers)
    return found
