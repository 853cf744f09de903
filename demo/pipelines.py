"""Runs of Meltano, and what each stream of the extractor did in them."""

from __future__ import annotations

import json
import os
import subprocess
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from demo.processes import BIN, started

PROJECT: Final = Path(__file__).parent.parent


@dataclass
class StreamMetrics:
    """Records that an extractor emitted for a stream, and the seconds that it took."""

    records: int = 0
    seconds: float = 0


class PipelineFailedError(Exception):
    """Meltano ended with an error; its log says which."""


class Meltano:
    """Runs the pipelines of the project; what Meltano remembers is kept in `folder`.

    Args:
        settings: environment variables with the settings of the plugins.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.log = folder / "meltano.log"
        self._environment = {
            **os.environ,
            **settings,
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "MELTANO_PROJECT_ROOT": str(PROJECT),
            "MELTANO_SYS_DIR_ROOT": str(folder / "meltano"),
            "MELTANO_CLI_LOG_FORMAT": "json",
            "MELTANO_CLI_DISABLE_VERSION_CHECK": "true",
        }

    def run(self, *blocks: str) -> dict[str, StreamMetrics]:
        """`meltano run BLOCKS`; returns what the extractor did for each stream.

        Raises:
            PipelineFailedError: with the place of the log.
        """
        streams: defaultdict[str, StreamMetrics] = defaultdict(StreamMetrics)
        command = [str(BIN / "meltano"), "run", *blocks]
        with (
            self.log.open("a") as log,
            started(command, env=self._environment, cwd=PROJECT, stderr=subprocess.PIPE) as process,
        ):
            assert process.stderr is not None  # noqa: S101 (for the type checker: we asked for a pipe)
            for line in process.stderr:
                log.write(line)
                _note(line, streams)
            if process.wait() != 0:
                raise PipelineFailedError(f"`meltano run {' '.join(blocks)}` failed; {self.log} says why")
        return streams


def _note(line: str, streams: Mapping[str, StreamMetrics]) -> None:
    """Add what a line of the log says, if it is a Singer metric of a stream."""
    try:
        entry = json.loads(line)
    except ValueError:
        return
    point = entry.get("metric_info") if isinstance(entry, dict) else None
    if not point or entry.get("cmd_type") != "elb" or not entry.get("producer"):
        return
    metrics = streams[point["tags"]["stream"]] if "stream" in point["tags"] else StreamMetrics()
    if point["metric"] == "record_count":
        metrics.records += int(point["value"])
    elif point["metric"] == "sync_duration":
        metrics.seconds += float(point["value"])
