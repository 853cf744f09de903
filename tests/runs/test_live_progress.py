"""Progress of runs on a terminal, and elsewhere."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from singer_sdk.logging import StructuredFormatter

from iterable_runs.progress.display import rendered
from iterable_runs.progress.observer import ProgressObserver
from iterable_runs.progress.tracking import ProgressTracker, RunProgress
from iterable_runs.store.facts import StreamFacts
from iterable_runs.store.totals import Totals
from iterable_runs.store.writer import News
from tests.runs.endings import START, news, stream, tap_run, target_run
from tests.runs.terminals import Terminal

ROOT = Path(__file__).parent.parent.parent
SECOND = 1_000_000
NOTHING = ("MELTANO_EXTRACTOR_NAME", "MELTANO_LOADER_NAME", "NO_COLOR", "TERM")


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """A terminal."""
    with Terminal() as opened:
        yield opened


class Shown:
    """A process that shows the progress of a run."""

    def __init__(self, terminal: Terminal, plugin: str = "tap-iterable", **environment: str) -> None:
        clean: Mapping[str, str] = {**dict.fromkeys(NOTHING, ""), "TERM": "xterm", "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "tests.runs.progressing", plugin]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = terminal.start(command, {**clean, **environment}, **pipes)

    def __call__(self, *steps: str) -> None:
        for step in steps:
            self.process.stdin.write(f"{step}\n")
            self.process.stdin.flush()
            assert self.process.stdout.readline() == "done\n"


def test_a_terminal_shows_streams_with_rows_rate_and_time_left(terminal: Terminal) -> None:
    shown = Shown(terminal)
    shown("snapshot 5 users=1000/0.25 lists=0", "snapshot 10 users=3000/0.5 email_send=20 lists=0")
    lines = terminal.wait_for(lambda lines: "3,020 read" in " ".join(lines))
    headline, heading, users, email_send, rest = lines[-5:]
    assert headline.startswith("tap-iterable  ")
    assert "304 a second" in headline
    assert rest == "1 waiting"
    assert heading.split() == ["Stream", "Read", "A", "second", "Limit", "Left"]
    assert users.split()[:3] == ["users", "3,000", "300"]
    assert users.split()[-2:] == ["10", "s"]
    assert email_send.split()[:2] == ["email_send", "20"]


def test_lines_of_the_log_stand_above_and_none_is_lost_or_mangled(terminal: Terminal) -> None:
    shown = Shown(terminal)
    for number in range(50):
        shown(f"snapshot {number} users={number}", f"log line {number}", f"error straight {number}")
    shown("snapshot 60 users=777")
    lines = terminal.wait_for(lambda lines: "777 read" in " ".join(lines))
    expected = [text for number in range(50) for text in (f"INFO line {number}", f"straight {number}")]
    assert lines[:100] == expected
    assert [line.split()[0] for line in lines[100:] if line] == ["tap-iterable", "Stream", "users"]


def test_at_the_end_only_the_log_is_left(terminal: Terminal) -> None:
    shown = Shown(terminal)
    shown("log before", "snapshot 5 users=1000", "log between", "end", "log after", "error last")
    terminal.wait_for(lambda lines: lines[-1:] == ["last"])
    assert terminal.lines == ["INFO before", "INFO between", "INFO after", "last"]


def test_of_tap_and_target_on_one_terminal_one_draws_and_the_other_writes_lines(terminal: Terminal) -> None:
    first, second = Shown(terminal), Shown(terminal, "target-iterable")
    first("snapshot 1 users=10")
    second("snapshot 1 users=5", "log of the second", "snapshot 31 users=500")
    first("snapshot 32 users=600")
    terminal.wait_for(lambda lines: "600 read" in " ".join(lines))
    lines = terminal.lines
    assert lines[:2] == ["INFO of the second", "INFO users: read 500, 16 a second."]
    assert [line.split()[0] for line in lines[2:] if line] == ["tap-iterable", "Stream", "users"]
    first("end")
    second("snapshot 34 users=700")
    lines = terminal.wait_for(lambda lines: "700 read" in " ".join(lines))
    assert [line.split()[0] for line in lines[2:] if line] == ["target-iterable", "Stream", "users"]


def test_when_the_one_that_draws_is_killed_the_other_takes_over(terminal: Terminal) -> None:
    first, second = Shown(terminal), Shown(terminal, "target-iterable")
    first("snapshot 1 users=10")
    second("snapshot 1 users=5")
    first.process.kill()
    first.process.wait()
    second("snapshot 4 users=800")
    lines = terminal.wait_for(lambda lines: "800 read" in " ".join(lines))
    assert [line.split()[0] for line in lines if line] == ["target-iterable", "Stream", "users"]


@pytest.mark.parametrize(
    "environment",
    [
        {"TERM": "dumb"},
        {"TERM": ""},
        {"MELTANO_EXTRACTOR_NAME": "tap-iterable"},
        {"MELTANO_LOADER_NAME": "target-postgres"},
    ],
)
def test_a_terminal_that_cannot_draw_and_meltano_get_lines(terminal: Terminal, environment: dict[str, str]) -> None:
    shown = Shown(terminal, **environment)
    shown("snapshot 1 users=100", "snapshot 31 users=400/0.5", "snapshot 34 users=500", "log last")
    lines = terminal.wait_for(lambda lines: lines[-1:] == ["INFO last"])
    assert lines == ["INFO users: read 400, 10 a second, about 31 s left.", "INFO last"]
    assert b"\x1b" not in terminal.written


def test_no_color_is_heeded(terminal: Terminal) -> None:
    progress = RunProgress(5.0, ProgressTracker(target_run()).update(news(stream(read=9, rejected=1))).begun)
    Shown(terminal, NO_COLOR="1")("snapshot 5 users=1000")
    terminal.wait_for(lambda lines: "1,000 read" in " ".join(lines))
    assert "\x1b[31m" in drawn(progress)
    assert "\x1b[31m" not in drawn(progress, NO_COLOR="1")


def drawn(progress: RunProgress, **environment: str) -> str:
    with pytest.MonkeyPatch.context() as patched:
        for name, value in ({"TERM": "xterm", "NO_COLOR": ""} | environment).items():
            patched.setenv(name, value) if value else patched.delenv(name, raising=False)
        return rendered("target-iterable", progress, 100, 24)


@pytest.mark.parametrize(("width", "height"), [(20, 4), (40, 6), (80, 24), (200, 60), (1, 1)])
def test_the_display_fits_any_terminal(width: int, height: int) -> None:
    names = [f"stream_{number}" * 5 for number in range(100)]
    progress = ProgressTracker(tap_run()).update(News(START + SECOND, [stream(name, read=10**9) for name in names]))
    lines = rendered("tap-iterable", progress, width, height).rstrip("\n").split("\n")
    assert len(lines) < max(height, 3)
    plain = [line for line in "\n".join(lines).split("\n") if "\x1b" not in line]
    assert all(len(line) < max(width, 21) for line in plain)


def test_names_of_streams_cannot_steer_the_terminal() -> None:
    progress = ProgressTracker(tap_run()).update(News(START + SECOND, [stream("a\x1b[2J[red]b\n", read=1)]))
    text = rendered("tap-iterable", progress, 100, 24)
    assert "\x1b[2J" not in text
    assert "a\\x1b[2J[red]b\\n" in text


def test_in_the_background_of_its_terminal_nothing_is_drawn(terminal: Terminal) -> None:
    command = f"""
import os, subprocess, sys
steps = "snapshot 1 users=5\\nlog one\\nsnapshot 31 users=500\\nlog two\\nend\\n"
command = [sys.executable, "-m", "tests.runs.progressing", "tap-iterable"]
ran = subprocess.run(command, input=steps, text=True, stdout=subprocess.DEVNULL, process_group=0, cwd={str(ROOT)!r})
print("ended", ran.returncode, file=sys.stderr)
"""
    terminal.start([sys.executable, "-c", command], dict.fromkeys(NOTHING, "") | {"TERM": "xterm"})
    lines = terminal.wait_for(lambda lines: lines[-1:] == ["ended 0"])
    assert lines == ["INFO one", "INFO users: read 500, 16 a second.", "INFO two", "ended 0"]
    assert b"\x1b" not in terminal.written


def test_elsewhere_nothing_of_the_display_is_loaded() -> None:
    steps = "snapshot 31 users=500\nend\n"
    start = "import sys; from tests.runs import progressing; sys.argv = ['', 'tap-iterable']"
    code = f"{start}; progressing.main(); print(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code], input=steps, capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert "iterable_runs.progress.lines" in ran.stdout
    assert "rich" not in ran.stdout.split()
    assert ran.stderr == "INFO users: read 500, 16 a second.\n"


def snapshot(seconds: float, *streams: StreamFacts) -> News:
    return News(START + int(seconds * SECOND), streams)


def test_a_rate_is_that_of_the_last_seconds() -> None:
    tracker = ProgressTracker(tap_run())
    for second in range(0, 61, 3):
        progress = tracker.update(snapshot(second, stream(read=100 * second)))
    assert progress.rate == 100
    for second in range(63, 91, 3):
        progress = tracker.update(snapshot(second, stream(read=6_000)))
    assert progress.rate == 0
    assert progress.active == []
    assert len(progress.begun) == 1


def test_the_time_left_follows_from_the_share_that_is_done() -> None:
    tracker = ProgressTracker(tap_run())
    tracker.update(snapshot(100, stream("first", read=1)))
    facts = StreamFacts("second", Totals(read=50, requests=5), share_done=0.2)
    progress = tracker.update(snapshot(110, stream("first", read=1), facts))
    assert [it.seconds_left for it in progress.begun] == [None, 40]


def test_the_time_left_runs_down_until_the_share_says_something_else() -> None:
    tracker = ProgressTracker(tap_run())
    found = []
    for second, share in [(0, None), (60, 0.5), (90, 0.5), (150, 0.5), (160, 0.8)]:
        facts = StreamFacts("events", Totals(read=50, requests=5), share_done=share)
        found += [it.seconds_left for it in tracker.update(snapshot(second, facts)).begun]
    assert found == [None, 60, 30, 0, pytest.approx(40)]


def test_streams_that_have_not_begun_are_counted_as_waiting() -> None:
    progress = ProgressTracker(tap_run()).update(snapshot(1, stream("a"), stream("b", requests=1), stream("c")))
    assert ([it.name for it in progress.begun], progress.waiting) == (["b"], 2)


def test_lines_come_every_thirty_seconds_for_streams_that_move(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    observer = ProgressObserver()
    observer.on_start(target_run())
    for second in range(0, 100, 3):
        observer.on_snapshot(snapshot(second, stream(read=second, written=second), stream("done", read=7)))
    observer.on_end(news())
    assert caplog.messages == [
        "users: read 30, written 30, 1 a second.",
        "users: read 60, written 60, 1 a second.",
        "users: read 90, written 90, 1 a second.",
    ]


def test_a_line_has_its_numbers_for_logs_in_json(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    observer = ProgressObserver()
    observer.on_start(target_run())
    observer.on_snapshot(snapshot(40, stream(read=400, written=390, rejected=10, requests=4, limit_share=0.5)))
    (record,) = caplog.records
    assert record.getMessage() == "users: read 400, written 390, rejected 10, 10 a second, 50 % of the limit."
    written: dict[str, Any] = json.loads(StructuredFormatter().format(record))
    assert written["stream_name"] == "users"
    numbers = written["extra"]["progress"]
    assert (numbers["read"], numbers["rejected"], numbers["records_per_second"]) == (400, 10, 10.0)
