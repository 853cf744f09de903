"""A run that is ended at any moment goes on where it was."""

from __future__ import annotations

import fcntl
import json
import random
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import StoppedClock
from tests.scripted_server import Answer, ScriptedServer, silence
from tests.tap.export_server import START, ExportServer, chunked, row

DAYS = 6
EVENTS = [{"email": "ann@example.com", "eventName": f"e{number}", "id": str(number)} for number in range(300)]
ROWS = [row(3600 * hour, hour) for hour in range(24 * DAYS)]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer().running() as server:
        yield server


def _start(url: str, folder: Path, state: dict[str, Any] | None, **settings: Any) -> subprocess.Popen[str]:
    config = {
        "api_key": "0123456789abcdef0123456789abcdef",
        "api_url": url,
        "enforce_rate_limits": False,
        "start_date": START.isoformat(),
        "end_date": f"2026-09-{1 + DAYS:02}",
        "window_days": 1,
        "lookback_minutes": 0,
        **settings,
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "catalog.json").write_text(json.dumps(_catalog(folder)))
    (folder / "state.json").write_text(json.dumps(state or {}))
    command = [sys.executable, "-m", "tap_iterable.tap", "--config", "config.json"]
    command += ["--catalog", "catalog.json", "--state", "state.json"]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def _catalog(folder: Path) -> Any:
    path = folder / "catalog.json"
    if path.exists():
        return json.loads(path.read_text())
    command = [sys.executable, "-m", "tap_iterable.tap", "--config", "config.json", "--discover"]
    catalog = json.loads(subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout)
    catalog["streams"] = [stream for stream in catalog["streams"] if stream["tap_stream_id"] == "custom_event"]
    return catalog


def _messages(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    """What a target gets: whole lines. What a killed process had not finished is none."""
    assert process.stdout is not None
    with process.stdout as output:
        for line in output:
            if line.endswith("\n"):
                yield json.loads(line)


def _bookmark(message: dict[str, Any]) -> str | None:
    if message["type"] != "STATE":
        return None
    value = message["value"].get("bookmarks", {}).get("custom_event", {}).get("replication_key_value")
    return str(value) if value else None


def _killed_after(process: subprocess.Popen[str], count: int) -> tuple[list[str], dict[str, Any] | None]:
    """The names of the events and the last state that came before `count` messages were there."""
    seen: list[str] = []
    state: dict[str, Any] | None = None
    for number, message in enumerate(_messages(process)):
        seen += [message["record"]["eventName"]] if message["type"] == "RECORD" else []
        state = message["value"] if message["type"] == "STATE" else state
        if number == count:
            process.kill()
            break
    process.wait(60)
    return seen, state


def test_sigterm_ends_the_run_within_seconds_with_the_last_finished_window_in_state(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """The third window never comes."""
    export = ExportServer(server, ROWS)
    asked = threading.Event()

    def broken(start: int, _end: int, _content: bytes) -> Answer | None:
        if start < 2 * 86_400:
            return None
        asked.set()
        return Answer(fault=silence)

    export.broken = broken
    process = _start(export.url, tmp_path, None)
    assert asked.wait(60)
    process.send_signal(signal.SIGTERM)
    messages = list(_messages(process))
    process.wait(10)
    assert [_bookmark(message) for message in messages][-1] == "2026-09-03T00:00:00.000000+00:00"
    assert sum(message["type"] == "RECORD" for message in messages) == 48


@pytest.mark.parametrize("seed", range(3))
def test_kill_9_at_a_random_point_and_a_rerun_give_the_same_rows(
    server: ScriptedServer, tmp_path: Path, seed: int
) -> None:
    """Rows come twice only if the window that was open held them."""
    export = ExportServer(server, ROWS)
    rng = random.Random(seed)  # noqa: S311 (a place to stop at, not a secret)
    seen: list[str] = []
    state: dict[str, Any] | None = None
    for _ in range(2):
        rows, later = _killed_after(_start(export.url, tmp_path, state), rng.randrange(1, 60))
        seen, state = seen + rows, later or state
    process = _start(export.url, tmp_path, state)
    seen += [message["record"]["eventName"] for message in _messages(process) if message["type"] == "RECORD"]
    assert process.wait(60) == 0
    assert set(seen) == {row["eventName"] for row in ROWS}
    assert len(seen) <= len(ROWS) + 2 * 24


def test_kill_9_in_the_middle_of_the_files_of_a_job_and_a_rerun_take_the_same_job(tmp_path: Path) -> None:
    clock = StoppedClock(START)
    with Sandbox(clock=clock, export_polls=0, export_file_bytes=2000) as sandbox:
        events = [
            {**event, "createdAt": int((START + timedelta(minutes=n)).timestamp())} for n, event in enumerate(EVENTS)
        ]
        headers = {"Api-Key": sandbox.api_key}
        body = {"events": events}
        requests.post(f"{sandbox.url}/api/events/trackBulk", json=body, headers=headers, timeout=30).raise_for_status()
        settings = {"api_key": sandbox.api_key, "export_mode": "jobs"}
        first, state = _killed_after(_start(sandbox.url, tmp_path, None, **settings), 150)
        again = _start(sandbox.url, tmp_path, state, **settings)
        second = [message["record"]["eventName"] for message in _messages(again) if message["type"] == "RECORD"]
        assert again.wait(60) == 0
        assert len(sandbox.project.export_jobs) == 1
    assert {*first, *second} == {event["eventName"] for event in EVENTS}
    assert len(second) < len(EVENTS)


@pytest.mark.parametrize("signal_", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_run_that_is_ended_while_it_writes_ends_with_whole_lines(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signal_: signal.Signals, unbuffered: str
) -> None:
    """Nobody reads, so it waits in the middle of a block until the signal has come."""
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    export = ExportServer(server, [])
    lines = [json.dumps(row(second, second)).encode() for second in range(2000)]
    export.broken = lambda *_: Answer(fault=chunked(b"\n".join(lines)))
    process = _start(export.url, tmp_path, None)
    assert process.stdout is not None
    first = process.stdout.readline()
    wait_until_it_is_full(process.stdout.fileno())
    process.send_signal(signal_)
    rest = process.stdout.read()
    process.stdout.close()
    assert process.wait(60) == 0
    messages = list(map(json.loads, (first + rest).splitlines()))
    records = sum(message["type"] == "RECORD" for message in messages)
    assert 0 < records < len(lines)
    assert messages[-1]["type"] == "STATE"
    assert _bookmark(messages[-1]) is None


MUCH = 30_000
"""Bytes. Pipes hold about twice as many, and less may stand there while the first window comes."""


def wait_until_it_is_full(pipe: int) -> None:
    held = -1
    while held != (held := _bytes_in(pipe)) or held < MUCH:
        time.sleep(0.2)


def _bytes_in(pipe: int) -> int:
    return int(struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0])
