"""Workers: runs of the target that may be killed, and are gone on with from the last state that they wrote."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock, Thread
from typing import Any, Final

from benchmarks.scale.material import Work

_COMMAND: Final = (sys.executable, "-c", "from target_iterable.target import TargetIterable; TargetIterable.cli()")
_MOST_FAILURES: Final = 20
_PAUSE_SECONDS: Final = 1


class WorkerFailedError(Exception):
    """A worker failed again and again."""


def share_ledger(folder: Path, settings: Mapping[str, Any]) -> None:
    """Tell the ledger that another project uses it, too, as each does once."""
    config = folder / "config.json"
    config.write_text(json.dumps(dict(settings)))
    command = [*_COMMAND, "--config", str(config), "--share-ledger"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


class Worker(Thread):
    """One worker. Whoever starts it again goes on with its work: nothing but the state is carried over.

    Args:
        work: its input.
        folder: where it runs.
        settings: of the target.
        on_state: is called after each state.

    Attributes:
        done: chunks that have a state.
        kills: how often it was killed.
        failures: ends with an exit code of its own other than 0, each with the end of its log.
        cpu_seconds: of all its processes, as far as they have ended.
        peak_mb: of the largest of them.
    """

    def __init__(self, work: Work, folder: Path, settings: Mapping[str, Any], on_state: Callable[[], None]) -> None:
        super().__init__(name=folder.name)
        folder.mkdir(parents=True)
        self._work, self._folder, self._on_state = work, folder, on_state
        self._config = folder / "config.json"
        self._config.write_text(json.dumps(dict(settings)))
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self.done = self.kills = 0
        self.failures: list[tuple[int, str]] = []
        self.cpu_seconds = self.peak_mb = 0.0

    @property
    def chunks(self) -> int:
        """How many there are."""
        return len(self._work.offsets)

    @property
    def is_done(self) -> bool:
        """Whether all of its work has a state."""
        return self.done == len(self._work.offsets)

    def run(self) -> None:
        """Run the target until all is done."""
        while not self.is_done and len(self.failures) < _MOST_FAILURES:
            code = self._run_once()
            if code not in (0, -signal.SIGKILL):
                self.failures.append((code, (self._folder / "log").read_text()[-1000:]))
                time.sleep(_PAUSE_SECONDS)

    def kill(self) -> bool:
        """Kill its process, if there is one, and return whether it was."""
        with self._lock:
            if self._process is None or self._process.returncode is not None:
                return False
            self._process.send_signal(signal.SIGKILL)
            self.kills += 1
        return True

    def _run_once(self) -> int:
        with (self._folder / "log").open("wb") as log, self._work.path.open("rb", buffering=0) as messages:
            messages.seek(self._work.offsets[self.done])
            process = subprocess.Popen(
                [*_COMMAND, "--config", str(self._config)],
                cwd=self._folder,
                stdin=messages,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        with self._lock:
            self._process = process
        assert process.stdout is not None  # noqa: S101 (for the type)
        with process.stdout as states:
            for line in states:
                self.done = json.loads(line)["done"]
                self._on_state()
        _, status, usage = os.wait4(process.pid, 0)
        with self._lock:
            process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu_seconds += usage.ru_utime + usage.ru_stime
        self.peak_mb = max(self.peak_mb, usage.ru_maxrss / 1000)
        return process.returncode


def check(workers: list[Worker]) -> None:
    """See that all work is done.

    Raises:
        WorkerFailedError: if not, with the last log.
    """
    for worker in workers:
        if not worker.is_done:
            code, log = worker.failures[-1]
            raise WorkerFailedError(f"{worker.name} ended {len(worker.failures)} times, with {code} at last: {log}")
