"""Two processes joined by a pipe: how they end, what is kept, and what is not said."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from singer_sdk.plugin_base import PluginBase

from singer_iterable.running import processes
from singer_iterable.running.processes import STOPPING, PipeEnded, Program, piped
from singer_iterable.running.redaction import Redactor
from tap_iterable.tap import TapIterable

WRITES = (
    "import sys; [print(f'row {n}', flush=True) for n in range(3)]; print('read with', sys.argv[1], file=sys.stderr)"
)
WAITS = "import time; print('row', flush=True); time.sleep(3600)"
LOADS = """
import json, sys
for number, line in enumerate(sys.stdin):
    print(json.dumps({"bookmarks": {"rows": number}}), flush=True)
"""
FAILS = "import sys; sys.stdin.readline(); sys.exit('the table is locked')"
STOPS = "import sys; sys.stdin.readline()"


def ran(extractor: str, loader: str, folder: Path) -> tuple[PipeEnded, list[Mapping[str, Any]], list[str]]:
    states: list[Mapping[str, Any]] = []
    lines: list[str] = []
    ended = piped(
        Program([sys.executable, "-c", extractor, "s3cret"]),
        Program([sys.executable, "-c", loader]),
        folder,
        on_state=states.append,
        redact=Redactor(["s3cret"]),
        tell=lines.append,
    )
    return ended, states, lines


def test_all_goes_to_the_loader_and_its_states_come_back(tmp_path: Path) -> None:
    ended, states, lines = ran(WRITES, LOADS, tmp_path)
    assert ended.failed is None
    assert states[-1] == json.loads('{"bookmarks": {"rows": 2}}')
    assert lines == ["read with ***"]


def test_a_loader_that_fails_ends_the_extractor_though_it_waits_for_something(tmp_path: Path) -> None:
    ended, states, _ = ran(WAITS, FAILS, tmp_path)
    assert ended.failed is ended.loader
    assert ended.loader.log == ["the table is locked"]
    assert states == []


def test_a_loader_that_ends_before_its_input_has_failed_whatever_it_says(tmp_path: Path) -> None:
    ended, _, _ = ran(WAITS, STOPS, tmp_path)
    assert ended.failed is ended.loader


def test_an_extractor_that_fails_is_the_one_to_look_at(tmp_path: Path) -> None:
    ended, states, _ = ran(f"{WRITES}; sys.exit(3)", LOADS, tmp_path)
    assert ended.failed is ended.extractor
    assert ended.extractor.code == 3
    assert len(states) == 3


def test_an_extractor_that_is_killed_in_the_middle_of_a_line_is_the_one_to_look_at(tmp_path: Path) -> None:
    dies = "import os, sys; sys.stdout.write('{\"half'); sys.stdout.flush(); os.kill(os.getpid(), 9)"
    reads = "import json, sys; [json.loads(line) for line in sys.stdin]"
    ended, _, _ = ran(dies, reads, tmp_path)
    assert ended.loader.code == 1
    assert ended.failed is ended.extractor
    assert ended.extractor.code == -9


def test_an_extractor_that_writes_to_a_loader_that_has_failed_is_not_blamed(tmp_path: Path) -> None:
    writes_on = (
        "import signal, sys; signal.signal(signal.SIGPIPE, signal.SIG_DFL); "
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "while True: print('row', flush=True)"
    )
    ended, _, _ = ran(writes_on, FAILS, tmp_path)
    assert ended.extractor.code < 0
    assert ended.failed is ended.loader


def test_what_a_wrapper_has_started_is_killed_if_it_does_not_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "SECONDS_TO_END", 0.5)
    deaf = "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    child = (
        f"{deaf} print(os.getpid(), file=open('child', 'w'), flush=True); print('row', flush=True); time.sleep(3600)"
    )
    wraps = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    ended, _, _ = ran(wraps, FAILS, tmp_path)
    assert ended.failed is ended.loader
    with suppress(psutil.NoSuchProcess):
        orphan = psutil.Process(int((tmp_path / "child").read_text()))
        psutil.wait_procs([orphan], timeout=10)
        assert orphan.status() == psutil.STATUS_ZOMBIE


def test_the_sdk_says_that_it_stops_in_the_words_that_are_looked_for(caplog: pytest.LogCaptureFixture) -> None:
    tap = TapIterable(config={"api_key": "0" * 32, "start_date": "2026-01-01"})
    with caplog.at_level("INFO"), pytest.raises(SystemExit) as raised:
        PluginBase._handle_termination(tap, 15, None)  # noqa: SLF001 (what a signal calls)
    assert raised.value.code == 0
    assert STOPPING in caplog.text


def test_both_are_ended_when_the_one_who_waits_for_them_is_interrupted(tmp_path: Path) -> None:
    def interrupt(_state: Mapping[str, Any]) -> None:
        raise KeyboardInterrupt

    pids: list[str] = []
    says = "import os, sys; print(os.getpid(), file=sys.stderr, flush=True);"
    tap, target = (Program([sys.executable, "-c", f"{says} {script}"]) for script in (WAITS, f"exec({LOADS!r})"))
    with pytest.raises(KeyboardInterrupt):
        piped(tap, target, tmp_path, on_state=interrupt, redact=Redactor([]), tell=pids.append)
    assert len(pids) == 2
    assert not any(psutil.pid_exists(int(pid)) for pid in pids)


def test_secrets_are_taken_out_in_every_spelling() -> None:
    redact = Redactor(["postgresql://me:p%40ss-word@db/x", "0123456789abcdef", ""])
    told = "to postgresql://me:p%40ss-word@db/x, with p@ss-word or p%40ss-word, key 0123456789abcdef"
    assert redact(told) == "to ***, with *** or ***, key ***"


def test_secrets_of_several_lines_and_in_json_are_taken_out() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END PRIVATE KEY-----"
    account = json.dumps({"type": "service_account", "private_key": key}, indent=1)
    quoted = 'pa"ss\\word1'
    redact = Redactor([account, quoted])
    told = [*account.splitlines(), *key.splitlines(), account, json.dumps({"key": account}), json.dumps({"k": quoted})]
    for line in map(redact, told):
        assert "MIIEvQ" not in line
        assert "kqhkiG" not in line
        assert "word1" not in line
    assert redact("{ nothing secret }") == "{ nothing secret }"
