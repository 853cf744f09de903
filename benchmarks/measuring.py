"""Running one command, and what it cost."""

from __future__ import annotations

import fcntl
import os
import re
import select
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

_BLOCK: Final = 1 << 20
_MARKER: Final = b'"RECORD"'
_LOOK: Final = 0.02
_PIPE_BYTES: Final = 1 << 20
_COUNTED: Final = re.compile(rb"I\s+refs:\s+([\d,]+)")


class CommandFailedError(Exception):
    """A command that was to be measured failed."""


@dataclass(frozen=True)
class Cost:
    """What one run took.

    Attributes:
        written: the RECORD messages that it wrote.
        cpu_seconds: of the process and what it waited for, user and system.
        peak_mb: the largest resident size. None where the system does not tell.
        first_record_seconds: from the start of the process to its first RECORD. None if there was none.
        instructions: None unless the command was one of `counted`.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float | None
    written: int
    first_record_seconds: float | None
    instructions: int | None = None


def run(command: Sequence[str], folder: Path, stdin: Path | None = None) -> Cost:
    """Run `command` in `folder` to its end, reading what it writes as fast as it comes.

    Raises:
        CommandFailedError: with the end of its log.
    """
    log = folder / "log"
    began = time.perf_counter()
    with (
        open(stdin or os.devnull, "rb") as source,  # noqa: PTH123 (a path or the null device)
        log.open("wb") as errors,
        subprocess.Popen(
            command, cwd=folder, stdin=source, stdout=subprocess.PIPE, stderr=errors, bufsize=0
        ) as process,
    ):
        watch = _Watch(process, began)
        watch.read_all()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    if process.returncode:
        raise CommandFailedError(f"{command[0]} ended with {process.returncode}: {log.read_text()[-2000:]}")
    cpu_seconds, found = usage.ru_utime + usage.ru_stime, _COUNTED.search(log.read_bytes())
    instructions = int(found[1].replace(b",", b"")) if found else None
    return Cost(seconds, cpu_seconds, watch.peak_mb, watch.written, watch.first_record, instructions)


def counted(command: Sequence[str]) -> list[str]:
    """The command with its instructions counted by valgrind. It takes some 50 times as long."""
    return ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", *command]


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each figure by itself."""
    peaks = [cost.peak_mb for cost in costs if cost.peak_mb is not None]
    firsts = [cost.first_record_seconds for cost in costs if cost.first_record_seconds is not None]
    return Cost(
        median(cost.seconds for cost in costs),
        median(cost.cpu_seconds for cost in costs),
        median(peaks) if peaks else None,
        costs[0].written,
        median(firsts) if firsts else None,
    )


class _Watch:
    """Reads what a process writes, counts its records, and looks at its memory in between."""

    def __init__(self, process: subprocess.Popen[bytes], began: float) -> None:
        assert process.stdout is not None  # noqa: S101 (it is a pipe)
        self._out = process.stdout.fileno()
        self._status = Path(f"/proc/{process.pid}/status")
        self._began = began
        self._looked = 0.0
        self.written = 0
        self.first_record: float | None = None
        self.peak_mb: float | None = None

    def read_all(self) -> None:
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            fcntl.fcntl(self._out, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        tail = b""
        while (block := self._next()) != b"":
            text = tail + block
            self.written += text.count(_MARKER)
            if self.written and self.first_record is None:
                self.first_record = time.perf_counter() - self._began
            tail = text[1 - len(_MARKER) :]

    def _next(self) -> bytes:
        """The next block, and b"" at the end."""
        while True:
            self._look()
            if select.select([self._out], [], [], _LOOK)[0]:
                return os.read(self._out, _BLOCK)

    def _look(self) -> None:
        """What the kernel tells the parent of a child's peak counts the parent, so the child is asked itself."""
        now = time.perf_counter()
        if now - self._looked < _LOOK or not self._status.exists():
            return
        self._looked = now
        for line in self._status.read_text().splitlines():
            if line.startswith("VmHWM"):
                self.peak_mb = int(line.split()[1]) / 1000
