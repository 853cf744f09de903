"""A run that is killed while it deletes BATCH files has lost nothing, and its input can be read again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.target.batches import batch, json_lines
from tests.target.conftest import Project
from tests.target.loading import STATE, Message, stream
from tests.target.test_command_line import COMMAND, settings

pytestmark = pytest.mark.more

KILLED = """
import os, signal
from target_iterable.batch_files.storage import Storage
from target_iterable.target import TargetIterable
delete, left = Storage.delete, [None] * {deletions}
def delete_some(storage, place):
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    left.pop()
    delete(storage, place)
Storage.delete = delete_some
TargetIterable.cli()
"""
"""The target, which ends without a word instead of deleting one more file."""
NAMES = ("a", "b", "c")


def run(command: list[str], messages: list[Message]) -> subprocess.CompletedProcess[str]:
    lines = "".join(json.dumps(message) + "\n" for message in messages)
    return subprocess.run(command, input=lines, capture_output=True, text=True, timeout=100, check=False)


@pytest.mark.parametrize("deletions", [0, 1, 2])
def test_what_a_killed_run_has_deleted_is_delivered_and_the_rest_can_be_read_again(
    project: Project, tmp_path: Path, deletions: int
) -> None:
    sandbox = project.sandbox
    files = [json_lines(tmp_path / f"{name}.jsonl", [{"email": f"{name}@example.com"}]) for name in NAMES]
    config = settings(
        tmp_path,
        api_key=sandbox.api_key,
        api_url=sandbox.url,
        enforce_rate_limits=False,
        batch_roots=[str(tmp_path)],
        delete_batch_files=True,
    )
    state = {"type": "STATE", "value": STATE}
    messages = [stream("users", [{"email": ""}])[0], batch("users", *files), state]
    ended = run([sys.executable, "-c", KILLED.format(deletions=deletions), "--config", config], messages)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert json.loads(ended.stdout) == STATE
    assert [file.exists() for file in files] == [number >= deletions for number in range(3)]
    assert all(project.holds.exists(f"{name}@example.com") for name in NAMES)

    again = run([COMMAND, "--config", config], messages)
    if deletions:
        assert again.returncode == 1
        assert f"'{files[0]}' is not there: never written, or deleted by an earlier run" in again.stderr
        assert "`delete_batch_files`" in again.stderr
        assert again.stdout == ""
        messages[1] = batch("users", *files[deletions:])
        again = run([COMMAND, "--config", config], messages)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout) == STATE
    assert not any(file.exists() for file in files)
