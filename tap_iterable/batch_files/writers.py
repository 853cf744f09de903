"""Writers of one batch file each."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import IO, Any, Final, Protocol

from isal import isal_zlib

from iterable_api.storage.extras import extra
from tap_iterable.batch_files.rows import Rows
from tap_iterable.records.singer_messages import json_lines

_GZIP: Final = 16 + isal_zlib.MAX_WBITS
_LEVEL: Final = 1
"""The lowest level but one: as small as zlib's lowest one, in a quarter of its time."""
_MEMORY_POOL: Final = ("ARROW_DEFAULT_MEMORY_POOL", "system")
"""Read by Arrow when it is loaded. Its own choice of a pool keeps some 20 MB of what is freed."""


class FileWriter(Protocol):
    """Writes rows into one file."""

    def write(self, rows: Rows) -> None:
        """Add rows."""

    def finish(self) -> None:
        """Write what comes after the last row. The file itself is closed by whoever opened it."""


class JsonLinesWriter:
    """JSON lines in ASCII, compressed or not."""

    def __init__(self, file: IO[bytes], *, compressed: bool) -> None:
        self._file = file
        self._compressor = isal_zlib.compressobj(_LEVEL, wbits=_GZIP) if compressed else None

    def write(self, rows: Rows) -> None:
        """See `FileWriter`."""
        lines = json_lines(rows)
        self._file.write(self._compressor.compress(lines) if self._compressor else lines)

    def finish(self) -> None:
        """See `FileWriter`."""
        if self._compressor:
            self._file.write(self._compressor.flush())


def parquet_writers(
    schema: Mapping[str, Any], compression: str | None, most_bytes: float, *, nested_types: bool
) -> Callable[[IO[bytes]], FileWriter]:
    """Makes writers of Parquet files.

    Args:
        schema: the JSON Schema of the rows.
        compression: of the columns; zstd unless it is given.
        most_bytes: the size of a file. No row group is larger before it is encoded.
        nested_types: see `RecordBatches`.
    """
    os.environ.setdefault(*_MEMORY_POOL)
    with extra("parquet", "`batch_config` with the format Parquet"):
        from tap_iterable.batch_files.parquet import ROW_GROUP_BYTES, ParquetWriter  # noqa: PLC0415 (the extra may not be installed)
        from tap_iterable.batch_files.record_batches import RecordBatches  # noqa: PLC0415

    batches = RecordBatches(schema, nested_types=nested_types)
    return lambda file: ParquetWriter(file, batches, compression or "zstd", min(most_bytes, ROW_GROUP_BYTES))
