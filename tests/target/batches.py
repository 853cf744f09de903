"""BATCH messages for tests of the target, and the files that they name.

place.write("users.jsonl", [{"email": "ann@example.com"}])  # by the end of its name: JSON lines or Parquet
messages = [schema("users", ["email"]), batch("users", place / "users.jsonl")]
project.load(messages, batch_roots=[str(place)])
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from tests.target.loading import Message

Record = Mapping[str, Any]


def batch(stream: str, *files: Path | str, version: int | None = None) -> Message:
    """A BATCH message as the SDK writes it. Compression and format follow from the end of the first name."""
    names = [file.as_uri() if isinstance(file, Path) else file for file in files]
    _, format_, *compression = names[0].rsplit("/", 1)[-1].split(".") if names else ["", "jsonl"]
    encoding = {"format": format_, "compression": _COMPRESSIONS[compression[0]] if compression else None}
    return {"type": "BATCH", "stream": stream, "encoding": encoding, "manifest": names, "version": version}


def json_lines(path: Path, records: Sequence[Record]) -> Path:
    """Write a file of JSON lines, compressed as the end of its name says; return its path."""
    content = "".join(json.dumps(record) + "\n" for record in records).encode()
    path.write_bytes(_COMPRESS[path.suffix](content))
    return path


def parquet(path: Path, table: pa.Table, **options: Any) -> Path:
    """Write a Parquet file; return its path."""
    pq.write_table(table, path, **options)
    return path


_COMPRESSIONS: Final = {"gz": "gzip", "zst": "zstd"}
_COMPRESS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    ".jsonl": bytes,
    ".gz": gzip.compress,
    ".zst": lambda content: bytes(pa.compress(content, "zstd", asbytes=True)),
}
