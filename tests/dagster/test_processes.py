"""Two processes joined by a pipe: how they end, what is kept, and what is not said."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from singer_iterable.running.processes import PipeEnded, piped
from singer_iterable.running.redaction import Redactor

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
        [sys.executable, "-c", extractor, "s3cret"],
        [sys.executable, "-c", loader],
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


def test_both_are_ended_when_the_one_who_waits_for_them_is_interrupted(tmp_path: Path) -> None:
    def interrupt(_state: Mapping[str, Any]) -> None:
        raise KeyboardInterrupt

    pids: list[str] = []
    says = "import os, sys; print(os.getpid(), file=sys.stderr, flush=True);"
    tap, target = ([sys.executable, "-c", f"{says} {script}"] for script in (WAITS, f"exec({LOADS!r})"))
    with pytest.raises(KeyboardInterrupt):
        piped(tap, target, tmp_path, on_state=interrupt, redact=Redactor([]), tell=pids.append)
    assert len(pids) == 2
    assert not any(psutil.pid_exists(int(pid)) for pid in pids)


def test_secrets_are_taken_out_in_every_spelling() -> None:
    redact = Redactor(["postgresql://me:p%40ss-word@db/x", "0123456789abcdef", ""])
    told = "to postgresql://me:p%40ss-word@db/x, with p@ss-word or p%40ss-word, key 0123456789abcdef"
    assert redact(told) == "to ***, with *** or ***, key ***"
