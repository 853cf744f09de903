"""A bookmark that is the end of a finished window.

Export rows are not sorted, so the largest moment seen would pass over rows that were not read.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from iterable_api.facts import timestamps
from tap_iterable.input.dates import parse_date
from tap_iterable.stream_types.checkpointed_stream import CheckpointedStream


class WindowedStream(CheckpointedStream):
    """A stream whose bookmark is a moment before which all rows were emitted."""

    def checkpoint(self, end: datetime, **entries: Any) -> None:
        """Everything before `end` has been emitted: make it the bookmark, which never goes back; see `update_state`."""
        latest = timestamps.to_rfc3339(max(end, self.bookmark() or end))
        self.update_state(replication_key=self.replication_key, replication_key_value=latest, **entries)

    def bookmark(self) -> datetime | None:
        """The moment before which all rows were emitted; None before the first window."""
        value = self.latest_state.get("replication_key_value")
        return timestamps.parse(value) if value else None

    def compare_start_date(self, value: str, start_date_value: str) -> str:
        """The later of a bookmark and `start_date`, which may have forms that the SDK cannot read."""
        return max(value, start_date_value, key=parse_date)
