"""Mirrors of several sizes, each run twice over one ledger, in turns with another build if there is one."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.arena import Arena
from benchmarks.measuring import Cost, run
from benchmarks.mirror.server import serve_mirror
from benchmarks.mirror.sources import CHANGED, SOURCES, VERSIONS, Source
from benchmarks.report import MirrorFigures, Report
from benchmarks.server import Server, serving

_MAIN: Final = "from target_iterable.target import TargetIterable; TargetIterable.cli()"
_SIZES: Final[Mapping[str, Sequence[int]]] = {
    "members of a list": (100_000, 1_000_000, 2_000_000),
    "users": (200_000,),
    "items of a catalog": (200_000,),
}


class NotMirroredError(Exception):
    """A run did not remove what had left, so its speed means nothing."""


@dataclass(frozen=True)
class _Build:
    """A build of target-iterable: its name in the report, and its Python."""

    name: str
    python: str


def measure(place: Arena, options: argparse.Namespace, report: Report) -> None:
    """Measure all sources; `--build` names the folder of another build."""
    builds = [_Build("", sys.executable)]
    if options.build is not None:
        builds.append(_Build(options.build.name, str(options.build / ".venv" / "bin" / "python")))
    rows: dict[str, MirrorFigures] = {}
    with serving(serve_mirror) as server:
        for name, sizes in _SIZES.items():
            for size in options.mirror_sizes or sizes:
                costs = _Bench(server, place.folder, SOURCES[name], size).compare(builds, options.runs)
                rows |= {f"{size:,} {name} {build.name}".rstrip(): _figures(size, costs[build]) for build in builds}
    report.mirrors("Mirrors", rows)


@dataclass(frozen=True)
class _Bench:
    """One source at one size."""

    server: Server
    folder: Path
    source: Source
    size: int

    def compare(self, builds: Sequence[_Build], runs: int) -> dict[_Build, list[Sequence[Cost]]]:
        """Return, for each build, the costs of both versions in each run; the builds take turns."""
        costs: dict[_Build, list[Sequence[Cost]]] = {build: [] for build in builds}
        inputs = [self.folder / f"{self.source.stream}-{self.size}-{version}.singer" for version in VERSIONS]
        for path, version in zip(inputs, VERSIONS, strict=True):
            self.source.write(path, self.size, version)
        for _ in range(runs):
            for build in builds:
                costs[build].append(self._both(build, inputs))
        for path in inputs:
            path.unlink()
        return costs

    def _both(self, build: _Build, inputs: Sequence[Path]) -> Sequence[Cost]:
        with TemporaryDirectory(dir=self.folder) as name:
            folder, summary = Path(name), Path(name) / "summary.json"
            config = {"api_key": "bench", "api_url": self.server.url, "enforce_rate_limits": False}
            config |= {"summary_path": str(summary), **self.source.settings()}
            (folder / "config.json").write_text(json.dumps(config))
            command = [build.python, "-c", _MAIN, "--config", "config.json"]
            costs = [run(command, folder, path) for path in inputs]
            removed = json.loads(summary.read_text())["streams"][self.source.stream].get("removed")
        if removed != (self.size + CHANGED - 1) // CHANGED:
            raise NotMirroredError(f"{removed} of {self.size // CHANGED} were removed")
        return costs


def _figures(size: int, costs: Sequence[Sequence[Cost]]) -> MirrorFigures:
    first, second = ([of_both[number] for of_both in costs] for number in range(2))
    cpu_seconds = [median(cost.cpu_seconds for cost in of_version) for of_version in (first, second)]
    peaks = [cost.peak_mb for cost in (*first, *second) if cost.peak_mb is not None]
    return MirrorFigures(size, cpu_seconds[0], cpu_seconds[1], max(peaks, default=None))
