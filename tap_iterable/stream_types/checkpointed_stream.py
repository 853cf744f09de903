"""A stream whose state moves only when it says so.

The SDK's bookmark is the largest value seen in a record. The SDK has no public hook for another bookmark; the private
ones are overridden here only, and `tests/tap/test_windowed_stream.py` fails if the SDK changes them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from singer_sdk.helpers.types import Context

from tap_iterable.stream_types.base import IterableStream


class CheckpointedStream(IterableStream):
    """A stream whose state moves only by `update_state`."""

    # To repeat the same state between two checkpoints would say nothing.
    STATE_MSG_FREQUENCY = sys.maxsize

    _pending: Mapping[str, Any] | None = None

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

    @property
    def latest_state(self) -> Mapping[str, Any]:
        """This stream's state, with the entries that are not written yet."""
        return {**self.stream_state, **(self._pending or {})}

    def move_state(self) -> None:
        """See `IterableStream`."""
        if self._pending is not None:
            self.stream_state.update(self._pending)
            self._pending = None
            self.state_manager.is_flushed = False

    def _write_state_message(self) -> None:
        self.move_state()
        super()._write_state_message()

    def get_replication_key_signpost(self, context: Context | None = None) -> None:  # noqa: ARG002 (the SDK's signature)
        """None: a checkpoint never lies in the future, so nothing needs a cap."""
        return

    def _increment_stream_state(self, latest_record: dict[str, Any], *, context: Context | None = None) -> None:
        """Leave the bookmark alone: a row's own value says nothing about the rows beside it."""
