"""Base class of streams that write records in blocks.

The SDK processes each record by itself: it removes fields that are not selected, maps the record, gives it to child
streams, wraps and writes it. Where none of this would change a record, whole blocks are written at once. The SDK
has no public hook for that; the private one is overridden here only, and `tests/tap/test_batched_stream.py` fails if
the SDK changes it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator, Iterable, Iterator
from itertools import chain
from typing import Any, cast

import msgspec
from singer_sdk.helpers.types import Context
from singer_sdk.mapper import SameRecordTransform

from tap_iterable.batch_files.rows import Rows
from tap_iterable.records.record_shape import Record
from tap_iterable.records.singer_messages import MessageWriter
from tap_iterable.stream_types.base import IterableStream
from tap_iterable.stream_types.rare_collections import rare_collections

Block = Rows
"""Records as dictionaries, or as objects with the same JSON."""


class BatchedStream(IterableStream):
    """A stream that reads its records block by block."""

    @abstractmethod
    def blocks(self, context: Context | None) -> Iterator[Block]:
        """The stream's records, read from Iterable. Asking for the next block means that this one was written."""

    def read(self, context: Context | None) -> Iterable[Record]:
        """The records one by one."""
        return map(as_dict, chain.from_iterable(self.blocks(context)))

    def _sync_records(
        self, context: Context | None = None, *, write_messages: bool = True
    ) -> Generator[dict[str, Any], Any, Any]:
        """Write RECORD and STATE messages; yield records only where the SDK processes them one by one."""
        writer = self.tap.message_writer
        if write_messages and self.written_as_read and isinstance(writer, MessageWriter):
            self._write_blocks(context, writer)
        else:
            yield from super()._sync_records(context, write_messages=write_messages)

    def batch_schema(self, mapped: dict[str, Any]) -> dict[str, Any]:
        """See `IterableStream`."""
        if not self.written_as_read:
            return mapped
        return self._parquet.json_schema if self._parquet and self.nested_types else self._json_schema

    def batch_blocks(self, context: Context | None) -> Iterator[Rows]:
        """The rows of batch files, block by block; see `written_as_read`."""
        if not self.written_as_read:
            yield from super().batch_blocks(context)
            return
        with self.get_record_counter() as counter, self.get_sync_timer(), self.being_read():
            for block in self.blocks(context):
                self.counts.batched += len(block)
                counter.increment(len(block))
                yield block
        self._finalize_state(self.stream_state)

    @property
    def written_as_read(self) -> bool:
        """Whether the SDK would write each record as it is."""
        maps = self.stream_maps
        return (
            self.selected
            and all(self.mask.values())
            and [type(map_) for map_ in maps] == [SameRecordTransform]
            and not maps[0].flattening_enabled
            and self.ABORT_AT_RECORD_COUNT is None
        )

    def _write_blocks(self, context: Context | None, writer: MessageWriter) -> None:
        with (
            rare_collections(),
            self.get_record_counter() as counter,
            self.get_sync_timer() as timer,
            self.being_read(),
        ):
            counter.with_context(context or {})
            timer.with_context(context or {})
            self._write_starting_replication_value(context)
            for block in self.blocks(context):
                writer.write_records(self.name, block, self._stream_version)
                self.state_manager.is_flushed = False
                counter.increment(len(block))
                del block  # A row may be large: the next one is read without this one in memory.
        self._finalize_state(self.stream_state)
        self._write_state_message()


def as_dict(record: Record | msgspec.Struct) -> Record:
    """The record as a dictionary, as the SDK processes it."""
    return cast("Record", msgspec.to_builtins(record)) if isinstance(record, msgspec.Struct) else record
