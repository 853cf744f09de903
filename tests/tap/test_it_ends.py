"""The tap ends after one signal, whatever it is waiting for, and breaks off answers that only drip."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.scripted_server import Answer, Request, ScriptedServer, answer_json, dripping, silence
from tests.tap.export_server import START, ExportServer, body, row
from tests.tap.reading import selecting
from tests.tap.test_interrupts import wait_until_it_is_full

pytestmark = pytest.mark.more

PATIENCE = 60
DAY = 86_400
ENDINGS = [signal.SIGINT, signal.SIGTERM]
HEAD = dripping([b"HTTP/1.1 200 OK\r\nX-Padding: ", *[b"x"] * 2000])
BODY = dripping([b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", *[b" "] * 2000])
WAITING: Mapping[str, Answer] = {
    "a head that drips": Answer(fault=HEAD),
    "a body that drips": Answer(fault=BODY),
    "silence": Answer(fault=silence),
    "a wait that the answer asks for": Answer(503, headers={"Retry-After": "300"}),
}

WHEN_THE_SECOND_IS_ASKED_FOR = "2026-09-02T00:00:00.000000+00:00"
"""The bookmark then."""


class Tap:
    """Runs the tap as a process: a window a day for three days, the streams that a test names."""

    def __init__(self, server: ScriptedServer, folder: Path) -> None:
        self.export = ExportServer(server, [row(hour * 3600, hour) for hour in range(72)])
        self.folder = folder
        self.asked = Event()

    def start(self, stream: str = "custom_event", **given: Any) -> subprocess.Popen[str]:
        config = {
            "api_key": "0123456789abcdef0123456789abcdef",
            "api_url": self.export.url,
            "enforce_rate_limits": False,
            "start_date": START.isoformat(),
            "end_date": "2026-09-04",
            "window_days": 1,
            "lookback_minutes": 0,
            **given,
        }
        (self.folder / "config.json").write_text(json.dumps(config))
        command = [sys.executable, "-m", "tap_iterable.tap", "--config", "config.json"]
        (self.folder / "catalog.json").write_text(json.dumps(selecting([stream], self._catalog(command))))
        pipe = subprocess.PIPE
        arguments = [*command, "--catalog", "catalog.json"]
        return subprocess.Popen(arguments, cwd=self.folder, stdout=pipe, stderr=pipe, text=True)

    def wait_in_the_third_window(self, answer: Answer) -> None:
        def broken(start: int, _end: int, _content: bytes) -> Answer | None:
            if start < 2 * DAY:
                return None
            self.asked.set()
            return answer

        self.export.broken = broken

    def _catalog(self, command: list[str]) -> dict[str, Any]:
        found = subprocess.run([*command, "--discover"], cwd=self.folder, capture_output=True, text=True, check=True)
        return dict(json.loads(found.stdout))


def bookmarks(out: str) -> list[str | None]:
    states = [message["value"] for line in out.splitlines() if (message := json.loads(line))["type"] == "STATE"]
    return [state.get("bookmarks", {}).get("custom_event", {}).get("replication_key_value") for state in states]


@pytest.fixture
def tap(server: ScriptedServer, tmp_path: Path) -> Tap:
    return Tap(server, tmp_path)


@pytest.mark.parametrize("number", ENDINGS)
@pytest.mark.parametrize("kind", WAITING)
def test_one_signal_ends_a_run_that_waits_with_the_last_finished_window_in_state(
    tap: Tap, kind: str, number: signal.Signals
) -> None:
    tap.wait_in_the_third_window(WAITING[kind])
    with tap.start() as process:
        assert tap.asked.wait(PATIENCE)
        process.send_signal(number)
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert bookmarks(out)[-1] == "2026-09-03T00:00:00.000000+00:00"


@pytest.mark.parametrize("arguments", [["--discover"], ["--test"], ["--state", "state.json"]], ids=" ".join)
def test_a_signal_before_a_run_has_begun_writes_no_state_and_is_no_success(
    server: ScriptedServer, tmp_path: Path, arguments: list[str]
) -> None:
    asked = Event()

    def silent(_: Request) -> Answer:
        asked.set()
        return WAITING["silence"]

    server.after = silent
    config = {"api_key": "k" * 32, "api_url": server.url, "start_date": "2026-09-01", "typed_user_fields": True}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "state.json").write_text(json.dumps({"bookmarks": {}}))
    command = [sys.executable, "-m", "tap_iterable.tap", "--config", "config.json", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, stdout=pipe, stderr=pipe, text=True) as process:
        assert asked.wait(PATIENCE)
        process.send_signal(signal.SIGTERM)
        out, log = process.communicate(timeout=PATIENCE)
    assert process.returncode in (1, 2)
    assert out == ""
    assert "asked to end" in log
    assert "Traceback" not in log


def test_one_signal_ends_a_run_that_waits_for_a_limit(tap: Tap) -> None:
    """Exports may be asked for four times a minute, and so a month of days takes several minutes."""
    tap.export.broken = lambda start, *_: tap.asked.set() if start == DAY else None
    with tap.start(enforce_rate_limits=True, export_mode="stream", end_date="2026-10-01") as process:
        assert tap.asked.wait(PATIENCE)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert str(bookmarks(out)[-1]) >= WHEN_THE_SECOND_IS_ASKED_FOR
    assert len(tap.export.windows) < 30


@pytest.mark.parametrize("number", [None, *ENDINGS])
def test_a_lock_that_another_process_holds_in_the_store_of_limits_is_not_waited_for_for_ever(
    tap: Tap, number: signal.Signals | None
) -> None:
    store = tap.folder / "limits.db"
    seconds = 1 if number is None else 600
    options: dict[str, Any] = {
        "enforce_rate_limits": True,
        "rate_limit_store": str(store),
        "lock_timeout_seconds": seconds,
    }
    with closing(sqlite3.connect(store, isolation_level=None, check_same_thread=False)) as other:

        def lock(start: int, _end: int, _content: bytes) -> None:
            if start == DAY:
                other.execute("BEGIN EXCLUSIVE")
                tap.asked.set()

        tap.export.broken = lock
        with tap.start(**options, export_mode="stream") as process:
            assert tap.asked.wait(PATIENCE)
            if number is not None:
                process.send_signal(number)
            out, log = process.communicate(timeout=PATIENCE)
    assert process.returncode == (1 if number is None else 0)
    assert ("named by `rate_limit_store` is locked" in log) == (number is None)
    assert "Traceback" not in log
    assert str(bookmarks(out)[-1]) >= WHEN_THE_SECOND_IS_ASKED_FOR


@pytest.mark.parametrize("number", ENDINGS)
def test_a_run_whose_reader_has_stopped_reading_ends_too(tap: Tap, number: signal.Signals) -> None:
    """It ends as if it were killed, in the middle of a line: nothing else can be done with a full pipe."""
    lines = [row(second, second) for second in range(50_000)]
    tap.export.broken = lambda *_: Answer(body=body(lines))
    with tap.start() as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        wait_until_it_is_full(process.stdout.fileno())
        process.send_signal(number)
        assert process.wait(PATIENCE) == 128 + number


def test_an_export_that_drips_is_broken_off_and_read_in_halves(tap: Tap) -> None:
    tap.export.broken = lambda start, end, _: Answer(fault=BODY) if (start, end) == (2 * DAY, 3 * DAY) else None
    with tap.start(stall_timeout_seconds=1) as process:
        out, log = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert "the answer broke off" in log
    assert len([line for line in out.splitlines() if '"RECORD"' in line]) == 72
    assert bookmarks(out)[-1] == "2026-09-04T00:00:00.000000+00:00"


def test_members_of_a_list_that_drip_are_asked_for_again(tap: Tap, server: ScriptedServer) -> None:
    answers = iter([Answer(fault=BODY), Answer(fault=HEAD), Answer(body=b"ann@example.com\nbob@example.com\n")])

    def answer(request: Request) -> Answer:
        if "getUsers" in request.target:
            return next(answers)
        return answer_json(200, {"lists": [{"id": 1, "name": "VIP"}]})

    server.after = answer
    with tap.start("list_users", costly_streams=["list_users"], stall_timeout_seconds=1) as process:
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    records = [message["record"] for line in out.splitlines() if "record" in (message := json.loads(line))]
    assert [record["member"] for record in records] == ["ann@example.com", "bob@example.com"]
