"""Batch files side by side: those of the tap, those of the SDK for the same rows, and RECORD messages."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from benchmarks.arena import Arena
from benchmarks.comparing import Figures, Subject, compare
from benchmarks.measuring import Cost
from benchmarks.report import Report
from benchmarks.subjects import sdk_batch_tap, taps
from benchmarks.subjects.taps import Export

Encoding = Mapping[str, str]

FORMATS: Final[Mapping[str, Encoding]] = {
    "Parquet": {"format": "parquet"},
    "JSON lines": {"format": "jsonl", "compression": "gzip"},
}
_FOLDER: Final = "batches"
_SDK: Final = (sys.executable, sdk_batch_tap.__file__)
_FILE_ROWS: Final = 100_000


def measure(place: Arena, rows: int, runs: int, report: Report) -> None:
    """Measure all subjects in turns, and show each of our formats beside the others of its kind."""
    figures = compare(subjects(place), rows, runs)
    for name in FORMATS:
        report.comparison(f"Batch files, {name}", _beside(name, figures))


def subjects(place: Arena) -> dict[str, Subject]:
    """What is compared: a row here, with the format first in its name, is shown beside our own of that format."""
    own = {name: _subject(place, encoding, taps.PROGRAM) for name, encoding in FORMATS.items()}
    sdk = {f"{name}, the SDK's files": _subject(place, encoding, _SDK) for name, encoding in FORMATS.items()}
    return {**own, **sdk, "RECORD messages": place.tap(taps.ours)}


def rows_in(folder: Path) -> int:
    """The rows of all batch files of a run."""
    return sum(map(_rows_of, (folder / _FOLDER).iterdir()))


def _subject(place: Arena, encoding: Encoding, program: tuple[str, ...]) -> Subject:
    return place.tap(partial(_batches, encoding, program), _counted)


def _batches(encoding: Encoding, program: tuple[str, ...], export: Export, folder: Path) -> list[str]:
    storage = {"root": (folder / _FOLDER).as_uri()}
    config = {"encoding": encoding, "storage": storage, "batch_size": _FILE_ROWS}
    own = taps.ours(export, folder, batch_config=config)
    return [*program, *own[len(taps.PROGRAM) :]]


def _counted(cost: Cost, folder: Path) -> Cost:
    return replace(cost, written=rows_in(folder))


def _rows_of(path: Path) -> int:
    with path.open("rb") as file:
        if file.read(4) == b"PAR1":
            return int(pq.read_metadata(path).num_rows)
    with gzip.open(path) as lines:
        return sum(1 for _ in lines)


def _beside(name: str, figures: Mapping[str, Figures]) -> dict[str, Figures]:
    others = [other for other in figures if other.startswith(f"{name},") or other == "RECORD messages"]
    return {one: figures[one] for one in (name, *others)}
