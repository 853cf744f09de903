"""A process that cannot end by itself ends all the same, soon after one signal."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

from iterable_api.errors import RunEndedError
from iterable_api.waiting.cancellation import Cancellation
from iterable_api.waiting.shutdown import bounded_shutdown

pytestmark = pytest.mark.more

ENDLESS = {
    "a handler that does nothing": "time.sleep(600)",
    # The signal comes while the shutdown is still bounded, and not when the interpreter ends already.
    "a thread that nothing wakes": "threading.Thread(target=time.sleep, args=(600,)).start(); came.wait(); sys.exit(0)",
    "code that lets no handler through": "lock(); lock()",
}
PROGRAM = """
import signal, sqlite3, sys, tempfile, threading, time
from iterable_api.waiting.shutdown import bounded_shutdown
came = threading.Event()
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: came.set())
file, open_ones = tempfile.NamedTemporaryFile(), []
def lock():
    open_ones.append(sqlite3.connect(file.name, timeout=600))
    open_ones[-1].execute("BEGIN EXCLUSIVE")
with bounded_shutdown():
    print("ready", flush=True)
    {}
"""


def start(program: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("kind", ENDLESS)
def test_a_process_that_would_go_on_for_ever_ends_after_one_signal(kind: str, number: signal.Signals) -> None:
    with start(PROGRAM.format(ENDLESS[kind])) as process:
        process.send_signal(number)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert f"{number.name}: what was under way did not end in time" in told


def test_what_waits_is_broken_off_before() -> None:
    program = PROGRAM.format("__import__('iterable_api.waiting.cancellation').waiting.cancellation.PROCESS.sleep(600)")
    with start(program) as process:
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "RunEndedError: The run was asked to end" in told


def test_without_a_signal_nothing_is_left_behind() -> None:
    before = signal.set_wakeup_fd(-1)
    with bounded_shutdown():
        (watch,) = [thread for thread in threading.enumerate() if thread.name == "shutdown"]
    watch.join(60)
    assert not watch.is_alive()
    assert signal.set_wakeup_fd(before) == -1


def test_who_sleeps_and_who_is_watched_learns_of_a_cancellation_at_once() -> None:
    cancellation, shut = Cancellation(), list[object]()
    watched = threading.Event()
    cancellation.watch(watched, shut.append)
    cancellation.sleep(0)
    cancellation.cancel()
    assert shut == [watched]
    with pytest.raises(RunEndedError):
        cancellation.sleep(600)
