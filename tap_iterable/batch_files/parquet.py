"""Writes one Parquet file, a row group at a time."""

from __future__ import annotations

from typing import IO, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from tap_iterable.batch_files.record_batches import RecordBatches
from tap_iterable.batch_files.rows import Rows
from tap_iterable.records.record_shape import Record

ROW_GROUP: Final = 50_000
"""Rows of a row group; so many wait in memory."""
_BLOCK: Final = 1_000


class ParquetWriter:
    """See `FileWriter`.

    Args:
        file: the file, which is closed by whoever opened it.
        batches: makes the columns.
        compression: of the columns, as Arrow names it.
    """

    def __init__(self, file: IO[bytes], batches: RecordBatches, compression: str) -> None:
        self._batches = batches
        self._writer = pq.ParquetWriter(file, batches.schema, compression=compression)
        self._block: list[Record | msgspec.Struct] = []
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0

    def write(self, rows: Rows) -> None:
        """See `FileWriter`. Single rows wait until a block of them is worth columns of its own."""
        if self._block and type(self._block[0]) is not type(rows[0]):
            self._end_block()
        self._block.extend(rows)
        if len(self._block) >= _BLOCK:
            self._end_block()
        if self._rows >= ROW_GROUP:
            self._write_group()

    def finish(self) -> None:
        """See `FileWriter`."""
        self._write_group()
        self._writer.close()

    def _end_block(self) -> None:
        self._waiting.append(self._batches.of(self._block))
        self._rows += len(self._block)
        self._block = []

    def _write_group(self) -> None:
        if self._block:
            self._end_block()
        if self._waiting:
            self._writer.write_table(pa.Table.from_batches(self._waiting, schema=self._batches.schema))
        self._waiting, self._rows = [], 0
