"""Writes one Parquet file, a row group at a time."""

from __future__ import annotations

from functools import cached_property
from typing import IO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from tap_iterable.batch_files.dictionaries import dictionary_columns
from tap_iterable.batch_files.record_batches import RecordBatches
from tap_iterable.batch_files.rows import Rows

ROW_GROUP_BYTES: Final = 4_000_000
"""Bytes of a row group before it is encoded, where files are not smaller still."""
_PAGE_BYTES: Final = 1 << 18
"""Bytes of a page. Pages are kept until they are full: larger ones of columns without a dictionary took 4 MB more."""
_BLOCK: Final = 1_000
"""Rows that are worth columns of their own."""


class ParquetWriter:
    """See `FileWriter`.

    Args:
        file: the file, which is closed by whoever opened it.
        batches: makes the columns.
        compression: of the columns, as Arrow names it.
        group_bytes: of a row group before it is encoded; so many wait in memory.
    """

    def __init__(self, file: IO[bytes], batches: RecordBatches, compression: str, group_bytes: float) -> None:
        self._batches = batches
        self._group_bytes = group_bytes
        self._file = file
        self._compression = compression
        self._blocks: list[Rows] = []
        self._rows = 0
        self._waiting: list[pa.RecordBatch] = []
        self._bytes = 0

    def write(self, rows: Rows) -> None:
        """See `FileWriter`. Rows wait until there are enough of them to be made columns."""
        self._blocks.append(rows)
        self._rows += len(rows)
        if self._rows >= _BLOCK:
            self._end_block()
        if self._bytes >= self._group_bytes:
            self._write_group()

    def finish(self) -> None:
        """See `FileWriter`."""
        self._write_group()
        self._writer.close()

    @cached_property
    def _writer(self) -> pq.ParquetWriter:
        """It is made when the first rows are columns, by which it is told where a dictionary would only be a burden."""
        first = self._waiting[0] if self._waiting else self._batches.of([[]])
        return pq.ParquetWriter(
            self._file,
            first.schema,
            compression=self._compression,
            use_dictionary=dictionary_columns(first),
            data_page_size=_PAGE_BYTES,
        )

    def _end_block(self) -> None:
        batch = self._batches.of(self._blocks)
        self._waiting.append(batch)
        self._bytes += batch.nbytes
        self._blocks, self._rows = [], 0

    def _write_group(self) -> None:
        if self._blocks:
            self._end_block()
        if self._waiting:
            self._writer.write_table(pa.Table.from_batches(self._waiting, schema=self._batches.schema))
        self._waiting, self._bytes = [], 0
