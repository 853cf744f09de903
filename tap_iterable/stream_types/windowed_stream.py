"""A bookmark that is the end of a finished window.

Export rows are not sorted, so the SDK's bookmark, the largest value seen, would say that rows were
read which were not. The SDK has no public hook for a bookmark of one's own; the private ones that
this needs are all here, and `tests/tap/test_checkpoint.py` fails if the SDK changes them.
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
    """A stream whose state moves only by `checkpoint`."""

    # To repeat the same state within a window would say nothing.
    STATE_MSG_FREQUENCY = sys.maxsize

    _pending: Mapping[str, Any] | None = None

    def checkpoint(self, end: datetime, **entries: Any) -> None:
        """Everything before `end` has been emitted: make it the bookmark, which never goes back; see `update_state`."""
        latest = timestamps.to_rfc3339(max(end, self.bookmark() or end))
        self.update_state(replication_key=self.replication_key, replication_key_value=latest, **entries)

    def update_state(self, **entries: Any) -> None:
        """Put `entries` into this stream's state and write STATE.

        An entry that is over gets an empty value and is not taken out: where states of several runs are merged, as
        Meltano can, what is not written stays as it was.

        In BATCH mode the rows before may not be in a file yet, so the entries wait until the SDK, after each file,
        writes STATE itself.
        """
        self._pending = {**(self._pending or {}), **entries}
        if self.get_batch_config(self.config) is None:
            self._write_state_message()

    def bookmark(self) -> datetime | None:
        """Before which moment everything was emitted, or None at the very first."""
        value = {**self.stream_state, **(self._pending or {})}.get("replication_key_value")
        return timestamps.parse(value) if value else None

    def compare_start_date(self, value: str, start_date_value: str) -> str:
        """The later of a bookmark and `start_date`, which the SDK could not read in all of its forms."""
        return max(value, start_date_value, key=parse_date)

    def _write_state_message(self) -> None:
        if self._pending is not None:
            self.stream_state.update(self._pending)
            self._pending = None
            self.state_manager.is_flushed = False
        super()._write_state_message()

    def get_replication_key_signpost(self, context: Context | None = None) -> None:  # noqa: ARG002 (the SDK's signature)
        """None: window ends never lie in the future, so nothing needs a cap."""
        return

    def _increment_stream_state(self, latest_record: dict[str, Any], *, context: Context | None = None) -> None:
        """Leave the bookmark alone: a row's own time says nothing about the rows beside it."""
