"""Batch files in the storage of `batch_config`."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import IO, Any, Final
from uuid import uuid4

# The types of `Stream.get_batches`, which have no public name.
from singer_sdk.helpers._batch import BaseBatchFileEncoding, BatchConfig

from tap_iterable.batch_files.rows import Rows, parts
from tap_iterable.batch_files.writers import FileWriter, JsonLinesWriter, parquet_writers

__all__ = ["BaseBatchFileEncoding", "BatchConfig", "write_files"]

_GZIP: Final = "gzip"


def write_files(
    config: BatchConfig, name: str, schema: Mapping[str, Any], blocks: Iterable[Rows], directory: Path | None
) -> Iterator[str]:
    """Write `blocks` into files of `batch_size` rows, and give the URL of each once it is complete.

    A file is made on disk, without a name, and copied to its place when it is whole: so a run that ends before leaves
    nothing behind. No file is made where there are no rows.

    Args:
        config: format, compression, place and size of the files.
        name: the beginning of their names.
        schema: the JSON Schema of the rows.
        blocks: the rows.
        directory: the directory of files in the making; by default the system's temporary directory.
    """
    make, suffix = _format(config, schema)
    names = (f"{config.storage.prefix or ''}{name}-{uuid4()}-{number}{suffix}" for number in count(1))
    todo = parts(blocks, config.batch_size)
    for first in todo:
        with tempfile.TemporaryFile(dir=directory, prefix="tap-iterable-") as spool:
            writer = make(spool)
            for rows, is_last in chain([first], todo):
                writer.write(rows)
                if is_last:
                    break
            writer.finish()
            yield _stored(config, spool, next(names))


def _stored(config: BatchConfig, spool: IO[bytes], name: str) -> str:
    spool.seek(0)
    with config.storage.open(name, "wb") as file:
        shutil.copyfileobj(spool, file)
    return str(config.storage.get_url(name))


def _format(config: BatchConfig, schema: Mapping[str, Any]) -> tuple[Callable[[IO[bytes]], FileWriter], str]:
    encoding = config.encoding
    if encoding.format == "parquet":
        return parquet_writers(schema, encoding.compression), ".parquet"
    is_compressed = encoding.compression == _GZIP
    return partial(JsonLinesWriter, compressed=is_compressed), ".jsonl.gz" if is_compressed else ".jsonl"
