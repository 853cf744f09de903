"""Warnings of time ranges that a run does not read because of its bookmark and its settings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from iterable_api.facts import timestamps

MAX_CLOCK_SKEW: Final = timedelta(minutes=10)
"""The clock of the machine that wrote a bookmark may be ahead of this one by so much."""


def unread_ranges(bookmark: datetime, now: datetime, start_date: datetime, end_date: datetime | None) -> Iterator[str]:
    """A sentence for each reason why a range stays unread, with the remedy.

    Args:
        bookmark: the moment before which everything was read.
        now: the time on this machine.
        start_date: the setting.
        end_date: the setting, if it is set.
    """
    reached = timestamps.to_rfc3339(bookmark)
    if bookmark > now + MAX_CLOCK_SKEW:
        yield (
            f"the bookmark is {reached}, which is in the future, so nothing new is read until then. Set it back in the "
            "state, or start anew: with `--full-refresh` in Meltano, or without `--state`."
        )
    if end_date is not None and end_date <= bookmark:
        yield (
            f"`end_date` is {timestamps.to_rfc3339(end_date)}, and all before {reached} was read already, so there is "
            "nothing new to read. Unset `end_date` to go on, or start anew to read the range again."
        )
    if start_date > bookmark:
        yield (
            f"`start_date` is {timestamps.to_rfc3339(start_date)}, and all before {reached} was read: what lies "
            "between them is not read, now or later. Set `start_date` back to read it."
        )
