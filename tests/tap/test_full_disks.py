"""A disk that takes no more: the error names the stream, and the setting by which another disk is taken."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scripted_server import Answer, ScriptedServer
from tests.tap.reading import TapRun

TAP = "from tap_iterable.tap import TapIterable; TapIterable.cli()"
LINE = {"createdAt": "2026-09-01 00:00:00 +00:00", "email": "ann@example.com", "messageId": "m", "text": "x" * 1000}


@pytest.mark.parametrize("rows", [20, 2000])
def test_a_full_disk_is_told_with_the_stream_and_the_setting(server: ScriptedServer, tmp_path: Path, rows: int) -> None:
    """A limit of the size of files stands for a disk without space; the smaller answer fails when it is flushed."""
    server.after = lambda _request: Answer(body=b"\n".join([json.dumps(LINE).encode()] * rows))
    spool = tmp_path / "spool"
    spool.mkdir()
    run = TapRun(server.url, "k", tmp_path)
    arguments = run.prepare(
        "email_send", start_date="2026-09-01", end_date="2026-09-02", spool_directory=str(spool), run_history=""
    )
    ended = subprocess.run(
        [sys.executable, "-c", TAP, *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192)),
    )
    assert ended.returncode == 1
    error = ended.stderr.splitlines()[-1]
    assert f"Stream 'email_send': an answer cannot be kept in '{spool}': File too large." in error
    assert "name another directory by `spool_directory`" in error
    assert "Traceback" not in ended.stderr
    assert '"RECORD"' not in ended.stdout
    assert list(spool.iterdir()) == []
