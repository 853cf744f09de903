"""Running tap and target as processes, and asking the history that they leave.

    target = TargetCommand(sandbox, tmp_path)
    assert target.run(stream("users", [{"email": "ann@example.com"}])).returncode == 0
    assert asked(target.place, "show", "last")["run"]["totals"]["written"] == 1

`started` runs until it is told to end: the target's input stays open, and the tap's output is not read.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from iterable_runs.queries.answers import Run
from iterable_runs.queries.filters import RunFilter
from iterable_runs.queries.history import History
from tests.runs.conftest import command
from tests.tap.reading import selecting
from tests.target.loading import STATE, Message, Reachable

BIN: Final = Path(sys.executable).parent
PATIENCE: Final = 60
PLACE: Final = "iterable-runs.db"


class PluginCommand:
    """Runs one of the plugins in a folder.

    Attributes:
        place: the history that its runs note themselves in, by default.
        settings: those of all runs.
    """

    plugin: str

    def __init__(self, sandbox: Reachable, folder: Path) -> None:
        self.folder = folder
        self.place = str(folder / PLACE)
        self.settings: dict[str, Any] = {
            "api_key": sandbox.api_key,
            "api_url": sandbox.url,
            "enforce_rate_limits": False,
            "max_tries": 2,
            "longest_wait_seconds": 1,
        }

    def arguments(self, **settings: Any) -> list[str]:
        """Write the settings; the command that reads them."""
        (self.folder / "config.json").write_text(json.dumps(self.settings | settings))
        return [str(BIN / self.plugin), "--config", "config.json"]

    @contextmanager
    def started(self, *arguments: str, stdin: str = "", **settings: Any) -> Iterator[subprocess.Popen[str]]:
        """A run whose input stays open, and whose output nobody reads."""
        pipe = subprocess.PIPE
        with subprocess.Popen(
            [*self.arguments(**settings), *arguments], cwd=self.folder, stdin=pipe, stdout=pipe, stderr=pipe, text=True
        ) as process:
            try:
                assert process.stdin is not None
                process.stdin.write(stdin)
                process.stdin.flush()
                yield process
            finally:
                process.kill()


class TargetCommand(PluginCommand):
    """Runs the target."""

    plugin = "target-iterable"

    def run(self, messages: Iterable[Message], *arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:
        """Run on `messages` and a STATE."""
        return subprocess.run(
            [*self.arguments(**settings), *arguments],
            cwd=self.folder,
            input=lines([*messages, {"type": "STATE", "value": STATE}]),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )


class TapCommand(PluginCommand):
    """Runs the tap."""

    plugin = "tap-iterable"

    def __init__(self, sandbox: Reachable, folder: Path) -> None:
        super().__init__(sandbox, folder)
        self.settings["start_date"] = "2026-08-01"

    def select(self, *streams: str) -> list[str]:
        """Select these streams and no others; the arguments that say so."""
        found = self.run("--discover").stdout
        (self.folder / "catalog.json").write_text(json.dumps(selecting(streams, json.loads(found))))
        return ["--catalog", "catalog.json"]

    def run(self, *arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:
        """Run to the end."""
        return subprocess.run(
            [*self.arguments(**settings), *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )


def lines(messages: Iterable[Message]) -> str:
    """Messages as a target reads them."""
    return "".join(json.dumps(message) + "\n" for message in messages)


def asked(place: str, *question: str) -> Any:
    """What `iterable-runs` answers in JSON."""
    answer = command(place, *question, "--json")
    assert answer.exit_code == 0, answer.output
    return json.loads(answer.stdout)


def runs(place: str) -> Sequence[Run]:
    """All runs, the latest first."""
    history = History(place)
    try:
        return history.runs(RunFilter(), 100).runs
    finally:
        history.close()


def heard_of(place: str, process: subprocess.Popen[str]) -> Run:
    """The run of a process, as soon as it has noted itself."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stderr and process.stderr.read()
        if Path(place).exists() and _has_tables(place) and (found := runs(place)):
            return found[0]
        time.sleep(0.05)
    raise AssertionError("the run has not noted itself")


def silent_for_two_minutes(place: str) -> None:
    """Let the last signs of life be two minutes old."""
    with closing(sqlite3.connect(place)) as database, database:
        database.execute("UPDATE iterable_runs SET seen_at = seen_at - 120000000")


def contents(folder: Path) -> bytes:
    """All that a history holds in its files, in lower case."""
    return b"".join(path.read_bytes().lower() for path in sorted(folder.glob(f"{PLACE}*")))


def _has_tables(place: str) -> bool:
    with closing(sqlite3.connect(place)) as database:
        return bool(database.execute("SELECT 1 FROM sqlite_master WHERE name = 'iterable_run_history'").fetchall())
