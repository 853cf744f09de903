"""Blocks of rows out of Parquet files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import IO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from target_iterable.batch_files.arrow_columns import values_of
from target_iterable.batch_files.batch_message import BatchMessage
from target_iterable.batch_files.errors import not_readable
from target_iterable.batch_files.row_block import RowBlock, Rows
from target_iterable.columnar.line_block import DecodedMessage
from target_iterable.core.source import Line

_ROWS: Final = 2_000
"""Rows of a block."""
_BUFFER: Final = 1 << 20
"""Bytes of a column that are read at a time, however large its row group is."""


def row_blocks(
    file: IO[bytes], message: BatchMessage, name: str, decode: Callable[[Line], DecodedMessage]
) -> Iterator[RowBlock]:
    """Yield the rows of a file; see `json_lines.line_blocks`.

    Raises:
        BatchFileError: if a column cannot be values of JSON.
        Exception: if the file cannot be read.
    """
    with pq.ParquetFile(file, buffer_size=_BUFFER, pre_buffer=False, page_checksum_verification=True) as parquet:
        _refuse_unreadable(parquet.schema_arrow, message, name)
        before = 0
        for batch in parquet.iter_batches(_ROWS, use_threads=False):
            yield RowBlock(Rows(batch, message), decode, before, name)
            before += len(batch)


def _refuse_unreadable(schema: pa.Schema, message: BatchMessage, name: str) -> None:
    twice = [column for column, count in Counter(schema.names).items() if count > 1]
    if twice:
        raise not_readable(message.stream, name, f"has the column {twice[0]!r} more than once")
    for column in schema:
        try:
            values_of(pa.nulls(0, column.type))
        except TypeError as error:
            raise not_readable(
                message.stream,
                name,
                f"has a column {column.name!r} that is {error}, which is no value of JSON: leave it out, or write text",
            ) from None
