"""The tap for programs: a stream as Arrow record batches, for notebooks, DuckDB, Polars, dlt and whatever reads Arrow.

    from tap_iterable.arrow import read

    sends = read({"api_key": "…", "start_date": "2026-09-01"}, "email_send")
    table = pyarrow.table(sends)
    more = read(config, "email_send", state=sends.state)

It needs the extra `parquet` of the package.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, Final, cast

import msgspec
from singer_sdk.singerlib.encoding.simple import Message

from iterable_api.storage.extras import extra
from iterable_api.waiting.shutdown import EXIT_SIGNALS
from tap_iterable.batch_files.rows import Rows
from tap_iterable.input.selection import NothingSelectedError, UnknownStreamError
from tap_iterable.records.record_shape import Record
from tap_iterable.records.singer_messages import MessageWriter
from tap_iterable.stream_types.base import IterableStream
from tap_iterable.tap import TapIterable

with extra("parquet", "`tap_iterable.arrow`"):
    import pyarrow as pa

    from tap_iterable.batch_files.record_batches import RecordBatches

__all__ = ["StreamReader", "UnknownStreamError", "read"]

BATCH_ROWS: Final = 10_000
"""A batch has so many rows, or a few more; the last one of a stream has fewer."""
_AS_BATCHES: Final = {"batch_config": {"encoding": {"format": "parquet"}, "storage": {"root": "memory://"}}}
"""Rows and columns are those of Parquet files. The place is never used: no file is made."""


def read(
    config: Mapping[str, Any],
    stream: str,
    *,
    state: Mapping[str, Any] | None = None,
    columns: Mapping[str, Mapping[str, Any]] | None = None,
) -> StreamReader:
    """Read one stream. Nothing is asked of Iterable before the first batch, but with `typed_user_fields`.

    Args:
        config: the settings of the tap, as in its file of settings. `batch_config` has no effect.
        stream: the name of the stream. A costly one must be in `costly_streams`.
        state: where to go on: `StreamReader.state` of the last time, or a state of the command. None reads all.
        columns: JSON Schemas of columns, as a catalog can have them: with the setting `nested_types`, objects whose
            members they name are structs.

    Raises:
        singer_sdk.exceptions.ConfigValidationError: if a setting is wrong; the text names it.
        UnknownStreamError: if there is no such stream.
        NothingSelectedError: if the stream is a costly one that `costly_streams` does not name.
        tap_iterable.input.state.UnusableStateError: if the state is none.
    """
    settings = {**config, **_AS_BATCHES}
    with _signal_handlers_kept():
        try:
            tap = _SilentTap(
                config=settings, state=deepcopy(dict(state or {})), catalog=_selecting(stream, columns or {})
            )
        except NothingSelectedError:
            if stream not in (streams := _SilentTap(config=settings, setup_mapper=False).streams):
                raise UnknownStreamError(stream, streams) from None
            raise
    return StreamReader(tap, cast("IterableStream", tap.streams[stream]))


class StreamReader:
    """The record batches of one stream: an iterator, and an Arrow stream for libraries that take one.

    It can be read once. What goes wrong on the way is raised where the batch was asked for, as an error of the tap
    such as `iterable_api.errors.IterableError`; in what reads it as an Arrow stream, as an error of that library.

    Attributes:
        schema: the columns and their types. They follow from the stream and the settings, and not from any value.
    """

    schema: pa.Schema

    def __init__(self, tap: TapIterable, stream: IterableStream) -> None:
        self._tap = tap
        self._stream = stream
        schema = stream.written_schema()
        self._columns = RecordBatches(schema or {"properties": {}}, nested_types=stream.nested_types)
        self.schema = self._columns.schema
        self._state = deepcopy(dict(tap.state))
        self._batches = self._read()

    @property
    def state(self) -> dict[str, Any]:
        """The state to begin with next time, as the command would write it.

        It is never ahead of the batches that were handed out: before the first one it is the state that was given;
        then, and after an error, it covers only rows of batches that were handed out, perhaps not all of them; after
        the end it covers all. Keep it only when the batches are kept: a reader cannot know what became of them. Rows
        behind it come again next time, with the same keys.
        """
        return deepcopy(self._state)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return self

    def __next__(self) -> pa.RecordBatch:
        return next(self._batches)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The batches for any library that takes an Arrow stream."""
        return self.to_reader().__arrow_c_stream__(requested_schema)

    def to_reader(self) -> pa.RecordBatchReader:
        """The batches for what wants a reader of pyarrow, such as DuckDB."""
        return pa.RecordBatchReader.from_batches(self.schema, self)

    def close(self) -> None:
        """Read no further: connections and files are closed. The end of the stream and errors do the same."""
        self._batches.close()
        self._tap.client.close()

    def _read(self) -> Generator[pa.RecordBatch, None, None]:
        try:
            waiting: list[Rows] = []
            count = 0
            for rows in self._stream.batch_blocks(None):
                waiting.append(rows)
                count += len(rows)
                if count >= BATCH_ROWS:
                    yield self._handed_out(waiting)
                    waiting, count = [], 0
            if count:
                yield self._handed_out(waiting)
            self._stream.finalize_state_progress_markers()
            self._state = deepcopy(dict(self._tap.state))
            self._stream.log_sync_costs()
        finally:
            self._tap.client.close()

    def _handed_out(self, waiting: list[Rows]) -> pa.RecordBatch:
        batch = self._columns.of(waiting)
        self._stream.move_state()
        self._state = deepcopy(dict(self._tap.state))
        return batch


class _NoMessages(MessageWriter):
    """Writes nothing: standard output is not the tap's here."""

    def write_message(self, message: Message) -> None:
        """See `MessageWriter`."""

    def write_records(self, stream: str, records: Sequence[Record | msgspec.Struct], version: int | None) -> None:
        """See `MessageWriter`."""


class _SilentTap(TapIterable):
    message_writer_class = _NoMessages


def _selecting(stream: str, columns: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    metadata = [{"breadcrumb": [], "metadata": {"selected": True}}]
    schema = {"properties": {name: dict(column) for name, column in columns.items()}} if columns else {}
    return {"streams": [{"tap_stream_id": stream, "stream": stream, "schema": schema, "metadata": metadata}]}


@contextmanager
def _signal_handlers_kept() -> Iterator[None]:
    """The SDK takes the handlers of signals for its state. In a program they are the program's."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {number: signal.getsignal(number) for number in EXIT_SIGNALS}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
