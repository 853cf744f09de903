"""A run of the tap over export data types, under the limits, with one window for each."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Final

from benchmarks.measuring import run
from benchmarks.rows import END, START
from benchmarks.subjects import taps
from iterable_api.facts.data_types import DATA_TYPES

STREAMS: Final = tuple(data_type.stream for data_type in DATA_TYPES)
ROWS: Final = 10


def export(url: str, streams: Collection[str], folder: Path) -> int:
    """Read a few rows of each stream; how many records were written."""
    config = {
        "api_key": "bench",
        "api_url": f"{url}/rows/{ROWS}",
        "start_date": START.isoformat(),
        "end_date": END.isoformat(),
        "window_days": (END - START).days,
        "export_mode": "stream",
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "catalog.json").write_text(json.dumps(taps.catalog(config, streams)))
    command = [*taps.PROGRAM, "--config", "config.json", "--catalog", "catalog.json"]
    return run(command, folder).written
