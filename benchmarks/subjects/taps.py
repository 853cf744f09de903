"""The taps that are measured. Each writes all rows of one export as RECORD messages."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.rows import END, START
from benchmarks.subjects import floor_tap, usual_tap
from tap_iterable.tap import TapIterable

PROGRAM: Final = (sys.executable, "-c", "from tap_iterable.tap import TapIterable; TapIterable.cli()")
STREAM: Final = "custom_event"
_EXPORT: Final = "/api/export/data.json"


@dataclass(frozen=True)
class Export:
    """What a tap reads: `url` is that of the API."""

    url: str
    rows: int


Tap = Callable[[Export, Path], list[str]]
"""Prepares a run in a folder; the command for it."""


def ours(export: Export, folder: Path, **settings: Any) -> list[str]:
    """`tap-iterable` with everything on, the limits excepted: they would measure Iterable."""
    config = {
        "api_key": "bench",
        "api_url": export.url,
        "enforce_rate_limits": False,
        "start_date": START.isoformat(),
        "end_date": END.isoformat(),
        **settings,
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "catalog.json").write_text(json.dumps(catalog(config, {STREAM})))
    return [*PROGRAM, "--config", "config.json", "--catalog", "catalog.json"]


def usual(export: Export, folder: Path) -> list[str]:
    """The SDK's way."""
    (folder / "config.json").write_text(json.dumps({"url": export.url + _EXPORT}))
    return [sys.executable, usual_tap.__file__, "--config", "config.json"]


def floor(export: Export, _folder: Path) -> list[str]:
    """The least there is to do."""
    return [sys.executable, floor_tap.__file__, export.url + _EXPORT]


TAPS: Final[dict[str, Tap]] = {"tap-iterable": ours, "SDK stream, the usual way": usual, "floor": floor}


def catalog(config: dict[str, Any], streams: Collection[str]) -> dict[str, Any]:
    """The catalog of `tap-iterable` in which these streams are selected, and no others."""
    tap = TapIterable(config=config, setup_mapper=False)
    found = tap.catalog_dict
    tap.client.close()
    for entry in found["streams"]:
        for metadata in entry["metadata"]:
            if not metadata["breadcrumb"]:
                metadata["metadata"]["selected"] = entry["tap_stream_id"] in streams
    return found
