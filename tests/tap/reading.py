"""Running the tap as a process, and parsing its output.

The fixture `read` (`tests/tap/conftest.py`) is a `TapRun` against the seeded project. Called with names of streams and
settings, it returns an `Output` with records by stream, states, log and exit code:

    output = read("lists", "users", start_date="2026-10-01")
    assert output.code == 0
    assert len(output.records["lists"]) == 8
    again = read("users", state=output.state)
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tap_iterable.streams.registry import COSTLY
from tap_iterable.tap import TapIterable


@dataclass
class Output:
    """What one run of the tap wrote."""

    code: int
    log: str
    messages: list[dict[str, Any]]

    @cached_property
    def records(self) -> dict[str, list[dict[str, Any]]]:
        """Records by stream; streams without any are empty."""
        records: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for message in self.messages:
            if message["type"] == "RECORD":
                records[message["stream"]].append(message["record"])
        return records

    @property
    def states(self) -> list[dict[str, Any]]:
        """All states, in the order in which they were written."""
        return [message["value"] for message in self.messages if message["type"] == "STATE"]

    @property
    def state(self) -> dict[str, Any]:
        """The last state."""
        return self.states[-1]

    def bookmark(self, stream: str) -> str:
        """Where a stream goes on next time."""
        return str(self.state["bookmarks"][stream]["replication_key_value"])


class TapRun:
    """Runs the tap against the API at `url`, in a folder of its own."""

    def __init__(self, url: str, api_key: str, folder: Path) -> None:
        self.folder = folder
        self.settings: dict[str, Any] = {
            "api_key": api_key,
            "api_url": url,
            "enforce_rate_limits": False,
            "start_date": "2026-08-01",
            "malformed_directory": str(folder / "malformed"),
        }

    def __call__(self, *streams: str, state: Mapping[str, Any] | None = None, **settings: Any) -> Output:
        """Read the named streams, also costly ones; or all of them that are no costly ones."""
        arguments = self.prepare(*streams, **settings)
        if state:
            self._write("state.json", state)
            arguments += ["--state", "state.json"]
        return self.output(*arguments)

    def output(self, *arguments: str) -> Output:
        """What a run with these arguments wrote."""
        return _parsed(self._run(*arguments))

    def prepare(self, *streams: str, **settings: Any) -> list[str]:
        """Write what a run needs into the folder; the arguments that name it."""
        config = {"costly_streams": sorted(COSTLY.intersection(streams)), **self.settings, **settings}
        self._write("config.json", config)
        if not streams:
            return ["--config", "config.json"]
        self._write("catalog.json", selecting(streams, _catalog(config)))
        return ["--config", "config.json", "--catalog", "catalog.json"]

    def catalog(self, **settings: Any) -> dict[str, Any]:
        """What discovery says."""
        self._write("config.json", {**self.settings, **settings})
        return dict(json.loads(self._run("--config", "config.json", "--discover").stdout))

    def test(self) -> subprocess.CompletedProcess[str]:
        """What `--test` says."""
        self._write("config.json", self.settings)
        return self._run("--config", "config.json", "--test")

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tap_iterable.tap", *arguments]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=120, check=False)

    def _write(self, name: str, content: Any) -> None:
        (self.folder / name).write_text(json.dumps(content))


def _catalog(config: dict[str, Any]) -> dict[str, Any]:
    """The catalog that `--discover` gives, without a process of its own."""
    tap = TapIterable(config=config, setup_mapper=False)
    catalog = tap.catalog_dict
    tap.client.close()
    return catalog


def selecting(streams: Collection[str], catalog: dict[str, Any]) -> dict[str, Any]:
    """The catalog with these streams selected and no others."""
    for entry in catalog["streams"]:
        for metadata in entry["metadata"]:
            if not metadata["breadcrumb"]:
                metadata["metadata"]["selected"] = entry["tap_stream_id"] in streams
    return catalog


def _parsed(run: subprocess.CompletedProcess[str]) -> Output:
    return Output(run.returncode, run.stderr, [json.loads(line) for line in run.stdout.splitlines()])
