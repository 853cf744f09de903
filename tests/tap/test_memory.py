"""Memory does not grow with the rows of a window."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scripted_server import Answer, ScriptedServer
from tests.tap.reading import TapRun

FEW, MANY = 2_000, 50_000
STATUS = Path("/proc/self/status")
MEASURED = f"""
import atexit, sys
from pathlib import Path
from tap_iterable.tap import TapIterable

def tell():
    (peak,) = (line for line in Path("{STATUS}").read_text().splitlines() if line.startswith("VmHWM"))
    Path("peak").write_text(peak.split()[1])

atexit.register(tell)
TapIterable.cli()
"""
"""The tap, which at its end writes how many kB it ever took. What the kernel tells a parent counts the parent, too."""


def _line(number: int) -> bytes:
    event = {"createdAt": "2026-09-01 00:00:00 +00:00", "email": "ann@example.com", "messageId": f"{number:032x}"}
    return json.dumps({**event, "text": "x" * 300}).encode()


def _peak_kb(server: ScriptedServer, folder: Path, rows: int) -> int:
    """The largest resident size of a tap that reads so many rows in one window."""
    body = b"\n".join(map(_line, range(rows)))
    server.after = lambda _request: Answer(body=body)
    run = TapRun(server.url, "k", folder)
    arguments = run.prepare("email_send", start_date="2026-09-01", end_date="2026-09-02")
    command = [sys.executable, "-c", MEASURED, *arguments]
    with (folder / "out.singer").open("wb") as out:
        subprocess.run(command, cwd=folder, stdout=out, stderr=subprocess.DEVNULL, check=True)
    with (folder / "out.singer").open("rb") as written:
        assert sum(b'"RECORD"' in line for line in written) == rows
    return int((folder / "peak").read_text())


@pytest.mark.skipif(not STATUS.exists(), reason="this system does not tell a process its peak memory")
def test_25_times_the_rows_take_no_more_memory(server: ScriptedServer, tmp_path: Path) -> None:
    few, many = _peak_kb(server, tmp_path, FEW), _peak_kb(server, tmp_path, MANY)
    # The rows alone are 20 MB as text, and several times that as objects.
    assert many - few < 10_000, (few, many)
