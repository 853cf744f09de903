"""How much memory a whole run of the tap takes at most."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.scripted_server import Answer, ScriptedServer
from tests.tap.reading import TapRun

_STATUS: Final = Path("/proc/self/status")
IS_TOLD: Final = pytest.mark.skipif(not _STATUS.exists(), reason="this system does not tell a process its peak memory")
_MEASURED: Final = f"""
import atexit, sys
from pathlib import Path
from tap_iterable.tap import TapIterable

def tell():
    (peak,) = (line for line in Path("{_STATUS}").read_text().splitlines() if line.startswith("VmHWM"))
    Path("peak").write_text(peak.split()[1])

atexit.register(tell)
TapIterable.cli()
"""
"""The tap, which at its end writes how many kB it ever took. What the kernel tells a parent counts the parent, too."""


def peak_kb(server: ScriptedServer, folder: Path, body: bytes, rows: int) -> int:
    """The largest resident size of a tap that reads an answer with so many rows as one window."""
    server.after = lambda _request: Answer(body=body)
    run = TapRun(server.url, "k", folder)
    arguments = run.prepare("email_send", start_date="2026-09-01", end_date="2026-09-02")
    command = [sys.executable, "-c", _MEASURED, *arguments]
    with (folder / "out.singer").open("wb") as out:
        subprocess.run(command, cwd=folder, stdout=out, stderr=subprocess.DEVNULL, check=True)
    with (folder / "out.singer").open("rb") as written:
        assert sum(b'"RECORD"' in line for line in written) == rows
    return int((folder / "peak").read_text())
