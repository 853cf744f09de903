"""A bookmark that is the end of a finished window.

Export rows are not sorted, so the largest moment seen would say that rows were read which were not.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from iterable_api.facts import timestamps
from tap_iterable.input.dates import moment
from tap_iterable.stream_types.checkpointed_stream import CheckpointedStream


class WindowedStream(CheckpointedStream):
    """A stream whose bookmark is a moment before which everything was emitted."""

    def checkpoint(self, end: datetime, **entries: Any) -> None:
        """Everything before `end` has been emitted: make it the bookmark, which never goes back; see `remember`."""
        latest = timestamps.to_rfc3339(max(end, self.bookmark() or end))
        self.remember(replication_key=self.replication_key, replication_key_value=latest, **entries)

    def bookmark(self) -> datetime | None:
        """Before which moment everything was emitted, or None at the very first."""
        value = self.latest_state.get("replication_key_value")
        return timestamps.parse(value) if value else None

    def compare_start_date(self, value: str, start_date_value: str) -> str:
        """The later of a bookmark and `start_date`, which the SDK could not read in all of its forms."""
        return max(value, start_date_value, key=moment)
