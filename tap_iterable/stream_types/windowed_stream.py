"""Base class of streams whose bookmark is the end of a finished window.

Export rows are not sorted, so the SDK's bookmark, the largest value seen, would pass over rows that
were not read. The SDK has no public hook for another bookmark; the private ones are overridden
here only, and `tests/tap/test_windowed_stream.py` fails if the SDK changes them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from singer_sdk.helpers.types import Context

from iterable_api.facts import timestamps
from tap_iterable.input.dates import parse_date
from tap_iterable.stream_types.base import IterableStream


class WindowedStream(IterableStream):
    """A stream whose bookmark moves only by `checkpoint`."""

    # The state does not change within a window.
    STATE_MSG_FREQUENCY = sys.maxsize

    _pending: Mapping[str, Any] | None = None

    def checkpoint(self, end: datetime, **entries: Any) -> None:
        """Make `end` the bookmark: all rows before it were emitted. It never goes back; see `update_state`."""
        latest = timestamps.to_rfc3339(max(end, self.bookmark() or end))
        self.update_state(replication_key=self.replication_key, replication_key_value=latest, **entries)

    def update_state(self, **entries: Any) -> None:
        """Put `entries` into this stream's state and write STATE.

        An entry that has ended gets an empty value and is not removed: where states of several runs are merged, as
        Meltano can, a missing entry would keep its old value.

        In BATCH mode the rows before may not be in a file yet, so the entries wait until the SDK, after each file,
        writes STATE itself.
        """
        self._pending = {**(self._pending or {}), **entries}
        if self.get_batch_config(self.config) is None:
            self._write_state_message()

    def bookmark(self) -> datetime | None:
        """The moment before which all rows were emitted; None before the first window."""
        value = {**self.stream_state, **(self._pending or {})}.get("replication_key_value")
        return timestamps.parse(value) if value else None

    def compare_start_date(self, value: str, start_date_value: str) -> str:
        """The later of a bookmark and `start_date`, which may have forms that the SDK cannot read."""
        return max(value, start_date_value, key=parse_date)

    def _write_state_message(self) -> None:
        if self._pending is not None:
            self.stream_state.update(self._pending)
            self._pending = None
            self.state_manager.is_flushed = False
        super()._write_state_message()

    def get_replication_key_signpost(self, context: Context | None = None) -> None:  # noqa: ARG002 (the SDK's signature)
        """Return None: the end of a window never lies in the future, so the bookmark needs no cap."""
        return

    def _increment_stream_state(self, latest_record: dict[str, Any], *, context: Context | None = None) -> None:
        """Leave the bookmark unchanged: rows are not sorted, so the time of one says nothing about others."""
