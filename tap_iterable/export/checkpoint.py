"""A bookmark that is the end of a finished window.

Export rows are not sorted, so the SDK's bookmark, the largest value seen, would say that rows were
read which were not. The SDK has no public hook for a bookmark of one's own; the private ones that
this needs are all here, and `tests/tap/test_checkpoint.py` fails if the SDK changes them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from singer_sdk.helpers.types import Context

from iterable_api import times
from tap_iterable.streams.base import IterableStream


class WindowedStream(IterableStream):
    """A stream whose state moves only by `checkpoint`."""

    def checkpoint(self, end: datetime) -> None:
        """Everything before `end` has been emitted: make it the bookmark and write STATE."""
        bookmark = {"replication_key": self.replication_key, "replication_key_value": times.to_rfc3339(end)}
        self.stream_state.update(bookmark)
        self.state_manager.is_flushed = False
        # In BATCH mode the rows before `end` may not be in a file yet; the SDK writes STATE after each file.
        if self.get_batch_config(self.config) is None:
            self._write_state_message()

    def get_replication_key_signpost(self, context: Context | None = None) -> None:  # noqa: ARG002 (the SDK's signature)
        """None: window ends never lie in the future, so nothing needs a cap."""
        return

    def _increment_stream_state(self, latest_record: dict[str, Any], *, context: Context | None = None) -> None:
        """Leave the bookmark alone: a row's own time says nothing about the rows beside it."""
