"""Batch files in the storage of `batch_config`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain, count
from math import inf
from pathlib import Path
from typing import IO, Any, Final
from uuid import uuid4

# The types of `Stream.get_batches`, which have no public name.
from singer_sdk.helpers._batch import BaseBatchFileEncoding, BatchConfig

from tap_iterable.batch_files.places import check_extra, explained_errors, store
from tap_iterable.batch_files.rows import Parts, Rows
from tap_iterable.batch_files.writers import FileWriter, JsonLinesWriter, parquet_writers

__all__ = ["BaseBatchFileEncoding", "BatchConfig", "FileSettings", "write_files"]

_GZIP: Final = "gzip"


@dataclass(frozen=True)
class FileSettings:
    """What there is to set beside `batch_config`.

    Attributes:
        directory: the directory of files in the making; by default the system's temporary directory.
        most_bytes: a file ends with the rows that bring it to so many bytes, though it has fewer than `batch_size`.
        nested_types: whether Parquet has structs; see `RecordBatches`.
    """

    directory: Path | None = None
    most_bytes: float = inf
    nested_types: bool = False


def write_files(
    config: BatchConfig,
    stream: str,
    schema: Mapping[str, Any],
    blocks: Iterable[Rows],
    settings: FileSettings,
) -> Iterator[str]:
    """Write `blocks` into files, and give the URL of each once it is complete.

    A file is made on disk, without a name, and copied to its place when it is whole: so a run that ends before leaves
    nothing behind. No file is made where there are no rows.

    Args:
        config: format, compression, place and size of the files.
        stream: the name of the stream.
        schema: the JSON Schema of the rows.
        blocks: the rows.
        settings: what there is to set beside `config`.

    Raises:
        BatchFileNotWrittenError: if a disk is full, or the storage does not take a file.
        MissingExtraError: if the format or the storage needs an extra that is not installed.
        MisfitError: see `RecordBatches`.
    """
    check_extra(config.storage)
    make, suffix = _format(config, schema, settings)
    names = (f"{config.storage.prefix or ''}tap-iterable--{stream}-{uuid4()}-{number}{suffix}" for number in count(1))
    todo = Parts(blocks, config.batch_size)
    spooling = partial(explained_errors, stream, "spool_directory", str(settings.directory or tempfile.gettempdir()))
    for first in todo:
        with ExitStack() as stack:
            with spooling():
                spool = tempfile.TemporaryFile(dir=settings.directory, prefix="tap-iterable-")  # noqa: SIM115 (closed below)
                stack.callback(_close, spool)
                writer = make(spool)
            for rows in chain([first], todo):
                with spooling():
                    writer.write(rows)
                if not todo.free or spool.tell() >= settings.most_bytes:
                    break
            with spooling():
                writer.finish()
                spool.flush()
            with explained_errors(stream, "batch_config.storage", errors=Exception):
                url = store(config.storage, spool, next(names))
            todo.begin_file()
            yield url


def _close(spool: IO[bytes]) -> None:
    """Close a file, though the disk may not take what is still buffered: nobody reads it any more."""
    with suppress(OSError):
        spool.close()


def _format(
    config: BatchConfig, schema: Mapping[str, Any], settings: FileSettings
) -> tuple[Callable[[IO[bytes]], FileWriter], str]:
    encoding = config.encoding
    if encoding.format == "parquet":
        make = parquet_writers(schema, encoding.compression, settings.most_bytes, nested_types=settings.nested_types)
        return make, ".parquet"
    is_compressed = encoding.compression == _GZIP
    return partial(JsonLinesWriter, compressed=is_compressed), ".jsonl.gz" if is_compressed else ".jsonl"
