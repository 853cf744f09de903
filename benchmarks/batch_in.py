"""Files of BATCH messages into the target, beside RECORD messages of the same rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.arena import Arena, check
from benchmarks.comparing import Subject, compare
from benchmarks.measuring import Cost, run
from benchmarks.report import Report
from benchmarks.rows import LOADS, Load
from benchmarks.subjects import targets

STREAMS: Final = ("events", "users", "catalog_items")
_GROUP: Final = 50_000
"""Rows of a row group, as tap-iterable writes them."""
_MOMENT: Final = pa.timestamp("us", "UTC")
_TYPES: Final[Mapping[str, pa.DataType]] = {
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "number": pa.float64(),
}

Write = Callable[[Path, dict[str, Any], Iterator[dict[str, Any]]], None]
"""Writes rows of a schema into a file."""


def measure(place: Arena, records: int, runs: int, report: Report) -> None:
    """Measure each stream in all forms, in turns."""
    for stream in STREAMS:
        report.comparison(f"BATCH files of {stream} into the target", compare(subjects(place, stream), records, runs))


def subjects(place: Arena, stream: str = STREAMS[0]) -> dict[str, Subject]:
    """The forms in which the records of a stream may come. Rows in Parquet are as tap-iterable writes them."""
    load = LOADS[stream]
    files = {name: partial(_read, place, load, format_, write) for name, (format_, write) in _FORMS.items()}
    return {**files, "RECORD messages": place.target(targets.ours, stream)}


def _read(place: Arena, load: Load, format_: str, write: Write, records: int) -> Cost:
    messages = _input(place, load, format_, write, records)
    command = partial(targets.ours, batch_roots=[str(place.folder)])
    place.server.received()
    folder = place.folder / "run"
    folder.mkdir(exist_ok=True)
    cost = run(command(place.server.url, load, folder), folder, messages)
    check(records, place.server.received())
    return cost


def _input(place: Arena, load: Load, format_: str, write: Write, records: int) -> Path:
    """The messages with the file that they name."""
    path = place.folder / f"{load.stream}-{records}.{format_}.singer"
    if not path.exists():
        lines = _lines(load.blocks(records))
        schema = json.loads(next(lines))
        file = path.with_suffix("")
        write(file, schema["schema"]["properties"], (json.loads(line)["record"] for line in lines))
        encoding = {"format": format_, "compression": None}
        batch = {"type": "BATCH", "stream": load.stream, "encoding": encoding, "manifest": [file.as_uri()]}
        path.write_text(f"{json.dumps(schema)}\n{json.dumps(batch)}\n")
    return path


def _lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    for block in blocks:
        yield from block.splitlines()


def _write_lines(path: Path, _columns: dict[str, Any], rows: Iterator[dict[str, Any]]) -> None:
    with path.open("w") as file:
        file.writelines(json.dumps(row, separators=(",", ":"), ensure_ascii=False) + "\n" for row in rows)


def _write_parquet(path: Path, columns: dict[str, Any], rows: Iterator[dict[str, Any]]) -> None:
    schema = pa.schema([(name, _type(column)) for name, column in columns.items()])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while some := [*islice(rows, _GROUP)]:
            table = [{name: _value(schema.field(name).type, row.get(name)) for name in columns} for row in some]
            writer.write_table(pa.Table.from_pylist(table, schema))


def _type(column: Mapping[str, Any]) -> pa.DataType:
    (kind,) = {*column["type"]} - {"null"}
    return _MOMENT if column.get("format") == "date-time" else _TYPES.get(kind, pa.string())


def _value(kind: pa.DataType, value: Any) -> Any:
    if kind == _MOMENT and value is not None:
        return datetime.fromisoformat(value)
    return json.dumps(value) if isinstance(value, dict | list) else value


_FORMS: Final[Mapping[str, tuple[str, Write]]] = {
    "Parquet": ("parquet", _write_parquet),
    "JSON lines": ("jsonl", _write_lines),
}
"""Name -> format of the messages, and what writes the file."""
