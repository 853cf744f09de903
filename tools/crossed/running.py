"""Running a plugin over a file of messages, and what that cost."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

TIMEOUT_SECONDS: Final = 400
_NOISE: Final = re.compile(r"^[\d\-:., |]+(?=\S)|(?:file://)?/[\w.+/-]+/")
"""The time before a message, and the folders of files."""


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Attributes:
        status: exit status, negative for a signal; a run that took too long is ended by SIGKILL.
        output: what it wrote to standard output.
        log: what it wrote to standard error.
        cpu_seconds: of the process and what it waited for, user and system.
    """

    status: int
    output: str
    log: str
    cpu_seconds: float

    @property
    def reason(self) -> str:
        """The last line of the log that names an error; empty if the run succeeded."""
        lines = [line.strip() for line in self.log.splitlines() if line.strip()]
        errors = [line for line in lines if "Error" in line or "Exception" in line]
        return _NOISE.sub("", (errors or lines or ["no word"])[-1])[:200] if self.status else ""


def run(
    command: Sequence[str], folder: Path, source: Path | None = None, environment: Mapping[str, str] | None = None
) -> Ended:
    """Run a command in a folder, with a file as its input."""
    folder.mkdir(parents=True, exist_ok=True)
    output, log = folder / "output", folder / "log"
    with (
        (source or Path(os.devnull)).open("rb") as stdin,
        output.open("wb") as stdout,
        log.open("wb") as stderr,
        subprocess.Popen(  # noqa: S603 (commands of our own tables)
            command,
            cwd=folder,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        ) as process,
    ):
        signal.signal(signal.SIGALRM, lambda *_: _end(process.pid))
        signal.alarm(TIMEOUT_SECONDS)
        _, status, usage = os.wait4(process.pid, 0)
        signal.alarm(0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = usage.ru_utime + usage.ru_stime
    return Ended(process.returncode, output.read_text(), log.read_text(errors="replace"), seconds)


def _end(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def written(folder: Path, name: str, value: Any) -> str:
    """The path of a new JSON file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(json.dumps(value))
    return str(path)
