"""Base class of streams that are read whole each time, with the ACTIVATE_VERSION message for deleted rows."""

from __future__ import annotations

from collections.abc import Iterator

from singer_sdk.helpers.types import Context

from iterable_api.errors import IterableError
from tap_iterable.records.record_shape import Record
from tap_iterable.stream_types.base import IterableStream


class FullTableStream(IterableStream):
    """A stream that reads all rows each time, so that a row which is missing was deleted.

    With `emit_activate_version_messages` it writes ACTIVATE_VERSION, but only after the last record, and only
    if all rows were read.
    """

    _version: int | None = None
    _complete: bool

    def get_records(self, context: Context | None) -> Iterator[Record]:
        """The stream's records; see `IterableStream`."""
        self._complete = True
        yield from super().get_records(context)
        if self._complete and self._version is not None and self.get_batch_config(self.config) is None:
            super()._write_activate_version_message(self._version)

    def incomplete(self) -> None:
        """Record that this run does not read all rows."""
        self._complete = False

    def _skip(self, error: IterableError) -> None:
        self.incomplete()
        super()._skip(error)

    # Private, since the SDK has no public hook for the time of the message: it writes it before the first record,
    # and a target would delete the old rows although the new ones may never come.
    def _write_activate_version_message(self, full_table_version: int) -> None:
        self._version = full_table_version
