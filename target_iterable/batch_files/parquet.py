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

_MAX_ROWS: Final = 5_000
"""Rows of a block."""
_MAX_BYTES: Final = 1 << 22
"""Bytes of a block, as far as the file tells them beforehand."""
_BUFFER: Final = 1 << 17
"""Bytes of a column that are read at a time, however large its row group is."""


def row_blocks(
    file: IO[bytes], message: BatchMessage, name: str, decode: Callable[[Line], DecodedMessage]
) -> Iterator[RowBlock]:
    """Yield the rows of a file; see `json_lines.line_blocks`.

    Raises:
        BatchFileError: if a column cannot be values of JSON.
        Exception: if the file cannot be read.
    """
    # The pool that Arrow takes by default keeps more of what is freed.
    pa.set_memory_pool(pa.system_memory_pool())
    with pq.ParquetFile(file, buffer_size=_BUFFER, pre_buffer=False, page_checksum_verification=True) as parquet:
        _refuse_unreadable(parquet.schema_arrow, message, name)
        before = 0
        for batch in parquet.iter_batches(_rows(parquet.metadata), use_threads=False):
            # Texts may be no UTF-8, and what Arrow makes of them is not looked at again.
            batch.validate(full=True)
            yield RowBlock(Rows(batch, message), decode, before, name)
            before += len(batch)


def _rows(file: pq.FileMetaData) -> int:
    """Return the rows of a block."""
    sizes = [file.row_group(number).total_byte_size for number in range(file.num_row_groups)]
    fitting: int = _MAX_BYTES * file.num_rows // max(1, sum(sizes))
    return max(1, min(_MAX_ROWS, fitting))


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
